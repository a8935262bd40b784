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
)
SELECT coalesce(sum(deltas), 0)::int AS folded FROM sums;
