-- name: lock_campaigns
-- Two planners may not share out one campaign's prospects by the same credits; only where a prospect still needs an account.
SELECT id FROM campaigns WHERE id = ANY(:campaign_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: load_candidates
SELECT ca.campaign_id, ca.account_id, ca.credit, a.status = 'usable' AS usable
  FROM campaign_accounts ca JOIN accounts a ON a.id = ca.account_id
 WHERE ca.campaign_id = ANY(:campaign_ids::uuid[]) AND ca.account_id = ANY(:locked::uuid[])
 ORDER BY ca.campaign_id, ca.position;

-- name: load_capacities
-- What each account has done of an action, on its day and in seven of them, and what it has planned: of today everything,
-- further ahead the first steps, which are what is shared out (a follow-up stays with its account). Counted no further than
-- it changes a share: index entries alone, some thousand per account at most, once per batch of prospects.
SELECT w.account_id, w.action,
       coalesce((SELECT u.used FROM account_usage u
                  WHERE u.account_id = w.account_id AND u.local_date = w.today AND u.action = w.action), 0) AS used_today,
       coalesce((SELECT sum(u.used) FROM account_usage u
                  WHERE u.account_id = w.account_id AND u.local_date > w.today - 7 AND u.action = w.action), 0)::int AS used_in_a_week,
       (SELECT count(*) FILTER (WHERE s.action = w.action)::int
          FROM (SELECT q.action FROM send_queue q
                 WHERE q.account_id = w.account_id AND q.status = 'pending' AND q.scheduled_for < w.day_ends
                 ORDER BY q.scheduled_for LIMIT :most_today) s) AS planned_today,
       (SELECT count(*)::int
          FROM (SELECT FROM send_queue q
                 WHERE q.account_id = w.account_id AND q.action = w.action AND q.status = 'pending' AND q.step_position = 1
                 LIMIT :most) s) AS planned
  FROM unnest(:account_ids::uuid[], :actions::action[], :todays::date[], :day_ends::timestamptz[]) AS w(account_id, action, today, day_ends);

-- name: keep_credits!
UPDATE campaign_accounts ca SET credit = k.credit
  FROM unnest(:campaign_ids::uuid[], :account_ids::uuid[], :credits::float8[]) AS k(campaign_id, account_id, credit)
 WHERE ca.campaign_id = k.campaign_id AND ca.account_id = k.account_id;
