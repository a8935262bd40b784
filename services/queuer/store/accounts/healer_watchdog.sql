-- name: last_beat^
-- Of any healer there ever was; technical time. NULL: none has ever been here.
SELECT extract(epoch FROM clock_timestamp() - max(beaten_at))::float8 AS silent_s, max(beaten_at) AS last_beat FROM heartbeats WHERE service = 'healer';

-- name: open_finding$
INSERT INTO integrity_findings (kind, severity, table_name, row_id, evidence, why, occurred_at)
SELECT 'healer_silent', 'critical', 'heartbeats', 'healer', :evidence::jsonb,
       'No healer sends heartbeats: wrong rows are neither found nor repaired, and attempts with an unknown outcome wait. Start the healer.', :last_beat::timestamptz
ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed') DO NOTHING
RETURNING id;

-- name: close_finding$
UPDATE integrity_findings SET state = 'gone', closed_at = clock_timestamp() WHERE kind = 'healer_silent' AND table_name = 'heartbeats' AND state IN ('open', 'proposed')
RETURNING id;

-- name: open_alert!
-- As the healer opens its alerts: one at a time, and nothing is said anew while it is open.
INSERT INTO health_alerts (kind, evidence) VALUES (:kind, :evidence) ON CONFLICT (workspace_id, kind, about) WHERE closed_at IS NULL DO NOTHING;

-- name: untold^
-- Locked, so that two queuers tell one after the other, and the second finds it told.
SELECT id, evidence FROM health_alerts WHERE workspace_id IS NULL AND kind = :kind AND closed_at IS NULL AND NOT told FOR NO KEY UPDATE;

-- name: active_workspaces
SELECT id FROM workspaces WHERE is_active ORDER BY id;

-- name: mark_notified!
UPDATE health_alerts SET told = true WHERE id = :id;

-- name: claim_deliveries
SELECT id, attempts, workspace_id, kind, dedupe_key, about, subject, text, details, happened_at, medium, target, secret, enabled
  FROM take_alarms(:most::int, :lease::interval);
