-- name: stoppable_of_leads
-- What is pending or dispatched for leads who have answered or opted out, by what the rows say now: a person who resumed
-- after the reply wants the sequence to go on, and an old event that is replayed must not end it.
SELECT s.id, s.account_id, s.lead_id, s.prospect_id, CASE WHEN l.opted_out_at IS NOT NULL THEN 'opted_out' ELSE 'replied' END AS reason
  FROM leads l
  JOIN send_queue s ON s.lead_id = l.id AND is_stoppable(s.status)
  JOIN campaign_prospects p ON p.id = s.prospect_id
 WHERE l.id = ANY(:lead_ids::uuid[])
   AND (l.opted_out_at IS NOT NULL OR (l.last_reply_at IS NOT NULL AND (p.resumed_at IS NULL OR p.resumed_at <= l.last_reply_at)));

-- name: stoppable_of_prospects
-- Of prospects that have left; one that is back on its way (repaired, enrolled anew) keeps its sends.
SELECT s.id, s.account_id, s.lead_id, s.prospect_id, 'left: ' || p.status AS reason
  FROM campaign_prospects p
  JOIN send_queue s ON s.prospect_id = p.id AND is_stoppable(s.status)
 WHERE p.id = ANY(:prospect_ids::uuid[])
   AND NOT is_active(p.status);

-- name: stoppable_mail
-- E-mails to an address that bounced or does not want them; a corrected address is another one.
SELECT s.id, s.account_id, s.lead_id, s.prospect_id, 'mail_' || f.feedback AS reason
  FROM unnest(:lead_ids::uuid[], :addresses::text[], :feedbacks::text[]) AS f(lead_id, address, feedback)
  JOIN leads l ON l.id = f.lead_id AND lower(l.email) = lower(f.address)
  JOIN send_queue s ON s.lead_id = l.id AND is_stoppable(s.status) AND s.action = 'email';

-- name: cancel
-- What a sender has begun meanwhile is past the line after which a stop comes too late.
WITH was AS (
  SELECT s.id, s.account_id, s.status, c.reason
    FROM unnest(:send_ids::uuid[], :reasons::text[]) AS c(id, reason)
    JOIN send_queue s ON s.id = c.id AND is_stoppable(s.status)
)
UPDATE send_queue s SET status = 'cancelled', error_message = was.reason
  FROM was WHERE s.id = was.id AND is_stoppable(s.status)
RETURNING s.account_id, was.status = 'dispatched' AS dispatched, was.reason;

-- name: release_leases
-- The account was waiting for a sender to take a send that is cancelled now: it need not wait for the end of its lease.
UPDATE accounts SET lease_until = NULL, lease_holder = NULL WHERE id = ANY(:account_ids::uuid[]) AND lease_holder = 'dispatch' RETURNING id;

-- name: lock_usable
-- Accounts that may act again and that nothing else will wake: asleep, with something that could leave, or with a lane that
-- closed until they are usable. An account that is awake, leased or has nothing to do is left alone, so that a repeated event
-- writes nothing. The spacing (next_free_at) still holds, so they do not start with a burst.
SELECT a.id FROM accounts a
 WHERE a.id = ANY(:account_ids::uuid[]) AND a.status = 'usable'
   AND (EXISTS (SELECT FROM lanes l WHERE l.account_id = a.id AND l.condition = 'account_usable')
        OR (a.wake_at IS NULL AND a.lease_until IS NULL
            AND EXISTS (SELECT FROM lanes l
                          JOIN campaigns c ON c.id = l.campaign_id AND c.status = 'running'
                         WHERE l.account_id = a.id AND l.condition IS NULL
                           AND EXISTS (SELECT FROM send_queue s
                                        WHERE s.account_id = l.account_id AND s.campaign_id = l.campaign_id AND s.next_action = l.action
                                          AND s.status = 'pending' AND s.held_for IS NULL AND s.message_sha256 <> :not_rendered))))
 ORDER BY a.id FOR NO KEY UPDATE;

-- name: lift_lanes!
-- Lanes that are closed until the account is usable again.
UPDATE lanes SET condition = NULL, reason = NULL WHERE account_id = ANY(:account_ids::uuid[]) AND condition = 'account_usable';
