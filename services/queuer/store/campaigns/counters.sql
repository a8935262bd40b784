-- name: fold$
-- Take deltas, add them up, and change each campaign once, in id order; concurrent increments of one row deadlocked.
WITH taken AS (
  DELETE FROM campaign_counter_deltas
   WHERE id IN (SELECT id FROM campaign_counter_deltas ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
  RETURNING campaign_id, counter, delta
), sums AS (
  SELECT campaign_id,
         coalesce(sum(delta) FILTER (WHERE counter = 'prospects'), 0)::int AS prospects,
         coalesce(sum(delta) FILTER (WHERE counter = 'active_leads'), 0)::int AS active_leads,
         coalesce(sum(delta) FILTER (WHERE counter = 'completed_leads'), 0)::int AS completed_leads,
         coalesce(sum(delta) FILTER (WHERE counter = 'opted_out'), 0)::int AS opted_out,
         coalesce(sum(delta) FILTER (WHERE counter = 'booked'), 0)::int AS booked,
         coalesce(sum(delta) FILTER (WHERE counter = 'emails_scheduled'), 0)::int AS emails_scheduled,
         coalesce(sum(delta) FILTER (WHERE counter = 'emails_sent'), 0)::int AS emails_sent,
         count(*)::int AS deltas
    FROM taken GROUP BY campaign_id
), locked AS MATERIALIZED (
  SELECT id FROM campaigns WHERE id IN (SELECT campaign_id FROM sums) ORDER BY id FOR NO KEY UPDATE
), folded AS (
  UPDATE campaigns c
     SET prospects_count = c.prospects_count + s.prospects, active_leads_count = c.active_leads_count + s.active_leads,
         completed_leads_count = c.completed_leads_count + s.completed_leads, opted_out_count = c.opted_out_count + s.opted_out,
         booked_count = c.booked_count + s.booked, emails_scheduled_count = c.emails_scheduled_count + s.emails_scheduled,
         emails_sent_count = c.emails_sent_count + s.emails_sent
    FROM locked l JOIN sums s ON s.campaign_id = l.id
   WHERE c.id = l.id
), counted AS (
  -- The totals that prospect_data_integrity reads. After the campaigns and in order of id, so that two folds never wait crosswise.
  INSERT INTO prospect_totals AS t (workspace_id, total)
  SELECT w.workspace_id, w.total
    FROM (SELECT c.workspace_id, sum(s.prospects) AS total FROM sums s JOIN campaigns c ON c.id = s.campaign_id GROUP BY c.workspace_id
          UNION ALL SELECT '00000000-0000-0000-0000-000000000000', sum(s.prospects) FROM sums s) w
   WHERE w.total <> 0
   ORDER BY w.workspace_id
  ON CONFLICT (workspace_id) DO UPDATE SET total = t.total + excluded.total
)
SELECT coalesce(sum(deltas), 0)::int AS folded FROM sums;
