-- name: page
-- The newest first, read from the end of send_queue_failed: a page costs what it shows. Without a workspace all that has
-- failed anywhere is sorted. :no_words finds planning's own sentences, everything else is one word.
SELECT s.id, s.workspace_id, s.campaign_id, c.campaign_name, s.account_id, a.name AS account_name, s.prospect_id,
       p.status AS prospect_status, p.contacted_at, s.lead_id, l.first_name, l.last_name, s.message_type, s.action AS action,
       s.status AS status, s.error_message, s.scheduled_for, s.retries, s.updated_at
  FROM send_queue s
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN accounts a ON a.id = s.account_id
  JOIN campaign_prospects p ON p.id = s.prospect_id
  JOIN leads l ON l.id = s.lead_id
 WHERE s.status = 'failed'
   AND (:workspace_id::uuid IS NULL OR s.workspace_id = :workspace_id)
   AND (:campaign_id::uuid IS NULL OR s.campaign_id = :campaign_id)
   AND (:account_id::uuid IS NULL OR s.account_id = :account_id)
   AND (:reason::text IS NULL OR (CASE WHEN :reason = :no_words THEN s.error_message !~ '^[a-z0-9_]+$' ELSE s.error_message = :reason END))
   AND (:before_at::timestamptz IS NULL OR (s.updated_at, s.id) < (:before_at, :before_id::uuid))
 ORDER BY s.updated_at DESC, s.id DESC LIMIT :most;

-- name: one^
SELECT s.id, s.workspace_id, s.campaign_id, c.campaign_name, s.account_id, a.name AS account_name, s.prospect_id,
       p.status AS prospect_status, p.contacted_at, s.lead_id, l.first_name, l.last_name, s.message_type, s.action AS action,
       s.status AS status, s.error_message, s.scheduled_for, s.retries, s.updated_at, s.message
  FROM send_queue s
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN accounts a ON a.id = s.account_id
  JOIN campaign_prospects p ON p.id = s.prospect_id
  JOIN leads l ON l.id = s.lead_id
 WHERE s.id = :send_id AND (:workspace_id::uuid IS NULL OR s.workspace_id = :workspace_id);

-- name: attempts_of
SELECT action, state, dispatch_no, decided_at, answered_at, http_status, error_type, error_detail, provider_ref,
       looks, needs_person, evidence
  FROM send_attempts WHERE send_id = :send_id ORDER BY id DESC LIMIT :most;

-- name: seen_of
-- What the provider showed of this person to this account, the newest first.
SELECT o.kind, o.source, o.happened_at, o.observed_at, o.payload
  FROM send_queue s
  LEFT JOIN recipients r ON r.account_id = s.account_id AND r.lead_id = s.lead_id
  JOIN observations o ON o.account_id = s.account_id AND o.person_id IN (s.linkedin_user_id, r.provider_id)
 WHERE s.id = :send_id ORDER BY o.id DESC LIMIT :most;

-- name: history_of
SELECT at, actor, verb, details FROM audit_log WHERE object = 'send' AND object_id = :send_id::uuid::text ORDER BY id DESC LIMIT :most;

-- name: lock_account!
-- reopen() wakes it; accounts come first in the house's order.
SELECT id FROM accounts WHERE id = (SELECT account_id FROM send_queue WHERE id = :send_id) FOR NO KEY UPDATE;

-- name: lock_lead!
-- An approval asks under the same lock whether the lead is on its way elsewhere.
SELECT id FROM leads WHERE id = (SELECT lead_id FROM send_queue WHERE id = :send_id) FOR NO KEY UPDATE;

-- name: lock_send$
SELECT status FROM send_queue WHERE id = :send_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) FOR NO KEY UPDATE;

-- name: lock_prospect!
SELECT id FROM campaign_prospects WHERE id = (SELECT prospect_id FROM send_queue WHERE id = :send_id) FOR NO KEY UPDATE;

-- name: load_for_retry^
-- A statement of its own, after the locks.
SELECT business_now() AS now, s.prospect_id, s.campaign_id, s.workspace_id, s.account_id, s.lead_id, s.action AS action, s.error_message,
       c.completed_by_itself, l.first_name, l.last_name,
       EXISTS (SELECT FROM send_attempts x WHERE x.send_id = s.id AND x.action <> 'profile_lookup'
                  AND is_live(x.state)) AS live,
       (SELECT oc.campaign_name FROM campaign_prospects o JOIN campaigns oc ON oc.id = o.campaign_id
         WHERE o.lead_id = s.lead_id AND o.id <> s.prospect_id
           AND is_active(o.status)
           AND oc.status IN ('draft', 'running', 'paused') AND NOT oc.allow_parallel AND NOT c.allow_parallel
         LIMIT 1) AS busy_in
  FROM send_queue s
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN leads l ON l.id = s.lead_id
 WHERE s.id = :send_id;

-- name: reopen$
SELECT reopen(:send_id::uuid, :actor::text, :reason::text, :due::timestamptz);

-- name: look_up_first!
UPDATE send_queue SET next_action = 'profile_lookup' WHERE id = :send_id AND status = 'pending';

-- name: prospect_pending!
-- The database allows it only while the prospect was not contacted.
UPDATE campaign_prospects SET status = 'pending', outcome = NULL, error_message = NULL
 WHERE id = :prospect_id AND status = 'failed' AND contacted_at IS NULL;

-- name: claim_lead!
UPDATE leads SET campaign_id = :campaign_id WHERE id = :lead_id AND campaign_id IS DISTINCT FROM :campaign_id;

-- name: drop_send!
UPDATE send_queue SET status = 'cancelled' WHERE id = :send_id AND status = 'failed';
