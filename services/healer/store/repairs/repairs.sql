-- name: record
-- One open finding per kind, table and row. What a person has refused, undone or not yet decided stays theirs as long as the evidence
-- is the same; so does what was told before. Found anew with other evidence it is a new one.
INSERT INTO integrity_findings AS f (workspace_id, campaign_id, kind, severity, table_name, row_id, evidence, state, repair, changes, why, occurred_at)
SELECT DISTINCT ON (r.kind, r.table_name, r.row_id) r.workspace_id, r.campaign_id, r.kind, r.severity, r.table_name, r.row_id, r.evidence, r.state, r.repair, r.changes,
       r.why, r.occurred_at
  FROM jsonb_to_recordset(:rows::jsonb) AS r(workspace_id uuid, campaign_id uuid, kind text, severity text, table_name text, row_id text, evidence jsonb,
                                             state text, repair text, changes jsonb, why text, occurred_at timestamptz)
 WHERE NOT EXISTS (SELECT FROM integrity_findings k WHERE k.kind = r.kind AND k.table_name = r.table_name AND k.row_id = r.row_id
                      AND ((k.state IN ('refused', 'undone') AND k.evidence - 'as_of' = r.evidence - 'as_of')
                           OR (k.state IN ('open', 'proposed') AND k.evidence = r.evidence AND k.changes = r.changes)))
ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed')
DO UPDATE SET evidence = excluded.evidence, changes = excluded.changes, why = excluded.why, repair = excluded.repair, severity = excluded.severity,
              state = excluded.state, campaign_id = excluded.campaign_id, occurred_at = coalesce(f.occurred_at, excluded.occurred_at)
        WHERE f.evidence - 'as_of' <> excluded.evidence - 'as_of' OR f.changes <> excluded.changes OR f.why IS NULL
RETURNING f.id, f.workspace_id, f.kind, f.severity, f.table_name, f.row_id, f.evidence, (f.xmax = 0) AS new;

-- name: mending_themselves
-- Those of these rows whose repair needs no decision; one that was mended three times within the hour waits for a person.
SELECT f.id, (SELECT count(*) FROM integrity_history h WHERE h.table_name = f.table_name AND h.row_id = f.row_id AND h.kind = f.kind AND h.undoes IS NULL
                 AND h.done_at > clock_timestamp() - interval '1 hour') AS times
  FROM integrity_findings f
  JOIN jsonb_to_recordset(:rows::jsonb) AS r(kind text, table_name text, row_id text) ON f.kind = r.kind AND f.table_name = r.table_name AND f.row_id = r.row_id
 WHERE f.state = 'open' AND f.why IS NULL AND f.changes <> '[]'
 ORDER BY f.id;

-- name: hand_to_person!
UPDATE integrity_findings SET state = 'proposed', why = :why WHERE id = ANY(:ids::bigint[]) AND state = 'open';

-- name: lock_healing!
SELECT pg_advisory_xact_lock(7204, 2);

-- name: apply
SELECT finding_id, answer FROM apply_repairs(:ids::bigint[], :actor);

-- name: apply_one$
SELECT apply_repair(:id::bigint, :actor::text);

-- name: undo_one$
SELECT apply_repair(:id::bigint, :actor::text, NULL, true);

-- name: close_others
-- Open findings of these kinds and rows that are not detected any more: they were repaired otherwise.
UPDATE integrity_findings f SET state = 'gone', closed_at = clock_timestamp()
 WHERE f.kind = ANY(:kinds::text[]) AND f.row_id = ANY(:looked_at::text[]) AND f.state IN ('open', 'proposed')
   AND NOT EXISTS (SELECT FROM unnest(:kinds_found::text[], :rows_found::text[]) AS n(kind, row_id) WHERE n.kind = f.kind AND n.row_id = f.row_id)
RETURNING f.id;

-- name: close_gone
-- The same for a kind that was looked through as a whole.
UPDATE integrity_findings f SET state = 'gone', closed_at = clock_timestamp()
 WHERE f.kind = :kind AND f.state IN ('open', 'proposed') AND (f.table_name || ' ' || f.row_id) <> ALL(:found::text[])
RETURNING f.id;

-- name: refuse^
UPDATE integrity_findings SET state = 'refused', closed_at = clock_timestamp(), decided_by = :actor, decided_at = clock_timestamp()
 WHERE id = :id::bigint AND state IN ('open', 'proposed')
RETURNING workspace_id, kind, row_id;

-- name: one_finding^
SELECT id, workspace_id, campaign_id, kind, severity, table_name, row_id, evidence, state, repair, changes, why, found_at, occurred_at, closed_at, decided_by
  FROM integrity_findings WHERE id = :id::bigint;

-- name: findings
-- Newest first; a page goes on below `before`.
SELECT id, workspace_id, campaign_id, kind, severity, table_name, row_id, evidence, state, repair, changes, why, found_at, occurred_at, closed_at, decided_by
  FROM integrity_findings
 WHERE (:before::bigint IS NULL OR id < :before::bigint) AND (:states::text[] IS NULL OR state = ANY(:states::text[]))
   AND (:kind::text IS NULL OR kind = :kind::text) AND (:campaign_id::uuid IS NULL OR campaign_id = :campaign_id::uuid)
   AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id::uuid)
 ORDER BY id DESC LIMIT :most;
