-- name: under_way^
SELECT id, since, until, reason, ends, positions, published, started_at FROM replay_runs
 WHERE topic = :topic AND asked = :asked AND finished_at IS NULL;

-- name: begin$
INSERT INTO replay_runs (topic, asked, since, until, reason, started_by, ends, positions)
VALUES (:topic, :asked, :since, :until, :reason, :started_by, :ends, :positions)
RETURNING id;

-- name: take$
-- A session lock: it goes with the connection, so a replay that was killed gives its run up by itself.
SELECT pg_try_advisory_lock(:space::int, :run::int);

-- name: get_on!
UPDATE replay_runs SET positions = :positions, published = :published WHERE id = :run;

-- name: finish!
UPDATE replay_runs SET finished_at = clock_timestamp() WHERE id = :run AND finished_at IS NULL;

-- name: note!
INSERT INTO audit_log (actor, verb, object, object_id, details) VALUES (:actor, :verb, :object, :object_id, :details);
