-- Everything here costs the accounts and lanes it is asked about, not what is stored: index probes, and counts that stop at :most.

-- name: clock^
SELECT business_now() AS now, speed FROM stack_clock;

-- name: accounts_of_scope
-- A page in order of id. :waiting leaves out accounts with nothing planned and nothing in hand (one probe each).
SELECT a.account_type, limits.account_limit, limits.workspace_limit, limits.tier, limits.weekly_limit, limits.message_limit,
       limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
       a.id, a.workspace_id, w.company_name, a.name, a.status, a.lease_until IS NOT NULL AS leased, account_timezone(a, :now) AS timezone
  FROM accounts a
  JOIN workspaces w ON w.id = a.workspace_id
 CROSS JOIN LATERAL account_limits(a, w) AS limits
 WHERE (:workspace_id::uuid IS NULL OR a.workspace_id = :workspace_id) AND (:account_id::uuid IS NULL OR a.id = :account_id)
   AND (:campaign_id::uuid IS NULL OR EXISTS (SELECT FROM campaign_accounts ca WHERE ca.campaign_id = :campaign_id AND ca.account_id = a.id))
   AND (NOT :waiting OR EXISTS (SELECT FROM send_queue s WHERE s.account_id = a.id AND s.status = 'pending')
        OR EXISTS (SELECT FROM send_queue s WHERE s.account_id = a.id AND is_in_hand(s.status)))
 ORDER BY a.id LIMIT :most;

-- name: first_of_lanes
-- The first planned send of each lane, closed ones too. One probe of send_queue_due a lane.
SELECT l.account_id, l.campaign_id, l.closed_until, l.condition, l.reason AS lane_reason,
       l.action, s.id AS send_id, s.scheduled_for
  FROM lanes l
 CROSS JOIN LATERAL (
   SELECT q.id, q.scheduled_for FROM send_queue q
    WHERE q.account_id = l.account_id AND q.campaign_id = l.campaign_id AND q.next_action = l.action
      AND q.status = 'pending' AND q.held_for IS NULL AND q.message_sha256 <> :not_rendered
    ORDER BY q.scheduled_for LIMIT 1) s
 WHERE l.account_id = ANY(:account_ids::uuid[]) AND (:campaign_id::uuid IS NULL OR l.campaign_id = :campaign_id);

-- name: used_lately
-- What the accounts did on the days around now, each on its own days.
SELECT account_id, action, local_date, used FROM account_usage
 WHERE account_id = ANY(:account_ids::uuid[]) AND local_date >= (:now::timestamptz AT TIME ZONE 'UTC')::date - 1;

-- name: weeks_of
-- No more rows of an account than a week's cap: the last invitations of 168 hours, and when one of them leaves.
SELECT w.account_id, count(*)::int AS used, min(i.decided_at) + interval '168 hours' AS frees_at
  FROM unnest(:account_ids::uuid[], :caps::int[]) AS w(account_id, cap)
 CROSS JOIN LATERAL (
   SELECT e.decided_at FROM ( -- ours, and those the member sent by hand
     (SELECT x.decided_at FROM send_attempts x
       WHERE x.account_id = w.account_id AND x.action = 'invitation' AND NOT x.given_back AND x.decided_at > :now::timestamptz - interval '168 hours'
       ORDER BY x.decided_at DESC LIMIT w.cap)
     UNION ALL
     (SELECT f.sent_at FROM foreign_invitations f
       WHERE f.account_id = w.account_id AND f.counted AND f.sent_at > :now::timestamptz - interval '168 hours'
       ORDER BY f.sent_at DESC LIMIT w.cap)) e
    ORDER BY e.decided_at DESC LIMIT w.cap) i
 GROUP BY w.account_id;

-- name: due_by_lane
-- How long the due sends of each lane have waited since they were planned to leave; the oldest :most of a lane, by send_queue_due.
SELECT l.account_id, l.campaign_id, l.action, d.scheduled_for
  FROM lanes l
 CROSS JOIN LATERAL (
   SELECT q.scheduled_for FROM send_queue q
    WHERE q.account_id = l.account_id AND q.campaign_id = l.campaign_id AND q.next_action = l.action
      AND q.status = 'pending' AND q.held_for IS NULL AND q.scheduled_for <= :now
    ORDER BY q.scheduled_for LIMIT :most) d
 WHERE l.account_id = ANY(:account_ids::uuid[]) AND (:campaign_id::uuid IS NULL OR l.campaign_id = :campaign_id);

-- name: remaining$
-- What is planned and has not left, over everything that is asked about; counted no further than :most.
SELECT count(*)::int FROM (
  SELECT FROM send_queue s
   WHERE s.status = 'pending' AND (:workspace_id::uuid IS NULL OR s.workspace_id = :workspace_id)
     AND (:account_id::uuid IS NULL OR s.account_id = :account_id)
   LIMIT :most) planned;

-- name: planned_by_account
-- Counted no further than :most each, by send_queue_planned; sends that wait for an acceptance are among them.
SELECT w.account_id, (SELECT count(*)::int FROM (SELECT FROM send_queue s WHERE s.account_id = w.account_id AND s.status = 'pending' LIMIT :most) p)
         AS count
  FROM unnest(:account_ids::uuid[]) AS w(account_id);

