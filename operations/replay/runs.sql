-- name: find_unfinished_run
SELECT id, since, until, reason, ends, positions, published FROM replay_runs
 WHERE topic = :topic AND asked = :asked AND finished_at IS NULL;

-- name: begin_run$
INSERT INTO replay_runs (topic, asked, since, until, reason, started_by, ends, positions)
VALUES (:topic, :asked, :since, :until, :reason, :started_by, :ends, :positions)
RETURNING id;

-- name: lock_run
-- A session lock: PostgreSQL releases it with the connection, so that a killed replay does not keep its run locked.
SELECT pg_try_advisory_lock(:space::int, :run::int);

-- name: save_progress!
UPDATE replay_runs SET positions = :positions, published = :published WHERE id = :run;

-- name: finish_run!
UPDATE replay_runs SET finished_at = clock_timestamp() WHERE id = :run AND finished_at IS NULL;
