-- name: by_provider_id^
-- With the business moment, so that every process agrees on it independently of its own clock.
SELECT id, workspace_id, provider_user_id, status, status_version, business_now() AS now FROM accounts WHERE provider_account_id = :provider_account_id;

-- name: by_id^
SELECT id, workspace_id, provider_user_id, status, status_version, business_now() AS now FROM accounts WHERE id = :account_id::uuid;

-- name: change_status^
-- An account that an operator paused stays paused: only usable and disconnected follow the provider's word. An account that becomes
-- usable is checked at once; its spacing still holds, so no burst leaves.
UPDATE accounts
   SET status = :status::account_status, status_reason = :reason::text, status_version = status_version + 1,
       status_changed_at = :now::timestamptz,
       wake_at = CASE WHEN :status::account_status = 'usable'
                      THEN least(coalesce(wake_at, 'infinity'), greatest(:now::timestamptz, coalesce(next_free_at, :now::timestamptz)))
                      ELSE wake_at END
 WHERE id = :account_id::uuid AND status = :from_status::account_status
RETURNING status_version;
