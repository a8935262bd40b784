-- name: accounts_of_prospects
-- Every account these prospects have, or may be given.
SELECT p.account_id AS id FROM campaign_prospects p WHERE p.id = ANY(:prospect_ids::uuid[]) AND p.account_id IS NOT NULL
UNION
SELECT ca.account_id FROM campaign_accounts ca
 WHERE ca.campaign_id IN (SELECT campaign_id FROM campaign_prospects WHERE id = ANY(:prospect_ids::uuid[]) AND account_id IS NULL);

-- name: load_accounts
SELECT a.account_type, limits.account_limit, limits.workspace_limit, limits.tier, limits.weekly_limit, limits.message_limit,
       limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
       a.id, a.country, a.schedule_settings::text AS account_schedule, w.schedule_settings::text AS workspace_schedule, a.next_free_at,
       account_timezone(a, :now) AS timezone
  FROM accounts a JOIN workspaces w ON w.id = a.workspace_id CROSS JOIN LATERAL account_limits(a, w) AS limits
 WHERE a.id = ANY(:account_ids::uuid[]);

-- name: open_lanes!
INSERT INTO lanes (account_id, campaign_id, action)
SELECT DISTINCT account_id, campaign_id, action
  FROM unnest(:account_ids::uuid[], :campaign_ids::uuid[], :actions::action[]) AS n(account_id, campaign_id, action)
 ORDER BY account_id, campaign_id, action
ON CONFLICT DO NOTHING;
