-- name: campaign^
SELECT c.id, c.campaign_name, c.schedule_settings::text AS schedule, c.turn_length, c.withdraw_after_days, c.campaign_type, c.status,
       w.schedule_settings::text AS workspace_schedule, w.is_active AS workspace_active, business_now() AS now
  FROM campaigns c JOIN workspaces w ON w.id = c.workspace_id
 WHERE c.id = :campaign_id AND (:workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id);

-- name: accounts
-- The campaign's accounts in their order, then those that left it and still have people of it.
SELECT a.account_type, limits.account_limit, limits.workspace_limit, limits.tier, limits.weekly_limit, limits.message_limit,
       limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
       a.id, a.name, a.country, a.status, a.status_reason, a.next_free_at, a.turn_of, a.turn_left, a.schedule_settings::text AS schedule,
       account_timezone(a, :now) AS timezone
  FROM accounts a
  JOIN workspaces w ON w.id = a.workspace_id
 CROSS JOIN LATERAL account_limits(a, w) AS limits
  LEFT JOIN campaign_accounts ca ON ca.account_id = a.id AND ca.campaign_id = :campaign_id
 WHERE ca.account_id IS NOT NULL
    OR a.id IN (SELECT s.account_id FROM send_queue s WHERE s.campaign_id = :campaign_id AND s.status = 'pending')
 ORDER BY ca.position NULLS LAST, a.id;

-- name: other_campaigns
-- The other running campaigns that send from these accounts.
SELECT c.id, c.campaign_name, c.schedule_settings::text AS schedule, c.turn_length, c.withdraw_after_days
  FROM campaigns c
 WHERE c.status = 'running' AND has_channel(c.campaign_type) AND c.id <> :campaign_id
   AND (EXISTS (SELECT FROM campaign_accounts ca WHERE ca.campaign_id = c.id AND ca.account_id = ANY(:account_ids::uuid[]))
        OR EXISTS (SELECT FROM lanes l WHERE l.campaign_id = c.id AND l.account_id = ANY(:account_ids::uuid[])))
 ORDER BY c.id;

-- name: candidates
-- The accounts among which each campaign shares its new people.
SELECT ca.campaign_id, ca.account_id, a.status = 'usable' AS usable
  FROM campaign_accounts ca JOIN accounts a ON a.id = ca.account_id
 WHERE ca.campaign_id = ANY(:campaign_ids::uuid[]) ORDER BY ca.campaign_id, ca.position;

-- name: steps
-- The newest version of each: a prospect that was not contacted yet takes that one.
SELECT w.campaign_id, s.action, s.delay
  FROM unnest(:campaign_ids::uuid[]) AS k(campaign_id)
 CROSS JOIN LATERAL (SELECT w.id, w.campaign_id FROM workflows w WHERE w.campaign_id = k.campaign_id ORDER BY w.version DESC LIMIT 1) w
  JOIN workflow_steps s ON s.workflow_id = w.id
 ORDER BY w.campaign_id, s.position;

-- name: first_messages
-- Planned and not sent, by account, and whether the person must be looked up first. Their moments are left out: they were
-- given out under the rules of that day, and what is asked is what the rules of today allow. By the people's own zones,
-- because hours may follow them.
SELECT s.campaign_id, s.account_id, l.timezone, s.next_action = 'profile_lookup' AS look_up, count(*)::int AS people
  FROM send_queue s JOIN leads l ON l.id = s.lead_id
 WHERE s.campaign_id = ANY(:campaign_ids::uuid[]) AND s.status = 'pending' AND s.step_position = 1 AND s.account_id = ANY(:account_ids::uuid[])
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- name: unplanned
-- People who have no account yet and can be written to.
SELECT p.campaign_id, l.timezone, l.linkedin_id IS NULL AS look_up, count(*)::int AS people
  FROM campaign_prospects p JOIN leads l ON l.id = p.lead_id
 WHERE p.campaign_id = ANY(:campaign_ids::uuid[]) AND is_unstarted(p.status) AND p.account_id IS NULL
   AND NOT EXISTS (SELECT FROM do_not_contact(l.workspace_id, l.identity, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, l.company))
   AND l.opted_out_at IS NULL AND (l.linkedin_id IS NOT NULL OR l.linkedin_vanity IS NOT NULL OR l.sales_navigator_id IS NOT NULL)
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- name: later_messages
SELECT s.campaign_id, s.account_id, l.timezone, s.step_position, s.scheduled_for
  FROM send_queue s JOIN leads l ON l.id = s.lead_id
 WHERE s.campaign_id = ANY(:campaign_ids::uuid[]) AND s.status = 'pending' AND s.step_position > 1 AND s.account_id = ANY(:account_ids::uuid[])
   AND s.action <> 'withdrawal' -- those follow from the invitations below
 ORDER BY s.scheduled_for, s.id;

-- name: invited
-- A person who has not accepted for a month hardly will; where invitations are taken back, theirs still are.
SELECT p.campaign_id, p.account_id, l.timezone, p.contacted_at
  FROM campaign_prospects p
  JOIN leads l ON l.id = p.lead_id
  JOIN campaigns c ON c.id = p.campaign_id
 WHERE p.status = 'connection_request_sent' AND p.account_id = ANY(:account_ids::uuid[])
   AND (p.contacted_at > :now::timestamptz - interval '30 days' OR c.withdraw_after_days IS NOT NULL) AND p.campaign_id = ANY(:campaign_ids::uuid[])
 ORDER BY p.contacted_at, p.id;

-- name: use_of_days
-- Nine days: every date that a window of 168 hours can touch, in any zone.
SELECT account_id, action, local_date, used FROM account_usage
 WHERE account_id = ANY(:account_ids::uuid[]) AND local_date > (:now::timestamptz)::date - 9;

-- name: invitations_sent
-- The moments behind those counts; a tenant may not read the ledger, and its sends say the same.
SELECT account_id, sent_at AS at FROM send_queue
 WHERE account_id = ANY(:account_ids::uuid[]) AND action = 'invitation' AND status = 'sent' AND sent_at > :now::timestamptz - interval '168 hours'
UNION ALL
SELECT account_id, sent_at FROM foreign_invitations
 WHERE account_id = ANY(:account_ids::uuid[]) AND counted AND sent_at > :now::timestamptz - interval '168 hours';

-- name: cool_downs
SELECT account_id, action, until FROM account_cool_downs WHERE account_id = ANY(:account_ids::uuid[]) AND until > :now;

-- name: answers
-- How people answered who had two weeks for it.
SELECT campaign_id, count(*)::int AS contacted, count(connected_at)::int AS connected,
       count(*) FILTER (WHERE connected_at IS NOT NULL AND is_stopping(status))::int AS replied,
       avg(connected_at - contacted_at) FILTER (WHERE connected_at > contacted_at) AS accepted_after
  FROM campaign_prospects
 WHERE campaign_id = ANY(:campaign_ids::uuid[]) AND contacted_at < :now::timestamptz - interval '14 days'
 GROUP BY 1;
