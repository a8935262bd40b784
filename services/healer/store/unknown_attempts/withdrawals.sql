-- name: end_invitation!
-- By the partial unique index: at most one stands for a workspace and a recipient.
UPDATE send_attempts x SET withdrawn_at = :at::timestamptz
  FROM send_attempts w
 WHERE w.id = :attempt_id::bigint AND x.workspace_id = w.workspace_id AND x.recipient_id = w.recipient_id AND x.account_id = w.account_id
   AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL;

-- name: mark_withdrawn!
-- A prospect who accepted, replied or opted out in between keeps that status.
UPDATE campaign_prospects SET status = 'withdrawn', withdrawn_at = :at::timestamptz
 WHERE id = :prospect_id::uuid AND status = 'connection_request_sent';

-- name: leave_it!
UPDATE send_queue SET status = 'skipped', error_message = 'already_connected' WHERE id = :send_id::uuid AND status = 'sending';

-- name: mark_connected$
UPDATE campaign_prospects SET status = 'connected', connected_at = coalesce(connected_at, :now::timestamptz)
 WHERE id = :prospect_id::uuid AND status = 'connection_request_sent'
RETURNING id;

-- name: name_invitation!
-- The list knows it under another id than we were told when it left: the next try uses that one.
UPDATE send_attempts x SET provider_ref = :provider_ref::text
  FROM send_attempts w
 WHERE w.id = :attempt_id::bigint AND x.workspace_id = w.workspace_id AND x.recipient_id = w.recipient_id AND x.account_id = w.account_id
   AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL
   AND :provider_ref::text IS NOT NULL AND x.provider_ref IS DISTINCT FROM :provider_ref::text;

-- name: try_again$
-- Not for ever: a provider that lets an invitation stand whatever we ask would be asked every few minutes.
UPDATE send_queue
   SET retries = retries + 1, held_for = NULL, scheduled_for = greatest(scheduled_for, :now::timestamptz),
       status = CASE WHEN retries + 1 >= :most::int THEN 'failed'::send_status ELSE 'pending' END,
       error_message = CASE WHEN retries + 1 >= :most::int THEN 'not_withdrawn' END
 WHERE id = :send_id::uuid AND status = 'sending'
RETURNING status;
