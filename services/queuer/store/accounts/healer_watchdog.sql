-- name: last_beat^
-- Of any healer there ever was; technical time. NULL: none has ever been here.
SELECT extract(epoch FROM clock_timestamp() - max(beaten_at))::float8 AS silent_s, max(beaten_at) AS last_beat FROM heartbeats WHERE service = 'healer';

-- name: open_finding$
INSERT INTO integrity_findings (kind, severity, table_name, row_id, evidence, why, occurred_at)
SELECT 'healer_silent', 'critical', 'heartbeats', 'healer', jsonb_build_object('last_beat', :last_beat::timestamptz),
       'No healer has said that it lives: nothing wrong is found or mended, and attempts whose end nobody saw wait. Start it.', :last_beat::timestamptz
ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed') DO NOTHING
RETURNING id;

-- name: close_finding$
UPDATE integrity_findings SET state = 'gone', closed_at = clock_timestamp() WHERE kind = 'healer_silent' AND table_name = 'heartbeats' AND state IN ('open', 'proposed')
RETURNING id;
