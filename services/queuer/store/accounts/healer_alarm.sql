-- name: open_alert!
-- As the healer opens its alerts: one at a time, and nothing is said anew while it is open.
INSERT INTO health_alerts (kind, evidence) VALUES (:kind, :evidence) ON CONFLICT (workspace_id, kind, about) WHERE closed_at IS NULL DO NOTHING;

-- name: untold^
-- Locked, so that two queuers tell one after the other, and the second finds it told.
SELECT id, evidence FROM health_alerts WHERE workspace_id IS NULL AND kind = :kind AND closed_at IS NULL AND NOT told FOR NO KEY UPDATE;

-- name: who_to_tell
SELECT id FROM workspaces WHERE is_active ORDER BY id;

-- name: told!
UPDATE health_alerts SET told = true WHERE id = :id;

-- name: take
SELECT id, attempts, workspace_id, kind, dedupe_key, about, subject, text, details, happened_at, medium, target, secret, enabled
  FROM take_alarms(:most::int, :lease::interval);
