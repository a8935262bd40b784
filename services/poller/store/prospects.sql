-- name: load_live_invitations
-- By the partial unique index: at most one per workspace and recipient. An invitation that was accepted by the provider has
-- its prospect in connection_request_sent already and needs no settling.
SELECT a.id, a.prospect_id, a.send_id, a.lead_id, a.state, a.decided_at, a.picture
  FROM send_attempts a
 WHERE a.workspace_id = :workspace_id::uuid AND a.recipient_id = :person_id::text AND a.account_id = :account_id::uuid
   AND a.action = 'invitation' AND is_undecided(a.state) AND a.withdrawn_at IS NULL;

-- name: accept_unknown$
-- Compare-and-set: its own late answer, or a look-up, may have settled it first.
UPDATE send_attempts
   SET state = 'accepted', answered_at = :now::timestamptz, look_after = NULL, needs_person = false,
       evidence = (CASE jsonb_typeof(evidence) WHEN 'array' THEN evidence WHEN 'object' THEN jsonb_build_array(evidence) ELSE '[]' END)
                  || jsonb_build_array(:evidence::jsonb)
 WHERE id = :attempt_id::bigint AND state = 'unknown'
RETURNING id;

-- name: mark_sent!
UPDATE send_queue SET status = 'sent', sent_at = :sent_at::timestamptz, error_message = NULL
 WHERE id = :send_id::uuid AND status = 'sending';

-- name: record_invitation_said!
-- What was said, both ways; the attempt's own finish may have written it in the meantime.
INSERT INTO campaign_messages (workspace_id, account_id, lead_id, campaign_id, prospect_id, send_id, attempt_id, direction, message_type,
                               text, said_at)
SELECT s.workspace_id, s.account_id, s.lead_id, s.campaign_id, s.prospect_id, s.id, :attempt_id::bigint, 'out', s.message_type,
       s.message, :said_at::timestamptz
  FROM send_queue s
 WHERE s.id = :send_id::uuid
ON CONFLICT (attempt_id) WHERE attempt_id IS NOT NULL DO NOTHING;

-- name: connect_proven
-- The invitation is proven by its acceptance, so contact and connection come in one step.
UPDATE campaign_prospects
   SET status = 'connected', contacted_at = coalesce(contacted_at, :contacted_at::timestamptz),
       connected_at = coalesce(connected_at, :now::timestamptz)
 WHERE id = :prospect_id::uuid AND is_unstarted(status)
RETURNING id, campaign_id, lead_id, workspace_id;

-- name: record_contact!
-- A prospect who replied or opted out in between keeps that status; the contact is recorded all the same.
UPDATE campaign_prospects SET contacted_at = :contacted_at::timestamptz
 WHERE id = :prospect_id::uuid AND contacted_at IS NULL AND NOT is_unstarted(status);

-- name: connect
-- Withdrawn and failed ones come back only where no other enrolment of the same campaign has taken their place.
WITH locked AS MATERIALIZED (
  SELECT p.id
    FROM campaign_prospects p
   WHERE p.lead_id = ANY(:lead_ids::uuid[]) AND p.account_id = :account_id::uuid
     AND p.status = ANY(:from_statuses::prospect_status[])
     AND (p.status = 'connection_request_sent'
          OR NOT EXISTS (SELECT FROM campaign_prospects o
                          WHERE o.campaign_id = p.campaign_id AND o.lead_id = p.lead_id AND o.id <> p.id
                            AND (o.enrolment_no > p.enrolment_no
                                 OR is_active(o.status))))
   ORDER BY p.id
     FOR NO KEY UPDATE
)
UPDATE campaign_prospects p
   SET status = 'connected', connected_at = coalesce(p.connected_at, :now::timestamptz), error_message = NULL
  FROM locked
 WHERE p.id = locked.id AND p.status = ANY(:from_statuses::prospect_status[])
RETURNING p.id, p.campaign_id, p.lead_id, p.workspace_id;

