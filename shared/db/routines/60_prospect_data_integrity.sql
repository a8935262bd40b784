-- How many prospects say what cannot be. Reads the partial indexes and the maintained counts, no table in full: the one row of
-- prospect_totals that is of all (or, for a tenant, of its workspace), and what the counters' job has not folded yet.
CREATE OR REPLACE VIEW prospect_data_integrity WITH (security_invoker = true) AS
  WITH found AS (
    SELECT (SELECT count(*) FROM campaign_prospects WHERE status = 'connection_request_sent' AND contacted_at IS NULL) AS corrupted_sent,
           (SELECT count(*) FROM campaign_prospects WHERE status = 'failed' AND contacted_at IS NOT NULL) AS corrupted_failed,
           (SELECT count(*) FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NOT NULL) AS corrupted_pending,
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
    SELECT workspace_id, count(*) AS sent, 0 AS failed, 0 AS pending, 0 AS total
      FROM campaign_prospects WHERE status = 'connection_request_sent' AND contacted_at IS NULL GROUP BY workspace_id
    UNION ALL
    SELECT workspace_id, 0, count(*), 0, 0 FROM campaign_prospects WHERE status = 'failed' AND contacted_at IS NOT NULL GROUP BY workspace_id
    UNION ALL
    SELECT workspace_id, 0, 0, count(*), 0 FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NOT NULL GROUP BY workspace_id
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
