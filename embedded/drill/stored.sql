-- Ten ways to get a row wrong, each as a restore, a bulk load or an old client does it: with the triggers off. Every statement takes the
-- first `most` rows that are as they should be, and returns what it touched.

-- name: rest_of_the_table!
-- People of a campaign that does not run, so that what is wrong stands among many: the indexes are told, the triggers are not.
INSERT INTO campaigns (id, workspace_id, campaign_name, campaign_type, status, prospects_count, active_leads_count)
SELECT md5('stored campaign')::uuid, id, 'Stored', 'connector', 'paused', :stored, :stored FROM workspaces ORDER BY id LIMIT 1;

-- name: rest_of_the_leads!
INSERT INTO leads (id, workspace_id, identity, campaign_id)
SELECT md5('stored lead ' || n)::uuid, c.workspace_id, 'in:stored-' || n, c.id
  FROM generate_series(:first::int, :last::int) n, campaigns c WHERE c.campaign_name = 'Stored';

-- name: rest_of_the_prospects!
INSERT INTO campaign_prospects (id, workspace_id, campaign_id, lead_id, status)
SELECT md5('stored prospect ' || n)::uuid, c.workspace_id, c.id, md5('stored lead ' || n)::uuid, 'pending'
  FROM generate_series(:first::int, :last::int) n, campaigns c WHERE c.campaign_name = 'Stored';

-- name: rest_is_counted!
UPDATE prospect_totals SET total = total + :stored WHERE workspace_id = '00000000-0000-0000-0000-000000000000'
   OR workspace_id = (SELECT workspace_id FROM campaigns WHERE campaign_name = 'Stored');

-- name: ready^
-- Whom there is to corrupt: invited by us and waiting, connected, waiting for their invitation, waiting for their first message.
SELECT (SELECT count(*) FROM campaign_prospects WHERE status = 'connection_request_sent')::int AS invited,
       (SELECT count(*) FROM campaign_prospects WHERE status IN ('connected', 'messaging'))::int AS connected,
       (SELECT count(*) FROM send_queue s JOIN campaign_prospects p ON p.id = s.prospect_id
         WHERE s.status = 'pending' AND is_unstarted(p.status) AND p.account_id IS NOT NULL)::int AS planned,
       (SELECT count(*) FROM send_queue s WHERE s.status = 'pending' AND s.action = 'message')::int AS writing;

-- name: around_the_triggers!
SET LOCAL session_replication_role = replica;

-- name: fresh
-- Waiting for their invitation, and none of their sends dispatched; locked, so that no sender is about to send while they are corrupted.
SELECT p.id, s.id AS send_id, s.account_id
  FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id AND s.status = 'pending' AND s.step_position = 1
 WHERE p.status = 'pending' AND p.contacted_at IS NULL
   AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup')
 ORDER BY s.scheduled_for DESC, p.id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED;

-- name: invited
SELECT p.id, s.id AS send_id, s.account_id
  FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id AND s.step_position = 1 AND s.status = 'sent'
 WHERE p.status = 'connection_request_sent' AND p.contacted_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM send_attempts a JOIN send_queue q ON q.id = a.send_id WHERE q.prospect_id = p.id AND a.action <> 'profile_lookup' AND is_undecided(a.state))
 ORDER BY p.contacted_at, p.id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED;

-- name: connected
SELECT p.id, s.id AS send_id, s.account_id
  FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id AND s.step_position = 2 AND s.status = 'pending'
 WHERE p.status = 'connected' AND p.contacted_at IS NOT NULL AND s.scheduled_for > business_now() + interval '2 minutes'
   AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup')
 ORDER BY s.scheduled_for DESC, p.id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED;

-- name: mark_sent!
UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = ANY(:ids::uuid[]);

-- name: say_sent!
UPDATE send_queue SET status = 'sent', sent_at = business_now() WHERE id = ANY(:sends::uuid[]);

-- name: lose_contact!
UPDATE campaign_prospects SET contacted_at = NULL WHERE id = ANY(:ids::uuid[]);

-- name: fail!
UPDATE campaign_prospects SET status = 'failed' WHERE id = ANY(:ids::uuid[]);

-- name: back_to_pending!
UPDATE campaign_prospects SET status = 'pending' WHERE id = ANY(:ids::uuid[]);

-- name: invent_contact!
UPDATE campaign_prospects SET contacted_at = business_now() WHERE id = ANY(:ids::uuid[]);

-- name: leave_in_hand!
UPDATE send_queue SET status = 'dispatched', updated_at = clock_timestamp() - interval '20 minutes' WHERE id = ANY(:sends::uuid[]);

-- name: reply!
UPDATE campaign_prospects SET status = 'not_interested' WHERE id = ANY(:ids::uuid[]);

-- name: lose_acceptance!
UPDATE campaign_prospects SET status = 'connection_request_sent', connected_at = NULL WHERE id = ANY(:ids::uuid[]);

-- name: miscount
UPDATE campaigns SET prospects_count = prospects_count + 3, active_leads_count = active_leads_count - 2
 WHERE id IN (SELECT id FROM campaigns WHERE status = 'running' ORDER BY id LIMIT :most) RETURNING id;

-- name: look
-- The rows as they are; what they should be is the judge's to say.
SELECT p.id, p.status::text AS status, p.contacted_at, p.connected_at, s.id AS send_id, s.status::text AS send_status, l.linkedin_id, l.linkedin_vanity,
       (SELECT min(f.state) FROM integrity_findings f WHERE f.state = 'proposed' AND (f.table_name, f.row_id) IN (('campaign_prospects', p.id::text), ('send_queue', s.id::text))) AS proposed
  FROM campaign_prospects p JOIN send_queue s ON s.id = ANY(:sends::uuid[]) AND s.prospect_id = p.id JOIN leads l ON l.id = p.lead_id
 WHERE p.id = ANY(:ids::uuid[]);

-- name: look_at_counts
SELECT c.id, c.prospects_count + coalesce(sum(d.delta) FILTER (WHERE d.counter = 'prospects'), 0)::int AS said,
       (SELECT count(*) FROM campaign_prospects p WHERE p.campaign_id = c.id)::int AS really,
       c.active_leads_count + coalesce(sum(d.delta) FILTER (WHERE d.counter = 'active_leads'), 0)::int AS said_active,
       (SELECT count(*) FROM campaign_prospects p WHERE p.campaign_id = c.id
           AND is_active(p.status))::int AS really_active
  FROM campaigns c LEFT JOIN campaign_counter_deltas d ON d.campaign_id = c.id
 WHERE c.id = ANY(:ids::uuid[]) GROUP BY c.id;

-- name: view^
SELECT corrupted_sent, corrupted_failed, corrupted_pending, total_prospects, corruption_percentage::float8 AS corruption_percentage FROM prospect_data_integrity;
