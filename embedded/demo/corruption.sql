-- name: disable_triggers!
SET LOCAL session_replication_role = replica;

-- name: choose_prospects
-- Active prospects: invited and waiting, or planned and not yet invited, without an open attempt.
SELECT p.id, p.status::text AS was, s.id AS send_id
  FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id AND s.step_position = 1
 WHERE ((p.status = 'connection_request_sent' AND p.contacted_at IS NOT NULL AND s.status = 'sent') OR (p.status = 'pending' AND s.status = 'pending'))
   AND NOT EXISTS (SELECT FROM send_queue q JOIN send_attempts a ON a.send_id = q.id WHERE q.prospect_id = p.id AND is_undecided(a.state))
 ORDER BY p.status DESC, s.scheduled_for DESC, p.id LIMIT :most FOR NO KEY UPDATE OF s, p SKIP LOCKED;

-- name: mark_as_sent!
-- Marked as sent without a contact: for some of them an invitation has left, for the others none has.
UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = NULL WHERE id = ANY(:ids::uuid[]);

-- name: mark_sends_as_sent!
UPDATE send_queue SET status = 'sent' WHERE id = ANY(:sends::uuid[]);

-- name: count_corrupted$
SELECT count(*)::int FROM campaign_prospects WHERE id = ANY(:ids::uuid[]) AND status = 'connection_request_sent' AND contacted_at IS NULL;
