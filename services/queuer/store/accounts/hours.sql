-- name: accounts_of
-- Read without locks, to be shown only.
SELECT id, workspace_id, name, country, account_timezone(accounts, business_now()) AS timezone,
       schedule_settings
  FROM accounts
 WHERE (:account_id::uuid IS NULL OR id = :account_id) AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id)
 ORDER BY id;

-- name: lock_accounts
-- One account, or all of a workspace; in order of id, like every statement that locks accounts.
SELECT id, workspace_id, name, country, account_timezone(accounts, business_now()) AS timezone,
       schedule_settings
  FROM accounts
 WHERE (:account_id::uuid IS NULL OR id = :account_id) AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id)
 ORDER BY id FOR NO KEY UPDATE;

-- name: lock_workspace$
SELECT schedule_settings FROM workspaces WHERE id = :workspace_id FOR NO KEY UPDATE;

-- name: open_campaigns
-- Those whose hours must go together with the accounts' and the workspace's.
SELECT ca.account_id, c.campaign_name, c.schedule_settings
  FROM campaign_accounts ca JOIN campaigns c ON c.id = ca.campaign_id
 WHERE ca.account_id = ANY(:account_ids::uuid[]) AND c.status IN ('draft', 'running', 'paused');

-- name: set_account!
UPDATE accounts SET schedule_settings = :schedule_settings WHERE id = :account_id;

-- name: set_workspace!
UPDATE workspaces SET schedule_settings = :schedule_settings WHERE id = :workspace_id;

-- name: open_lanes!
-- What closed them may have been hours that are others now; the sender closes again what must stay closed.
UPDATE lanes SET closed_until = NULL, reason = NULL WHERE account_id = ANY(:account_ids::uuid[]) AND closed_until IS NOT NULL;

-- name: free_sends!
-- Those whose hours left no moment at all; the sender holds again what still has none. NULL: to every lead.
UPDATE send_queue s SET held_for = NULL
  FROM (SELECT h.id FROM send_queue h
         WHERE h.account_id = ANY(:account_ids::uuid[]) AND h.status = 'pending' AND h.held_for = 'opening'
           AND (:lead_id::uuid IS NULL OR h.lead_id = :lead_id)
         ORDER BY h.id FOR NO KEY UPDATE) AS locked
 WHERE s.id = locked.id;

-- name: lock_accounts_of_lead
-- Whose sends to this person wait.
SELECT a.id FROM accounts a
 WHERE a.id IN (SELECT s.account_id FROM send_queue s WHERE s.lead_id = :lead_id AND s.status = 'pending')
 ORDER BY a.id FOR NO KEY UPDATE;

-- name: lock_lead^
SELECT l.workspace_id, l.location, l.timezone FROM leads l
 WHERE l.id = :lead_id AND (:workspace_id::uuid IS NULL OR l.workspace_id = :workspace_id) FOR NO KEY UPDATE;

-- name: set_lead!
UPDATE leads SET timezone = :timezone WHERE id = :lead_id;
