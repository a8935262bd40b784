-- name: accept$
-- Compare-and-set: an acceptance seen by the poller or a late answer of the sender may have settled it meanwhile.
UPDATE send_attempts
   SET state = 'accepted', provider_ref = coalesce(provider_ref, :provider_ref::text), chat_id = coalesce(chat_id, :chat_id::text),
       answered_at = :at::timestamptz, looks = looks + 1, look_after = NULL,
       evidence = (CASE jsonb_typeof(evidence) WHEN 'array' THEN evidence ELSE '[]' END) || jsonb_build_array(:look::jsonb)
 WHERE id = :attempt_id::bigint AND state = 'unknown'
RETURNING id;

-- name: mark_sent!
UPDATE send_queue SET status = 'sent', sent_at = :at::timestamptz, error_message = NULL WHERE id = :send_id::uuid AND status = 'sending';

-- name: contacted^
-- Only from the statuses the step may come from; a prospect who replied or opted out in between keeps that status and was contacted all the same.
UPDATE campaign_prospects p
   SET status = CASE WHEN :action::action = 'invitation' AND :connected::boolean AND p.status IN ('pending', 'approved', 'connection_request_sent')
                       THEN 'connected'
                     WHEN :action::action = 'invitation' AND is_unstarted(p.status) THEN 'connection_request_sent'
                     WHEN :action::action <> 'invitation' AND p.status IN ('pending', 'approved', 'connected') THEN 'messaging'
                     ELSE p.status END::prospect_status,
       contacted_at = coalesce(p.contacted_at, :at::timestamptz),
       connected_at = CASE WHEN :connected::boolean THEN coalesce(p.connected_at, :now::timestamptz) ELSE p.connected_at END,
       last_follow_up_at = CASE WHEN :action::action = 'invitation' THEN p.last_follow_up_at ELSE :at::timestamptz END
 WHERE p.id = :prospect_id::uuid
RETURNING p.status;

-- name: store_message!
INSERT INTO campaign_messages (workspace_id, account_id, lead_id, campaign_id, prospect_id, send_id, attempt_id, direction, message_type,
                               provider_message_id, chat_id, text, said_at)
SELECT a.workspace_id, a.account_id, a.lead_id, a.campaign_id, a.prospect_id, a.send_id, a.id, 'out', s.message_type, a.provider_ref, a.chat_id,
       s.message, a.answered_at
  FROM send_attempts a JOIN send_queue s ON s.id = a.send_id
 WHERE a.id = :attempt_id::bigint
ON CONFLICT DO NOTHING;

-- name: know_recipient!
UPDATE recipients SET connected_at = CASE WHEN :connected::boolean THEN coalesce(connected_at, :now::timestamptz) ELSE connected_at END,
                      chat_id = coalesce(:chat_id::text, chat_id)
 WHERE account_id = :account_id::uuid AND lead_id = :lead_id::uuid;

-- name: deny$
UPDATE send_attempts
   SET state = 'not_happened', given_back = true, looks = looks + 1, look_after = NULL,
       evidence = (CASE jsonb_typeof(evidence) WHEN 'array' THEN evidence ELSE '[]' END) || jsonb_build_array(:look::jsonb)
 WHERE id = :attempt_id::bigint AND state = 'unknown'
RETURNING id;

-- name: give_back!
-- To the day it was taken from, whatever day it is now.
UPDATE account_usage u SET used = u.used - 1
  FROM send_attempts a
 WHERE a.id = :attempt_id::bigint AND u.account_id = a.account_id AND u.local_date = a.counted_on AND u.action = a.action AND u.used > 0;

-- name: send_again!
UPDATE send_queue SET status = 'pending', scheduled_for = :now::timestamptz, held_for = NULL, error_message = NULL
 WHERE id = :send_id::uuid AND status = 'sending';

-- name: keep_looking!
UPDATE send_attempts
   SET looks = looks + 1, look_after = :look_after::timestamptz, needs_person = :needs_person::boolean,
       evidence = (CASE jsonb_typeof(evidence) WHEN 'array' THEN evidence ELSE '[]' END) || jsonb_build_array(:look::jsonb)
 WHERE id = :attempt_id::bigint AND state = 'unknown';

-- name: keep_part!
-- Half a look: kept, and not counted before its other half is there.
UPDATE send_attempts
   SET look_after = :look_after::timestamptz,
       evidence = (CASE jsonb_typeof(evidence) WHEN 'array' THEN evidence ELSE '[]' END) || jsonb_build_array(:part::jsonb)
 WHERE id = :attempt_id::bigint AND state = 'unknown';

-- name: postpone!
-- The provider could not be read: no look at all, so none is counted.
UPDATE send_attempts SET look_after = greatest(look_after, :look_after::timestamptz)
 WHERE id = ANY(:attempt_ids::bigint[]) AND state = 'unknown';

-- name: any_overdue$
SELECT EXISTS (SELECT FROM send_attempts WHERE state = 'unknown' AND NOT needs_person AND decided_at < :decided_before::timestamptz);

-- name: hand_over
-- Unknown for so long that a person decides. By the partial index; ids sorted, so that two healers never wait crosswise.
UPDATE send_attempts SET needs_person = true
 WHERE id IN (SELECT id FROM send_attempts WHERE state = 'unknown' AND NOT needs_person AND decided_at < :decided_before::timestamptz
               ORDER BY id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, workspace_id;
