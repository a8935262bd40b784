-- name: record
-- One open finding per kind, table and row. Evidence that is known already, open or closed, is the same event told again:
-- replaying the topic changes nothing.
INSERT INTO integrity_findings (workspace_id, kind, severity, table_name, row_id, evidence)
SELECT DISTINCT ON (r.kind, r.table_name, r.row_id) r.workspace_id, r.kind, r.severity, r.table_name, r.row_id, r.evidence
  FROM jsonb_to_recordset(:rows::jsonb) AS r(workspace_id uuid, kind text, severity text, table_name text, row_id text, evidence jsonb)
 WHERE NOT EXISTS (SELECT FROM integrity_findings f
                    WHERE f.kind = r.kind AND f.table_name = r.table_name AND f.row_id = r.row_id AND f.evidence = r.evidence)
ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed') DO NOTHING
RETURNING id, kind, table_name, row_id;

-- name: close!
UPDATE integrity_findings SET state = 'repaired', closed_at = clock_timestamp()
 WHERE kind = :kind AND table_name = :table_name AND row_id = ANY(:row_ids::text[]) AND state IN ('open', 'proposed');

-- name: open_by_severity
SELECT severity, count(*) AS many FROM integrity_findings WHERE state IN ('open', 'proposed') GROUP BY severity;
