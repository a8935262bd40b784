-- name: accounts
SELECT a.id, a.name, a.channel::text AS channel, a.status::text AS status FROM accounts a WHERE a.id = ANY(:account_ids::uuid[]) ORDER BY a.name, a.id;

-- name: invitations
-- What should stand in the account's list of sent invitations, as far as we know: not taken back, and not answered.
SELECT a.id, a.provider_ref, a.recipient_id, a.answered_at FROM send_attempts a JOIN campaign_prospects p ON p.id = a.prospect_id
 WHERE a.account_id = :account_id::uuid AND a.action = 'invitation' AND NOT a.given_back AND a.state = 'accepted' AND a.withdrawn_at IS NULL
   AND a.decided_at >= :since::timestamptz AND p.status = 'connection_request_sent'
 ORDER BY a.decided_at;

-- name: known_invitations
-- Which of these are ours, whatever became of them, or were seen as sent by hand.
SELECT a.provider_ref AS id, a.recipient_id AS person FROM send_attempts a
 WHERE a.account_id = :account_id::uuid AND a.action = 'invitation' AND is_live(a.state)
   AND (a.provider_ref = ANY(:ids::text[]) OR a.recipient_id = ANY(:people::text[]))
UNION
SELECT f.invitation_id, f.recipient_id FROM foreign_invitations f WHERE f.account_id = :account_id::uuid AND f.invitation_id = ANY(:ids::text[]);

-- name: messages
SELECT a.id, a.provider_ref, a.answered_at FROM send_attempts a
 WHERE a.account_id = :account_id::uuid AND a.action = 'message' AND a.state = 'accepted' AND a.answered_at >= :since::timestamptz
 ORDER BY a.decided_at;

-- name: known_messages
SELECT m.provider_message_id AS id FROM campaign_messages m WHERE m.account_id = :account_id::uuid AND m.provider_message_id = ANY(:ids::text[]);

-- name: notes
-- Words that went out with an invitation: the provider shows them as a message with an id of its own.
SELECT DISTINCT m.text FROM campaign_messages m JOIN send_attempts a ON a.id = m.attempt_id
 WHERE m.account_id = :account_id::uuid AND a.action = 'invitation' AND a.state = 'accepted' AND m.text = ANY(:texts::text[]);
