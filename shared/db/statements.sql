-- name: business_now$
SELECT business_now();

-- name: lock_accounts
-- NO KEY UPDATE, so that another component can insert a row that refers to the account.
SELECT id FROM accounts WHERE id = ANY(:account_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: try_lock_accounts
SELECT id FROM accounts WHERE id = ANY(:account_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED;

-- name: lock_leads
SELECT id FROM leads WHERE id = ANY(:lead_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_sends
SELECT id FROM send_queue WHERE id = ANY(:send_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_prospects
SELECT id FROM campaign_prospects WHERE id = ANY(:prospect_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: wake_accounts!
SELECT wake_accounts(:account_ids::uuid[], :moments::timestamptz[]);

-- name: write_audit_line!
INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
VALUES (:workspace_id, :actor, :verb, :object, :object_id, :details);
