-- What the measuring job writes. Its leader holds an advisory lock, so counts are folded by one process at a time.

-- name: lead$
SELECT pg_try_advisory_xact_lock(:lock);

-- name: state^
SELECT measured_at, recounted_at, predicted_at, clock_timestamp() AS now, extract(epoch FROM clock_timestamp() - measured_at)::float8 AS age FROM health_state;

-- name: open_by_kind
SELECT kind, count(*)::int AS many FROM integrity_findings WHERE state IN ('open', 'proposed') GROUP BY kind;

-- name: measured!
UPDATE health_state SET measured_at = clock_timestamp();

-- name: recounted!
UPDATE health_state SET recounted_at = clock_timestamp();

-- name: take_repairs
-- Each line of history once, those that undo another left out. Repairs of the kinds in :since_wrong are timed from the corruption: the
-- moment the row tells, or the last look that saw nothing wrong; a walk over everything that ended since would have found it too. All
-- others are timed from the finding, for it says itself how long it may take until they are found. What waited for a person is not timed.
WITH taken AS MATERIALIZED (
  SELECT h.id FROM integrity_history h WHERE h.measured_at IS NULL ORDER BY h.id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
), marked AS (
  UPDATE integrity_history h SET measured_at = clock_timestamp() FROM taken t WHERE h.id = t.id
  RETURNING h.id, h.finding_id, h.kind, h.done_at, h.workspace_id, h.occurred_at, h.undoes
)
SELECT m.kind, m.workspace_id,
       CASE WHEN f.why IS NOT NULL THEN NULL
            WHEN m.kind = ANY(:since_wrong::text[]) THEN m.done_at - greatest(coalesce(m.occurred_at, f.found_at), walked.started_at)
            ELSE m.done_at - coalesce(f.found_at, m.occurred_at) END AS took,
       (m.done_at AT TIME ZONE 'UTC')::date AS day, w.repair_objective
  FROM marked m
  LEFT JOIN integrity_findings f ON f.id = m.finding_id
  LEFT JOIN workspaces w ON w.id = m.workspace_id
  LEFT JOIN LATERAL (SELECT r.started_at FROM reconcile_runs r WHERE r.finished_at < m.done_at ORDER BY r.id DESC LIMIT 1) walked
    ON coalesce(m.occurred_at, f.found_at) IS NOT NULL
 WHERE m.undoes IS NULL
 ORDER BY m.id;

-- name: add_repair_times!
INSERT INTO repair_times AS t (workspace_id, day, kind, bucket, repaired, within, seconds)
SELECT r.workspace_id, r.day, r.kind, r.bucket, r.repaired, r.within, r.seconds
  FROM jsonb_to_recordset(:rows::jsonb) AS r(workspace_id uuid, day date, kind text, bucket int, repaired bigint, within bigint, seconds float8)
ON CONFLICT (workspace_id, day, kind, bucket) DO UPDATE
   SET repaired = t.repaired + excluded.repaired, within = t.within + excluded.within, seconds = t.seconds + excluded.seconds;

-- name: take_runs
-- Runs of the clean-up that ended and were not counted in the metrics.
UPDATE cleanup_runs SET measured_at = clock_timestamp()
 WHERE id IN (SELECT id FROM cleanup_runs WHERE finished_at IS NOT NULL AND measured_at IS NULL ORDER BY id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, fixed_count, error;

-- name: keep_scores!
-- A row where the score or its parts changed since the last one, and one for every :at_least otherwise.
INSERT INTO health_history (workspace_id, measured_at, score, status, figures)
SELECT r.workspace_id, clock_timestamp(), r.score, r.status, r.figures
  FROM jsonb_to_recordset(:rows::jsonb) AS r(workspace_id uuid, score numeric(5, 2), status text, figures jsonb)
 WHERE r.workspace_id IS NOT NULL
   AND NOT EXISTS (
     SELECT FROM (SELECT h.score, h.measured_at FROM health_history h WHERE h.workspace_id = r.workspace_id ORDER BY h.measured_at DESC LIMIT 1) l
      WHERE l.score = r.score AND l.measured_at > clock_timestamp() - :at_least::interval);

-- name: keep_score_of_stack!
INSERT INTO health_history (measured_at, score, status, figures)
SELECT clock_timestamp(), :score::numeric(5, 2), :status, :figures
 WHERE NOT EXISTS (
   SELECT FROM (SELECT h.score, h.measured_at FROM health_history h WHERE h.workspace_id IS NULL ORDER BY h.measured_at DESC LIMIT 1) l
    WHERE l.score = :score::numeric(5, 2) AND l.measured_at > clock_timestamp() - :at_least::interval);

-- name: forget_scores
DELETE FROM health_history WHERE id IN (
  SELECT id FROM health_history WHERE measured_at < clock_timestamp() - :kept::interval ORDER BY measured_at LIMIT :most) RETURNING id;

-- name: forget_hours!
DELETE FROM queue_hours WHERE hour < clock_timestamp() - :kept::interval;

-- name: forget_times!
DELETE FROM repair_times WHERE day < (clock_timestamp() - :kept::interval)::date;
