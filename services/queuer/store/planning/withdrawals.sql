-- name: due_withdrawals
-- By the partial index campaign_prospects_to_withdraw: costs what is due. One whose invitation has no id yet waits until the
-- list of sent invitations has shown it.
SELECT p.id
  FROM campaigns c
 CROSS JOIN LATERAL (
   SELECT p.id FROM campaign_prospects p
    WHERE p.campaign_id = c.id AND p.status = 'connection_request_sent' AND p.withdraw_planned_at IS NULL
      AND p.contacted_at <= business_now() - make_interval(days => c.withdraw_after_days)
      AND EXISTS (SELECT FROM send_queue s JOIN send_attempts x ON x.send_id = s.id
                   WHERE s.prospect_id = p.id AND s.message_type = 'connection_request' AND x.action = 'invitation'
                     AND x.state = 'accepted' AND x.withdrawn_at IS NULL AND x.provider_ref IS NOT NULL)
    ORDER BY p.contacted_at LIMIT :most) p
 WHERE c.status = 'running' AND c.withdraw_after_days IS NOT NULL
 LIMIT :most;

-- name: waiting_invitations
-- A statement of its own, after the locks.
SELECT p.id AS prospect_id, x.recipient_id AS recipient, p.contacted_at + make_interval(days => c.withdraw_after_days) AS waited_until
  FROM campaign_prospects p
  JOIN campaigns c ON c.id = p.campaign_id AND c.status = 'running'
  JOIN send_queue s ON s.prospect_id = p.id AND s.message_type = 'connection_request'
  JOIN send_attempts x ON x.send_id = s.id AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL
                      AND x.provider_ref IS NOT NULL AND x.recipient_id IS NOT NULL
 WHERE p.id = ANY(:prospect_ids::uuid[]) AND p.status = 'connection_request_sent' AND p.withdraw_planned_at IS NULL
   AND p.contacted_at <= :now::timestamptz - make_interval(days => c.withdraw_after_days);

-- name: reopen_withdrawals
-- Not one that left or may have left; reopen() itself refuses that too.
SELECT reopen(s.id, 'queuer', 'the invitation is to be taken back after all', w.due) AS reopened
  FROM unnest(:send_ids::uuid[], :dues::timestamptz[]) AS w(id, due)
  JOIN send_queue s ON s.id = w.id AND s.status IN ('skipped', 'cancelled')
 WHERE NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND is_live(a.state))
 ORDER BY s.id;

-- name: mark_withdrawals_planned!
UPDATE campaign_prospects SET withdraw_planned_at = :now::timestamptz
 WHERE id = ANY(:prospect_ids::uuid[]) AND status = 'connection_request_sent';

-- name: plan_withdrawals_again!
WITH locked AS MATERIALIZED (
  SELECT p.id FROM campaign_prospects p
   WHERE p.campaign_id = :campaign_id AND p.status = 'connection_request_sent' AND p.withdraw_planned_at IS NOT NULL
   ORDER BY p.id FOR NO KEY UPDATE
)
UPDATE campaign_prospects p SET withdraw_planned_at = NULL FROM locked WHERE p.id = locked.id;
