-- name: errors
-- Of workspaces in which anything failed within the last two hours (technical time), found by the index of hours with failures:
-- what ended since then, and in the week before.
SELECT w.workspace_id, sum(h.sent) FILTER (WHERE h.hour >= w.since)::bigint AS sent, sum(h.failed) FILTER (WHERE h.hour >= w.since)::bigint AS failed,
       coalesce(sum(h.sent) FILTER (WHERE h.hour < w.since), 0)::bigint AS sent_before, coalesce(sum(h.failed) FILTER (WHERE h.hour < w.since), 0)::bigint AS failed_before
  FROM (SELECT DISTINCT q.workspace_id, date_trunc('hour', clock_timestamp()) - interval '1 hour' AS since
          FROM queue_hours q WHERE q.failed > 0 AND q.hour >= date_trunc('hour', clock_timestamp()) - interval '1 hour') w
  JOIN queue_hours h ON h.workspace_id = w.workspace_id AND h.hour >= w.since - interval '7 days'
 GROUP BY 1;

-- name: open_alerts
SELECT id, workspace_id, kind, about FROM health_alerts WHERE closed_at IS NULL ORDER BY id FOR NO KEY UPDATE;

-- name: open_alert^
-- One open alert of a kind for whatever it is about.
INSERT INTO health_alerts (workspace_id, kind, about, evidence) VALUES (:workspace_id, :kind, :about, :evidence)
ON CONFLICT (workspace_id, kind, about) WHERE closed_at IS NULL DO NOTHING
RETURNING id, workspace_id, kind, about, evidence;

-- name: seen!
-- The condition still holds; written at most once a minute, because no reader needs it more often.
UPDATE health_alerts SET seen_at = clock_timestamp() WHERE id = ANY(:ids::bigint[]) AND closed_at IS NULL AND seen_at < clock_timestamp() - interval '1 minute';

-- name: close_alerts
UPDATE health_alerts SET closed_at = clock_timestamp() WHERE id = ANY(:ids::bigint[]) AND closed_at IS NULL
RETURNING id, workspace_id, kind, about, evidence;

-- name: untold
-- Alerts whose begin or end was not announced yet.
SELECT id, workspace_id, kind, about, evidence, opened_at, closed_at, told FROM health_alerts
 WHERE NOT told OR (closed_at IS NOT NULL AND NOT over_told) ORDER BY id LIMIT :most;

-- name: who_to_tell
-- The workspace it is of, or every active one.
SELECT w.id FROM workspaces w WHERE w.is_active AND (:workspace_id::uuid IS NULL OR w.id = :workspace_id) ORDER BY w.id;

-- name: told!
-- As it was when it was told: one that ended meanwhile is told again, as over.
UPDATE health_alerts SET told = true, over_told = (id = ANY(:over::bigint[])) WHERE id = ANY(:ids::bigint[]);