-- name: campaigns_of_scope
-- Running ones first; their planned sends counted no further than :most_sends each, by send_queue_campaign_pending.
SELECT c.id, c.workspace_id, c.campaign_name, c.status,
       (SELECT count(*)::int FROM (SELECT FROM send_queue s WHERE s.campaign_id = c.id AND s.status = 'pending' LIMIT :most_sends) p) AS pending,
       (SELECT min(f.scheduled_for)
          FROM lanes l
         CROSS JOIN LATERAL (SELECT s.scheduled_for FROM send_queue s
                              WHERE s.account_id = l.account_id AND s.campaign_id = l.campaign_id AND s.next_action = l.action
                                AND s.status = 'pending' AND s.held_for IS NULL
                              ORDER BY s.scheduled_for LIMIT 1) f
         WHERE l.campaign_id = c.id) AS next_planned_at
  FROM campaigns c
 WHERE c.status IN ('running', 'paused') AND (:workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id)
   AND (:campaign_id::uuid IS NULL OR c.id = :campaign_id)
   AND (:account_id::uuid IS NULL OR EXISTS (SELECT FROM campaign_accounts ca WHERE ca.campaign_id = c.id AND ca.account_id = :account_id))
 ORDER BY c.status, c.id LIMIT :most;

-- name: sent_by_lane
-- What left of each account in each campaign since its own midnight, and in the last minutes: read from the end of send_queue_sent,
-- no more than an account may send in a day (:most is far above every cap).
SELECT w.account_id, s.campaign_id, count(*) FILTER (WHERE s.sent_at >= w.midnight)::int AS today,
       count(*) FILTER (WHERE s.sent_at > :now::timestamptz - interval '5 minutes')::int AS in_5_minutes,
       count(*) FILTER (WHERE s.sent_at > :now::timestamptz - interval '60 minutes')::int AS in_60_minutes
  FROM unnest(:account_ids::uuid[], :midnights::timestamptz[]) AS w(account_id, midnight)
 CROSS JOIN LATERAL (
   SELECT q.campaign_id, q.sent_at FROM send_queue q
    WHERE q.account_id = w.account_id AND q.status = 'sent' AND q.sent_at > least(w.midnight, :now::timestamptz - interval '60 minutes')
    ORDER BY q.sent_at DESC LIMIT :most) s
 WHERE (:campaign_id::uuid IS NULL OR s.campaign_id = :campaign_id)
 GROUP BY w.account_id, s.campaign_id;

-- name: failed_by_lane
-- What waits for a person, counted no further than :most over all, by send_queue_failed alone.
SELECT account_id, campaign_id, count(*)::int AS failed FROM (
  SELECT s.account_id, s.campaign_id FROM send_queue s
   WHERE s.status = 'failed' AND (:workspace_id::uuid IS NULL OR s.workspace_id = :workspace_id)
     AND (:account_id::uuid IS NULL OR s.account_id = :account_id) AND (:campaign_id::uuid IS NULL OR s.campaign_id = :campaign_id)
   LIMIT :most) f
 GROUP BY account_id, campaign_id;

-- name: undecided_by_account
-- Attempts whose outcome a person must decide; by a partial index that holds nothing else.
SELECT account_id, count(*)::int AS count FROM send_attempts
 WHERE account_id = ANY(:account_ids::uuid[]) AND state = 'unknown' AND needs_person GROUP BY account_id;

-- name: dispatch_states
-- What became of some dispatches: the send as it is, and the attempt that this very dispatch led to.
SELECT d.send_id, s.status, s.dispatch_no > d.dispatch_no AS dispatched_again, s.account_id, s.message_type, s.error_message, s.sent_at,
       l.first_name, l.last_name, x.action, x.state
  FROM unnest(:send_ids::uuid[], :dispatch_nos::int[]) AS d(send_id, dispatch_no)
  JOIN send_queue s ON s.id = d.send_id
  JOIN leads l ON l.id = s.lead_id
  LEFT JOIN LATERAL (SELECT a.action, a.state FROM send_attempts a WHERE a.send_id = s.id AND a.dispatch_no = d.dispatch_no
                      ORDER BY a.id DESC LIMIT 1) x ON true
 ORDER BY s.sent_at, d.send_id;

-- name: scope_exists$
-- Whether what is asked about is there.
SELECT (:workspace_id::uuid IS NULL OR EXISTS (SELECT FROM workspaces w WHERE w.id = :workspace_id))
   AND (:account_id::uuid IS NULL OR EXISTS (SELECT FROM accounts a WHERE a.id = :account_id
                                                AND (:workspace_id::uuid IS NULL OR a.workspace_id = :workspace_id)))
   AND (:campaign_id::uuid IS NULL OR EXISTS (SELECT FROM campaigns c WHERE c.id = :campaign_id
                                                 AND (:workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id)));

-- name: unplanned_left$
-- Prospects of running campaigns that are not planned yet, counted no further than :most by the index that holds them alone.
SELECT count(*)::int FROM (
  SELECT FROM campaigns c
    JOIN campaign_prospects p ON p.campaign_id = c.id AND is_unstarted(p.status) AND p.account_id IS NULL
   WHERE c.status = 'running' AND has_channel(c.campaign_type)
   LIMIT :most) unplanned;
