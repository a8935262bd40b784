-- How many prospects say what cannot be. Reads the partial indexes and the maintained counts, never the whole table.
CREATE OR REPLACE VIEW prospect_data_integrity WITH (security_invoker = true) AS
  WITH found AS (
    SELECT (SELECT count(*) FROM campaign_prospects WHERE status = 'connection_request_sent' AND contacted_at IS NULL) AS corrupted_sent,
           (SELECT count(*) FROM campaign_prospects WHERE status = 'failed' AND contacted_at IS NOT NULL) AS corrupted_failed,
           (SELECT count(*) FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NOT NULL) AS corrupted_pending,
           (SELECT coalesce(sum(prospects_count), 0) FROM campaigns)
           + (SELECT coalesce(sum(delta), 0) FROM campaign_counter_deltas WHERE counter = 'prospects') AS total_prospects
  )
  SELECT corrupted_sent, corrupted_failed, corrupted_pending, total_prospects,
         CASE WHEN total_prospects = 0 THEN 0::numeric(5, 2) ELSE round(100.0 * corrupted_sent / total_prospects, 2) END AS corruption_percentage
    FROM found;
