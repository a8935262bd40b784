-- name: ends_of_queues
-- Where the account's queue of first steps ends, by action; one probe of send_queue_first_steps each.
SELECT w.account_id, w.action, NULL::text AS zone, last.scheduled_for
  FROM unnest(:account_ids::uuid[], :actions::action[]) AS w(account_id, action)
 CROSS JOIN LATERAL (SELECT s.scheduled_for FROM send_queue s
                      WHERE s.account_id = w.account_id AND s.action = w.action AND s.status = 'pending' AND s.step_position = 1
                      ORDER BY s.scheduled_for DESC LIMIT 1) last;

-- name: ends_of_zone_queues
-- The same for sends that follow their prospects' hours: each zone has a queue of its own, or a list that alternates between zones
-- whose hours never meet would be planned one prospect a day. The latest :far first steps of an account are read once for all
-- zones; a zone that is not among them has no end here, and its next send is placed from now on.
SELECT w.account_id, w.action, coalesce(l.timezone, '') AS zone, max(near.scheduled_for) AS scheduled_for
  FROM unnest(:account_ids::uuid[], :actions::action[]) AS w(account_id, action)
 CROSS JOIN LATERAL (SELECT s.lead_id, s.scheduled_for FROM send_queue s
                      WHERE s.account_id = w.account_id AND s.action = w.action AND s.status = 'pending' AND s.step_position = 1
                      ORDER BY s.scheduled_for DESC LIMIT :far) near
  JOIN leads l ON l.id = near.lead_id
 GROUP BY w.account_id, w.action, coalesce(l.timezone, '');

-- name: planned_sends
-- The planned sends of some accounts, each between two moments of its own.
SELECT w.account_id, s.id AS send_id, s.action, s.next_action = 'profile_lookup' AS look_up, s.scheduled_for AS at
  FROM unnest(:account_ids::uuid[], :sinces::timestamptz[], :untils::timestamptz[]) AS w(account_id, since, until)
  JOIN send_queue s ON s.account_id = w.account_id AND s.status = 'pending' AND s.scheduled_for >= w.since AND s.scheduled_for < w.until;

-- name: use_of_days
SELECT account_id, action, local_date, used FROM account_usage
 WHERE account_id = ANY(:account_ids::uuid[]) AND local_date >= :since::date;

-- name: last_invitations
-- Those that left, those the member sent by hand and those that are planned, the latest first, no more than a week's cap of each.
SELECT w.account_id, i.at
  FROM unnest(:account_ids::uuid[], :caps::int[]) AS w(account_id, cap)
 CROSS JOIN LATERAL (
   (SELECT s.scheduled_for AS at FROM send_queue s
     WHERE s.account_id = w.account_id AND s.action = 'invitation' AND s.status = 'pending' AND s.step_position = 1
     ORDER BY s.scheduled_for DESC LIMIT w.cap)
   UNION ALL
   (SELECT x.decided_at FROM send_attempts x
     WHERE x.account_id = w.account_id AND x.action = 'invitation' AND NOT x.given_back AND x.decided_at > :now::timestamptz - interval '168 hours'
     ORDER BY x.decided_at DESC LIMIT w.cap)
   UNION ALL
   (SELECT f.sent_at FROM foreign_invitations f
     WHERE f.account_id = w.account_id AND f.counted AND f.sent_at > :now::timestamptz - interval '168 hours'
     ORDER BY f.sent_at DESC LIMIT w.cap)) i;
