-- name: lock_workspace^
SELECT tier, daily_cr_limit, weekly_cr_limit, daily_message_limit, daily_lookup_limit, daily_email_limit, withdraw_after_days
  FROM workspaces WHERE id = :workspace_id FOR NO KEY UPDATE;

-- name: lock_accounts_of
-- Before the workspace, like every statement that locks both, and in order of id: their lanes are opened.
SELECT id FROM accounts WHERE workspace_id = :workspace_id ORDER BY id FOR NO KEY UPDATE;

-- name: lock_account^
SELECT a.workspace_id, a.account_type, a.daily_cr_limit, a.weekly_cr_limit, a.daily_message_limit, a.daily_lookup_limit,
       a.daily_email_limit, a.warm_up_from, a.cr_exception, a.cr_exception_by, a.cr_exception_reason,
       c.now, account_timezone(a, c.now) AS timezone
  FROM accounts a, (SELECT business_now() AS now) c
 WHERE a.id = :account_id AND (:workspace_id::uuid IS NULL OR a.workspace_id = :workspace_id) FOR NO KEY UPDATE OF a;

-- name: set_workspace!
UPDATE workspaces
   SET tier = :tier, daily_cr_limit = :daily_cr_limit, weekly_cr_limit = :weekly_cr_limit, daily_message_limit = :daily_message_limit,
       daily_lookup_limit = :daily_lookup_limit, daily_email_limit = :daily_email_limit, withdraw_after_days = :withdraw_after_days
 WHERE id = :workspace_id;

-- name: set_account!
UPDATE accounts
   SET daily_cr_limit = :daily_cr_limit, weekly_cr_limit = :weekly_cr_limit, daily_message_limit = :daily_message_limit,
       daily_lookup_limit = :daily_lookup_limit, daily_email_limit = :daily_email_limit, warm_up_from = :warm_up_from
 WHERE id = :account_id;

-- name: set_exception!
UPDATE accounts
   SET cr_exception = :most::int, cr_exception_by = :by::text, cr_exception_reason = :reason::text,
       cr_exception_at = CASE WHEN :most::int IS NOT NULL THEN business_now() END
 WHERE id = :account_id;

-- name: open_lanes!
-- What a cap had closed is asked again by the new one; the sender closes again what must stay closed.
UPDATE lanes SET closed_until = NULL, reason = NULL
 WHERE account_id = ANY(:account_ids::uuid[]) AND closed_until IS NOT NULL AND reason IN ('daily_cap', 'weekly_cap', 'warm_up');

-- name: in_force^
SELECT a.account_type, limits.account_limit, limits.workspace_limit, limits.tier, limits.weekly_limit, limits.message_limit,
       limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
       a.id AS account_id, a.workspace_id, a.name, a.cr_exception_by, a.cr_exception_reason, a.cr_exception_at, c.now, account_timezone(a, c.now) AS timezone
  FROM accounts a JOIN workspaces w ON w.id = a.workspace_id CROSS JOIN LATERAL account_limits(a, w) AS limits, (SELECT business_now() AS now) c
 WHERE a.id = :account_id AND (:workspace_id::uuid IS NULL OR a.workspace_id = :workspace_id);
