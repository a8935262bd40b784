-- name: add_account^
-- A warm-up begins on the account's own day.
INSERT INTO accounts (workspace_id, provider_account_id, provider_user_id, name, account_type, country, timezone, daily_cr_limit, schedule_settings,
                      warm_up_from)
VALUES (:workspace_id, :provider_account_id, :provider_user_id, :name, :account_type::account_type, :country, :timezone, :daily_cr_limit,
        :schedule_settings, :warm_up_from)
ON CONFLICT (provider_account_id) DO NOTHING
RETURNING id, workspace_id, channel, provider_account_id, provider_user_id, name, account_type, country, timezone, status, status_reason,
          daily_cr_limit, schedule_settings, created_at;

-- name: by_provider_id^
SELECT id, workspace_id, channel, provider_account_id, provider_user_id, name, account_type, country,
       account_timezone(accounts, business_now()) AS timezone, status, status_reason,
       daily_cr_limit, schedule_settings, created_at
  FROM accounts WHERE provider_account_id = :provider_account_id;

-- name: by_id^
SELECT id, workspace_id, channel, provider_account_id, provider_user_id, name, account_type, country,
       account_timezone(accounts, business_now()) AS timezone, status, status_reason,
       daily_cr_limit, schedule_settings, created_at
  FROM accounts WHERE id = :account_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id);

-- name: of_workspace
-- One page, in order of id behind `after`; workspace NULL: of every workspace; `named`: only those with that id, provider's id or name.
SELECT id, workspace_id, channel, provider_account_id, provider_user_id, name, account_type, country,
       account_timezone(accounts, business_now()) AS timezone, status, status_reason,
       daily_cr_limit, schedule_settings, created_at
  FROM accounts
 WHERE (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND (:after::uuid IS NULL OR id > :after)
   AND (:named::text IS NULL OR lower(:named) IN (id::text, lower(provider_account_id), lower(name)))
 ORDER BY id LIMIT :most;

-- name: named
-- The accounts meant by ids, provider ids or names; a name may belong to several, and the caller refuses that.
SELECT id, workspace_id, channel, provider_account_id, provider_user_id, name, account_type, country,
       account_timezone(accounts, business_now()) AS timezone, status, status_reason,
       daily_cr_limit, schedule_settings, created_at
  FROM accounts
 WHERE workspace_id = :workspace_id AND (id::text = ANY(:words::text[]) OR provider_account_id = ANY(:words::text[]) OR name = ANY(:words::text[]));

-- name: lock_account^
SELECT status, status_version FROM accounts
 WHERE id = :account_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) FOR NO KEY UPDATE;

-- name: change_status!
-- An account that comes back is looked at at once, leased or not; its spacing still holds, so no burst leaves.
UPDATE accounts
   SET status = :status::account_status, status_reason = :reason, status_version = status_version + 1, status_changed_at = :now,
       wake_at = CASE WHEN :status::account_status = 'usable' THEN least(coalesce(wake_at, 'infinity'), :now) ELSE wake_at END
 WHERE id = :account_id AND status_version = :version;
