-- name: accounts
-- One row per account: what it may do, what waits, and why. Which day it is there is worked out beside (docs/adr/0028): a zone
-- that cannot be read must not hide the other accounts.
SELECT a.account_type, limits.account_limit, limits.workspace_limit, limits.tier, limits.weekly_limit, limits.message_limit,
       limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
       a.id, a.name AS account, a.status, clock.now, account_timezone(a, clock.now) AS zone,
       (SELECT count(*) FROM send_queue s WHERE s.account_id = a.id AND s.status = 'pending')::int AS waiting,
       (SELECT s.prospect_id FROM send_queue s WHERE s.account_id = a.id AND is_open(s.status)
         ORDER BY s.status = 'pending', s.held_for IS NOT NULL, s.scheduled_for LIMIT 1) AS next_prospect,
       (SELECT count(*) FROM campaign_prospects p WHERE p.account_id = a.id AND p.connected_at IS NOT NULL AND p.contacted_at IS NOT NULL)::int
         AS accepted,
       (SELECT count(*) FROM campaign_prospects p WHERE p.account_id = a.id AND p.status = 'replied')::int AS replied
  FROM (SELECT business_now() AS now) clock, accounts a
  JOIN workspaces w ON w.id = a.workspace_id
 CROSS JOIN LATERAL account_limits(a, w) AS limits
 ORDER BY w.company_name, a.name
 LIMIT :most;

-- name: used_lately
-- What these accounts did on their own days of the last week.
SELECT account_id, action, local_date, used FROM account_usage
 WHERE account_id = ANY(:account_ids::uuid[]) AND action IN ('invitation', 'message') AND local_date > (:now::timestamptz AT TIME ZONE 'UTC')::date - 9;

-- name: campaigns
SELECT c.campaign_name AS campaign, c.campaign_type AS type, c.status, c.prospects_count AS people, c.active_leads_count AS active,
       (SELECT count(*) FROM campaign_prospects p WHERE p.campaign_id = c.id AND p.contacted_at IS NOT NULL)::int AS reached,
       (SELECT count(*) FROM campaign_prospects p WHERE p.campaign_id = c.id AND p.status = 'replied')::int AS replied,
       c.completed_leads_count AS done
  FROM campaigns c JOIN workspaces w ON w.id = c.workspace_id
 ORDER BY w.company_name, c.campaign_name
 LIMIT :most;
