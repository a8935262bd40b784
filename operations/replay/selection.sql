-- name: find_selected
-- The rows that a typed word names, by id or by name.
SELECT a.id FROM accounts a
 WHERE :kind::text = 'account' AND (a.id::text = lower(:word::text) OR lower(a.name) = lower(:word) OR lower(a.provider_account_id) = lower(:word))
UNION ALL
SELECT c.id FROM campaigns c WHERE :kind = 'campaign' AND (c.id::text = lower(:word) OR lower(c.campaign_name) = lower(:word))
UNION ALL
SELECT w.id FROM workspaces w WHERE :kind = 'workspace' AND (w.id::text = lower(:word) OR lower(w.company_name) = lower(:word))
UNION ALL
SELECT p.id FROM campaign_prospects p WHERE :kind = 'prospect' AND p.id = CASE WHEN :kind = 'prospect' THEN :word::uuid END
 LIMIT 20;

-- name: load_prospects
SELECT id, lead_id FROM campaign_prospects
 WHERE CASE :kind::text WHEN 'account' THEN account_id = :id::uuid WHEN 'campaign' THEN campaign_id = :id::uuid
                        WHEN 'prospect' THEN id = :id::uuid ELSE workspace_id = :id::uuid END;

-- name: load_send_ids
SELECT id FROM send_queue
 WHERE CASE :kind::text WHEN 'account' THEN account_id = :id::uuid WHEN 'campaign' THEN campaign_id = :id::uuid
                        WHEN 'prospect' THEN prospect_id = :id::uuid ELSE workspace_id = :id::uuid END;

-- name: load_account_ids
SELECT account_id AS id FROM campaign_accounts WHERE :kind::text = 'campaign' AND campaign_id = :id::uuid
UNION
SELECT id FROM accounts WHERE (:kind = 'workspace' AND workspace_id = :id::uuid) OR (:kind = 'account' AND id = :id::uuid)
UNION
SELECT account_id FROM campaign_prospects WHERE :kind = 'prospect' AND id = :id::uuid AND account_id IS NOT NULL;
