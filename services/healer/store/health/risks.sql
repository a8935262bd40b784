-- name: count_findings$
-- Findings of corruption, each once, for the causes of the row they are about; how many were looked at. A finding is a chance as
-- well as a corruption: a row that came in around the triggers was never counted as sent.
WITH taken AS MATERIALIZED (
  UPDATE integrity_findings SET counted_at = clock_timestamp()
   WHERE id IN (SELECT id FROM integrity_findings WHERE counted_at IS NULL ORDER BY id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING kind, table_name, row_id, (found_at AT TIME ZONE 'UTC')::date AS day
), named AS MATERIALIZED (
  SELECT table_name, row_id::uuid AS id, day FROM taken
   WHERE kind = ANY(:kinds::text[]) AND table_name IN ('campaign_prospects', 'send_queue')
     AND row_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
), found AS (
  SELECT n.day, p.campaign_id, p.workspace_id, p.id AS prospect_id, NULL::uuid AS send_id
    FROM named n JOIN campaign_prospects p ON p.id = n.id WHERE n.table_name = 'campaign_prospects'
  UNION ALL
  SELECT n.day, s.campaign_id, s.workspace_id, s.prospect_id, s.id FROM named n JOIN send_queue s ON s.id = n.id WHERE n.table_name = 'send_queue'
), counted AS (
  INSERT INTO cause_days AS d (campaign_id, day, cause, value, workspace_id, exposed, corrupted)
  SELECT f.campaign_id, f.day, c.cause, c.value, f.workspace_id, count(*), count(*)
    FROM found f CROSS JOIN LATERAL causes_of(f.prospect_id, f.send_id) c
   GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
  ON CONFLICT (campaign_id, day, cause, value) DO UPDATE SET exposed = d.exposed + excluded.exposed, corrupted = d.corrupted + excluded.corrupted
)
SELECT count(*)::int FROM taken;

-- name: with_causes
-- Workspaces with anything to predict from.
SELECT w.id FROM workspaces w WHERE EXISTS (SELECT FROM cause_days d WHERE d.workspace_id = w.id AND d.day > (clock_timestamp() - :span::interval)::date) ORDER BY w.id;

-- name: days
SELECT campaign_id, day, cause, value, exposed, corrupted FROM cause_days
 WHERE workspace_id = :workspace_id AND day > (clock_timestamp() - :span::interval)::date;

-- name: names
SELECT id::text AS id, campaign_name AS name FROM campaigns WHERE id::text = ANY(:ids::text[])
UNION ALL SELECT id::text, name FROM accounts WHERE id::text = ANY(:ids::text[]);

-- name: keep_report!
INSERT INTO risk_reports (workspace_id, made_at, report) VALUES (:workspace_id, clock_timestamp(), :report)
ON CONFLICT (workspace_id) DO UPDATE SET made_at = excluded.made_at, report = excluded.report;

-- name: predicted!
UPDATE health_state SET predicted_at = clock_timestamp();

-- name: forget_days!
DELETE FROM cause_days WHERE day < (clock_timestamp() - :span::interval)::date;

-- name: forget_reports!
-- Of workspaces that have nothing to predict from any more.
DELETE FROM risk_reports WHERE made_at < clock_timestamp() - interval '1 day';

-- name: forget_versions!
DELETE FROM service_versions WHERE started_at < clock_timestamp() - :kept::interval;

-- name: reports
SELECT workspace_id, made_at, report FROM risk_reports WHERE :workspace_id::uuid IS NULL OR workspace_id = :workspace_id ORDER BY made_at DESC, workspace_id LIMIT :most;

-- name: alarming
SELECT workspace_id, report FROM risk_reports WHERE (report ->> 'alarming')::int > 0 ORDER BY workspace_id;