-- name: load_first_contact$
-- When we first wrote to any of them, or were about to: what was said before is history.
SELECT least(
  (SELECT min(p.contacted_at) FROM campaign_prospects p WHERE p.lead_id = ANY(:lead_ids::uuid[])),
  (SELECT min(a.decided_at) FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
    WHERE s.prospect_id IN (SELECT p.id FROM campaign_prospects p WHERE p.lead_id = ANY(:lead_ids::uuid[]))
      AND a.action <> 'profile_lookup' AND is_live(a.state)));

-- name: find_answered_prospect^
-- Which enrolment the answer most likely belongs to: this account's, the one last written to.
SELECT p.id, p.campaign_id
  FROM campaign_prospects p
 WHERE p.lead_id = ANY(:lead_ids::uuid[]) AND p.workspace_id = :workspace_id::uuid
 ORDER BY (p.account_id IS NOT DISTINCT FROM :account_id::uuid) DESC, coalesce(p.last_follow_up_at, p.contacted_at) DESC NULLS LAST, p.id
 LIMIT 1;

-- name: store_reply$
-- Once per message of the provider: only the first to store it acts on it.
INSERT INTO campaign_messages (workspace_id, account_id, lead_id, campaign_id, prospect_id, direction, provider_message_id, chat_id, text,
                               reply, said_at)
VALUES (:workspace_id::uuid, :account_id::uuid, :lead_id::uuid, :campaign_id::uuid, :prospect_id::uuid, 'in', :message_id::text,
        :chat_id::text, :text::text, :reply::reply, :said_at::timestamptz)
ON CONFLICT (account_id, provider_message_id) WHERE provider_message_id IS NOT NULL DO NOTHING
RETURNING id;

-- name: stop_for_reply
-- A reply stops the lead in the whole workspace: everything still under way, and what was contacted before. One that a
-- person resumed after the answer was given goes on. An invitation that is answered is an accepted one.
WITH locked AS MATERIALIZED (
  SELECT p.id
    FROM campaign_prospects p
   WHERE p.lead_id = ANY(:lead_ids::uuid[])
     AND NOT is_stopping(p.status)
     AND (is_active(p.status) OR p.contacted_at IS NOT NULL)
     AND (p.resumed_at IS NULL OR p.resumed_at < :said_at::timestamptz)
   ORDER BY p.id
     FOR NO KEY UPDATE
)
UPDATE campaign_prospects p
   SET status = 'replied', reply_message_id = :message_id::uuid,
       connected_at = CASE WHEN p.status = 'connection_request_sent' AND p.account_id = :account_id::uuid
                           THEN coalesce(p.connected_at, :now::timestamptz) ELSE p.connected_at END
  FROM locked
 WHERE p.id = locked.id AND NOT is_stopping(p.status)
RETURNING p.id;

-- name: stop_for_opt_out
-- From everywhere, for good.
WITH locked AS MATERIALIZED (
  SELECT p.id FROM campaign_prospects p WHERE p.lead_id = ANY(:lead_ids::uuid[]) AND p.status <> 'opted_out' ORDER BY p.id
     FOR NO KEY UPDATE
)
UPDATE campaign_prospects p SET status = 'opted_out', reply_message_id = :message_id::uuid
  FROM locked
 WHERE p.id = locked.id AND p.status <> 'opted_out'
RETURNING p.id;

-- name: hold_until
-- Out of office is no answer: what is under way waits.
WITH locked AS MATERIALIZED (
  SELECT p.id FROM campaign_prospects p
   WHERE p.lead_id = ANY(:lead_ids::uuid[])
     AND is_active(p.status)
     AND (p.hold_until IS NULL OR p.hold_until < :hold_until::timestamptz)
   ORDER BY p.id
     FOR NO KEY UPDATE
)
UPDATE campaign_prospects p SET hold_until = :hold_until::timestamptz
  FROM locked
 WHERE p.id = locked.id AND is_active(p.status)
RETURNING p.id;
