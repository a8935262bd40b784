-- name: introduce_accounts!
-- Accounts with prospects to whom something may still be sent, as far as this database knows.
INSERT INTO stack_adoption_accounts (adoption_id, account_id)
SELECT :adoption_id::bigint, a.id
  FROM accounts a
 WHERE EXISTS (SELECT FROM campaign_accounts ca WHERE ca.account_id = a.id)
    OR EXISTS (SELECT FROM campaign_prospects p WHERE p.account_id = a.id)
 ORDER BY a.id
ON CONFLICT DO NOTHING;

-- name: request_adoption$
INSERT INTO stack_adoptions (requested_by, differences, lost_from, lost_until, head, webhooks)
VALUES (:requested_by, :differences::text[], :lost_from::timestamptz, :lost_until::timestamptz, :head::jsonb, :webhooks)
RETURNING id;

-- name: unreadable
SELECT a.name, x.why FROM stack_adoption_accounts x JOIN accounts a ON a.id = x.account_id
 WHERE x.adoption_id = (SELECT max(id) FROM stack_adoptions) AND x.state = 'unreadable'
 ORDER BY a.name;

-- name: reopen_adoption$
UPDATE stack_adoptions SET state = 'reading', finished_at = NULL WHERE id = (SELECT max(id) FROM stack_adoptions) RETURNING id;

-- name: retry_accounts!
UPDATE stack_adoption_accounts SET state = 'waiting', tries = 0 WHERE adoption_id = :adoption_id::bigint AND state = 'unreadable';

-- name: outlook^
SELECT business_now() AS now, (SELECT max(decided_at) FROM send_attempts) AS ledger_ends,
       (SELECT count(*)::int FROM accounts a
         WHERE EXISTS (SELECT FROM campaign_accounts ca WHERE ca.account_id = a.id)
            OR EXISTS (SELECT FROM campaign_prospects p WHERE p.account_id = a.id)) AS accounts,
       (SELECT count(*)::int FROM send_queue
         WHERE is_stoppable(status) AND held_for IS NULL AND scheduled_for <= business_now()) AS overdue;

-- name: adoption_state$
SELECT state FROM stack_adoptions WHERE id = :adoption_id::bigint;
