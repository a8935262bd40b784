-- Prospects in a state that cannot be, each with the rule that it breaks. The one place of these conditions, beside the partial indexes
-- that hold exactly these rows (campaign_prospects_corrupted_...): a query reads those indexes alone, which
-- tests/integration/healer/test_a_look_costs_what_is_wrong.py holds.
CREATE OR REPLACE VIEW corrupted_prospects WITH (security_invoker = true) AS
  SELECT id, workspace_id, campaign_id, updated_at, 'corrupted_sent'::text AS kind FROM campaign_prospects WHERE status = 'connection_request_sent' AND contacted_at IS NULL
  UNION ALL
  SELECT id, workspace_id, campaign_id, updated_at, 'corrupted_failed' FROM campaign_prospects WHERE status = 'failed' AND contacted_at IS NOT NULL
  UNION ALL
  SELECT id, workspace_id, campaign_id, updated_at, 'corrupted_pending' FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NOT NULL;

-- The same of rows in hand: the rule that one breaks, NULL: none. tests/integration/shared/db/test_corrupted_words.py holds the two together.
CREATE OR REPLACE FUNCTION corruption_of(status prospect_status, contacted_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN status = 'connection_request_sent' AND contacted_at IS NULL THEN 'corrupted_sent'
              WHEN status = 'failed' AND contacted_at IS NOT NULL THEN 'corrupted_failed'
              WHEN status = 'pending' AND contacted_at IS NOT NULL THEN 'corrupted_pending' END
$$;

-- Those of them that are no person's to decide: not proposed, nor refused or undone while the row stays as it was. A view and no
-- function, so that the planner joins the findings once instead of asking for each row.
CREATE OR REPLACE VIEW corrupted_to_repair WITH (security_invoker = true) AS
  SELECT c.id, c.workspace_id, c.campaign_id, c.updated_at, c.kind
    FROM corrupted_prospects c
   WHERE NOT EXISTS (SELECT FROM integrity_findings f
                      WHERE f.table_name = 'campaign_prospects' AND f.row_id = c.id::text AND f.kind IN ('corrupted_sent', 'corrupted_failed', 'corrupted_pending')
                        AND ((f.state IN ('open', 'proposed') AND f.why IS NOT NULL) OR (f.state IN ('undone', 'refused') AND f.closed_at >= c.updated_at)));

-- How many prospects say what cannot be. Reads the partial indexes and the maintained counts, no table in full: the one row of
-- prospect_totals that is of all (or, for a tenant, of its workspace), and what the counters' job has not folded yet.
CREATE OR REPLACE VIEW prospect_data_integrity WITH (security_invoker = true) AS
  WITH found AS (
    SELECT (SELECT count(*) FROM corrupted_prospects WHERE kind = 'corrupted_sent') AS corrupted_sent,
           (SELECT count(*) FROM corrupted_prospects WHERE kind = 'corrupted_failed') AS corrupted_failed,
           (SELECT count(*) FROM corrupted_prospects WHERE kind = 'corrupted_pending') AS corrupted_pending,
           (SELECT greatest(0, coalesce((SELECT total FROM prospect_totals
                             WHERE workspace_id = coalesce(nullif(current_setting('tact.workspace', true), ''), '00000000-0000-0000-0000-000000000000')::uuid), 0)
                   + (SELECT coalesce(sum(delta), 0) FROM campaign_counter_deltas WHERE counter = 'prospects'))) AS total_prospects
  )
  SELECT corrupted_sent, corrupted_failed, corrupted_pending, total_prospects,
         CASE WHEN total_prospects = 0 THEN 0::numeric(5, 2) ELSE round(100.0 * corrupted_sent / total_prospects, 2) END AS corruption_percentage
    FROM found;

-- The same by workspace; one that has no prospects has no row.
CREATE OR REPLACE VIEW prospect_data_integrity_by_workspace WITH (security_invoker = true) AS
  WITH parts AS (
    SELECT workspace_id, count(*) FILTER (WHERE kind = 'corrupted_sent') AS sent, count(*) FILTER (WHERE kind = 'corrupted_failed') AS failed,
           count(*) FILTER (WHERE kind = 'corrupted_pending') AS pending, 0 AS total
      FROM corrupted_prospects GROUP BY workspace_id
    UNION ALL
    SELECT workspace_id, 0, 0, 0, total FROM prospect_totals WHERE workspace_id <> '00000000-0000-0000-0000-000000000000'
    UNION ALL
    SELECT c.workspace_id, 0, 0, 0, d.delta FROM campaign_counter_deltas d JOIN campaigns c ON c.id = d.campaign_id WHERE d.counter = 'prospects'
  ), found AS (
    SELECT workspace_id, sum(sent)::bigint AS corrupted_sent, sum(failed)::bigint AS corrupted_failed, sum(pending)::bigint AS corrupted_pending,
           greatest(0, sum(total))::bigint AS total_prospects
      FROM parts GROUP BY workspace_id
  )
  SELECT workspace_id, corrupted_sent, corrupted_failed, corrupted_pending, total_prospects,
         CASE WHEN total_prospects = 0 THEN 0::numeric(5, 2) ELSE round(100.0 * corrupted_sent / total_prospects, 2) END AS corruption_percentage
    FROM found;
