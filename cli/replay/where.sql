-- name: known$
-- Whether there is such a one: an id with a slip in it must not read as "nothing to replay".
SELECT CASE :kind::text WHEN 'account' THEN EXISTS (SELECT FROM accounts WHERE id = :id::uuid)
                        WHEN 'campaign' THEN EXISTS (SELECT FROM campaigns WHERE id = :id::uuid)
                        WHEN 'prospect' THEN EXISTS (SELECT FROM campaign_prospects WHERE id = :id::uuid)
                        ELSE EXISTS (SELECT FROM workspaces WHERE id = :id::uuid) END;

-- name: its_prospects
SELECT id, lead_id, account_id, campaign_id FROM campaign_prospects
 WHERE CASE :kind::text WHEN 'account' THEN account_id = :id::uuid WHEN 'campaign' THEN campaign_id = :id::uuid
                        WHEN 'prospect' THEN id = :id::uuid ELSE workspace_id = :id::uuid END;

-- name: its_sends
SELECT id FROM send_queue
 WHERE CASE :kind::text WHEN 'account' THEN account_id = :id::uuid WHEN 'campaign' THEN campaign_id = :id::uuid
                        WHEN 'prospect' THEN prospect_id = :id::uuid ELSE workspace_id = :id::uuid END;

-- name: its_accounts
SELECT account_id AS id FROM campaign_accounts WHERE :kind::text = 'campaign' AND campaign_id = :id::uuid
UNION
SELECT id FROM accounts WHERE (:kind = 'workspace' AND workspace_id = :id::uuid) OR (:kind = 'account' AND id = :id::uuid)
UNION
SELECT account_id FROM campaign_prospects WHERE :kind = 'prospect' AND id = :id::uuid AND account_id IS NOT NULL;
