-- name: lock_account^
-- Its zone as it is now, and the one it waits for.
SELECT a.workspace_id, c.now, a.name, a.account_type, a.country,
       account_timezone(a, c.now) AS timezone,
       CASE WHEN a.timezone_from > c.now THEN a.timezone_next END AS timezone_next,
       CASE WHEN a.timezone_from > c.now THEN a.timezone_from END AS timezone_from
  FROM accounts a, (SELECT business_now() AS now) c
 WHERE a.id = :account_id AND (:workspace_id::uuid IS NULL OR a.workspace_id = :workspace_id) FOR NO KEY UPDATE OF a;

-- name: too_long$
-- Planned invitations whose note the account could not send any more.
SELECT count(*)::int FROM send_queue
 WHERE account_id = :account_id AND status = 'pending' AND message_type = 'connection_request' AND char_length(message) > :most;

-- name: set_account!
UPDATE accounts
   SET name = :name, account_type = :account_type::account_type, country = :country, timezone = :timezone,
       timezone_next = :timezone_next, timezone_from = :timezone_from
 WHERE id = :account_id;
