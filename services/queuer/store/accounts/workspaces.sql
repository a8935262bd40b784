-- name: add_workspace^
-- Nothing when the name is taken; the unique index decides between two who add it at once.
INSERT INTO workspaces (company_name, email, airtable_base_id, tier, daily_cr_limit, schedule_settings)
VALUES (:company_name, :email, :airtable_base_id, :tier, :daily_cr_limit, :schedule_settings)
ON CONFLICT (lower(company_name)) DO NOTHING
RETURNING id, company_name, email, airtable_base_id, is_active, tier, daily_cr_limit, withdraw_after_days, schedule_settings, created_at;

-- name: by_name^
SELECT id, company_name, email, airtable_base_id, is_active, tier, daily_cr_limit, withdraw_after_days, schedule_settings, created_at
  FROM workspaces WHERE lower(company_name) = lower(:company_name);

-- name: by_id^
SELECT id, company_name, email, airtable_base_id, is_active, tier, daily_cr_limit, withdraw_after_days, schedule_settings, created_at
  FROM workspaces WHERE id = :workspace_id;

-- name: all_workspaces
SELECT id, company_name, email, airtable_base_id, is_active, tier, daily_cr_limit, withdraw_after_days, schedule_settings, created_at
  FROM workspaces
 WHERE (:after::text IS NULL OR lower(company_name) > lower(:after)) AND (:named::text IS NULL OR lower(:named) IN (id::text, lower(company_name)))
 ORDER BY lower(company_name) LIMIT :most;
