-- name: campaign_with_unplanned$
-- The next running campaign after this one that has somebody to plan, and what it takes to plan. One index probe per
-- running campaign; the index holds the unplanned alone.
SELECT c.id FROM campaigns c
 WHERE c.status = 'running' AND has_channel(c.campaign_type) AND c.id > :after
   AND EXISTS (SELECT FROM campaign_prospects p WHERE p.campaign_id = c.id AND is_unstarted(p.status) AND p.account_id IS NULL)
   AND EXISTS (SELECT FROM campaign_accounts a WHERE a.campaign_id = c.id)
   AND EXISTS (SELECT FROM workflows w JOIN workflow_steps s ON s.workflow_id = w.id WHERE w.campaign_id = c.id)
 ORDER BY c.id LIMIT 1;

-- name: take_turn$
-- Two queuers that sweep the same people would wait for each other, and the second for nothing.
SELECT pg_try_advisory_xact_lock(hashtextextended('tact.sweep.' || (:campaign_id)::uuid::text, 0));

-- name: unplanned
SELECT id FROM campaign_prospects
 WHERE campaign_id = :campaign_id AND is_unstarted(status) AND account_id IS NULL
 ORDER BY id LIMIT :most;

-- name: under_way
-- The next people, in order of id, whose sequence is under way in a campaign that may go on, and whether something of theirs
-- is on its way: where none is, the next step may never have been planned, because its event was lost. From the index of those
-- under way alone, one probe of the sends of each.
SELECT p.id,
       has_channel(c.campaign_type) AND c.status IN ('running', 'paused')
       AND NOT EXISTS (SELECT FROM send_queue s
                        WHERE s.prospect_id = p.id
                          AND (is_open(s.status)
                               -- what the sender left out, what failed and what was cancelled ends a sequence (rules/steps.py)
                               OR (s.step_position > 1
                                   AND (s.status IN ('failed', 'cancelled') OR (s.status = 'skipped' AND s.dispatch_no > 0))))) AS idle
  FROM (SELECT u.id, u.campaign_id FROM campaign_prospects u
         WHERE u.status IN ('connected', 'messaging') AND u.id > :after ORDER BY u.id LIMIT :most) p
  JOIN campaigns c ON c.id = p.campaign_id
 ORDER BY p.id;

-- name: accounts_wanted
-- Every account these prospects have, or may be given.
SELECT p.account_id AS id FROM campaign_prospects p WHERE p.id = ANY(:prospect_ids::uuid[]) AND p.account_id IS NOT NULL
UNION
SELECT ca.account_id FROM campaign_accounts ca
 WHERE ca.campaign_id IN (SELECT campaign_id FROM campaign_prospects WHERE id = ANY(:prospect_ids::uuid[]) AND account_id IS NULL);

-- name: lock_accounts
-- In id order and before the prospects; two planners may not give out the same moment of an account.
SELECT id FROM accounts WHERE id = ANY(:account_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_prospects
SELECT id FROM campaign_prospects WHERE id = ANY(:prospect_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: lock_campaigns
-- Two planners may not share out one campaign's prospects by the same credits; only where somebody still needs an account.
SELECT id FROM campaigns WHERE id = ANY(:campaign_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: load_prospects
-- A statement of its own, after the locks: it must see what was committed while they were waited for.
-- First steps leave running campaigns alone; a sequence under way is planned on while its campaign is paused, because
-- its lanes hold it back and the event that woke us does not come again.
SELECT p.id, p.workspace_id, p.campaign_id, p.lead_id, p.status, p.account_id, p.contacted_at, p.connected_at, p.hold_until, p.resumed_at,
       coalesce(p.workflow_id, (SELECT w.id FROM workflows w WHERE w.campaign_id = p.campaign_id ORDER BY w.version DESC LIMIT 1)) AS workflow_id,
       c.on_missing, c.schedule_settings::text AS campaign_schedule, ws.schedule_settings::text AS workspace_schedule,
       l.first_name, l.last_name, l.company, l.title, l.location, l.timezone, l.last_reply_at, l.opted_out_at, l.linkedin_id,
       array_remove(ARRAY[CASE WHEN l.linkedin_id IS NOT NULL OR l.linkedin_vanity IS NOT NULL OR l.sales_navigator_id IS NOT NULL
                               THEN 'linkedin' END,
                          CASE WHEN l.email IS NOT NULL THEN 'email' END], NULL) AS channels,
       CASE WHEN is_unstarted(p.status) THEN
         (SELECT max(f.sent_at)
            FROM (SELECT i.sent_at FROM recipients r
                    JOIN foreign_invitations i ON i.workspace_id = r.workspace_id AND i.recipient_id = r.provider_id
                                              AND i.attempt_id IS NULL AND i.gone_at IS NULL
                   WHERE r.lead_id = p.lead_id
                  UNION ALL
                  SELECT i.sent_at FROM foreign_invitations i
                   WHERE i.workspace_id = p.workspace_id AND i.recipient_id = l.linkedin_id AND i.attempt_id IS NULL AND i.gone_at IS NULL
                  UNION ALL
                  SELECT i.sent_at FROM foreign_invitations i
                   WHERE i.workspace_id = p.workspace_id AND i.public_identifier = l.linkedin_vanity AND i.attempt_id IS NULL
                     AND i.gone_at IS NULL AND (l.linkedin_id IS NULL OR i.recipient_id IS NULL OR i.recipient_id = l.linkedin_id)) f)
       END AS invited_by_hand_at,
       barred.entry AS suppressed_by
  FROM campaign_prospects p
  JOIN campaigns c ON c.id = p.campaign_id
  JOIN workspaces ws ON ws.id = p.workspace_id
  JOIN leads l ON l.id = p.lead_id
  LEFT JOIN LATERAL do_not_contact(l.workspace_id, l.identity, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, l.company)
         AS barred ON true
 WHERE p.id = ANY(:prospect_ids::uuid[]) AND has_channel(c.campaign_type)
   AND (c.status = 'running' OR (c.status = 'paused' AND p.status IN ('connected', 'messaging')))
 ORDER BY p.id;

-- name: load_steps
SELECT workflow_id, position, message_type, action, delay, requires_connection, template
  FROM workflow_steps WHERE workflow_id = ANY(:workflow_ids::uuid[]) ORDER BY workflow_id, position;

-- name: load_sends
SELECT prospect_id, message_type, status, sent_at, dispatch_no > 0 AS dispatched, message_sha256 = :not_rendered AS needs_words
  FROM send_queue WHERE prospect_id = ANY(:prospect_ids::uuid[]);

-- name: load_candidates
SELECT ca.campaign_id, ca.account_id, ca.credit, a.status = 'usable' AS usable
  FROM campaign_accounts ca JOIN accounts a ON a.id = ca.account_id
 WHERE ca.campaign_id = ANY(:campaign_ids::uuid[]) AND ca.account_id = ANY(:locked::uuid[])
 ORDER BY ca.campaign_id, ca.position;

-- name: load_accounts
SELECT a.id, a.account_type, a.country, a.schedule_settings::text AS account_schedule, w.schedule_settings::text AS workspace_schedule,
       a.next_free_at, limits.warm_up_from, limits.account_limit, limits.workspace_limit, limits.tier, limits.cr_exception,
       limits.weekly_limit, limits.message_limit, limits.lookup_limit, limits.email_limit,
       account_timezone(a, :now) AS timezone
  FROM accounts a JOIN workspaces w ON w.id = a.workspace_id CROSS JOIN LATERAL account_limits(a, w) AS limits
 WHERE a.id = ANY(:account_ids::uuid[]);

-- name: known_recipients
-- Whom these accounts have looked up lately.
SELECT r.account_id, r.lead_id, r.provider_id
  FROM unnest(:account_ids::uuid[], :lead_ids::uuid[]) AS w(account_id, lead_id)
  JOIN recipients r ON r.account_id = w.account_id AND r.lead_id = w.lead_id
 WHERE r.resolved_at > :fresh_since;

-- name: room
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

-- name: last_first_steps
-- Where the account's queue of first messages ends, by action; one probe of send_queue_first_steps each.
SELECT w.account_id, w.action, last.scheduled_for
  FROM unnest(:account_ids::uuid[], :actions::action[]) AS w(account_id, action)
 CROSS JOIN LATERAL (SELECT s.scheduled_for FROM send_queue s
                      WHERE s.account_id = w.account_id AND s.action = w.action AND s.status = 'pending' AND s.step_position = 1
                      ORDER BY s.scheduled_for DESC LIMIT 1) last;

-- name: last_first_steps_of_zone
-- The same for sends that follow their prospects: each zone has a queue of its own, or a list that goes to and fro between
-- zones whose hours never meet would be planned one prospect a day. A zone that is rare among the last ones planned is
-- not searched for any further: its next send then looks for its place from now on.
SELECT w.account_id, w.action, w.zone, last.scheduled_for
  FROM unnest(:account_ids::uuid[], :actions::action[], :zones::text[]) AS w(account_id, action, zone)
 CROSS JOIN LATERAL (SELECT max(near.scheduled_for) AS scheduled_for
                       FROM (SELECT s.lead_id, s.scheduled_for FROM send_queue s
                              WHERE s.account_id = w.account_id AND s.action = w.action AND s.status = 'pending' AND s.step_position = 1
                              ORDER BY s.scheduled_for DESC LIMIT :far) near
                       JOIN leads l ON l.id = near.lead_id
                      WHERE coalesce(l.timezone, '') = w.zone) last
 WHERE last.scheduled_for IS NOT NULL;

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

-- name: taken
-- The planned sends of some accounts, each between two moments of its own.
SELECT w.account_id, s.id, s.action, s.next_action = 'profile_lookup' AS look_up, s.scheduled_for
  FROM unnest(:account_ids::uuid[], :sinces::timestamptz[], :untils::timestamptz[]) AS w(account_id, since, until)
  JOIN send_queue s ON s.account_id = w.account_id AND s.status = 'pending' AND s.scheduled_for >= w.since AND s.scheduled_for < w.until;

-- name: usage
SELECT account_id, action, local_date, used FROM account_usage
 WHERE account_id = ANY(:account_ids::uuid[]) AND local_date >= :since::date;

-- name: insert_sends
-- A send that is there already stays as it is: planning a step twice is one row. Only one without words gets them now: it
-- was refused them and reopened since, or is handed over to another account.
INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action, next_action,
                        linkedin_user_id, message, message_sha256, scheduled_for, status, requires_connection, error_message)
SELECT n.id, p.workspace_id, p.campaign_id, p.id, p.lead_id, n.account_id, n.message_type, n.step_position, n.action, n.next_action,
       n.linkedin_user_id, n.message, n.message_sha256, n.scheduled_for, n.status, n.requires_connection, n.error_message
  FROM unnest(:ids::uuid[], :prospect_ids::uuid[], :account_ids::uuid[], :message_types::text[], :step_positions::int[], :actions::action[],
              :next_actions::action[], :linkedin_user_ids::text[], :messages::text[], :sha256s::bytea[], :scheduled_fors::timestamptz[],
              :statuses::send_status[], :requires_connections::boolean[], :error_messages::text[])
       AS n(id, prospect_id, account_id, message_type, step_position, action, next_action, linkedin_user_id, message, message_sha256,
            scheduled_for, status, requires_connection, error_message)
  JOIN campaign_prospects p ON p.id = n.prospect_id
ON CONFLICT (id) DO UPDATE
   SET account_id = excluded.account_id, status = excluded.status, message = excluded.message,
       message_sha256 = excluded.message_sha256, next_action = excluded.next_action,
       linkedin_user_id = excluded.linkedin_user_id, scheduled_for = excluded.scheduled_for, error_message = excluded.error_message
 WHERE send_queue.status = 'pending' AND send_queue.message_sha256 = :not_rendered
RETURNING id;

-- name: open_lanes!
INSERT INTO lanes (account_id, campaign_id, action)
SELECT DISTINCT account_id, campaign_id, action
  FROM unnest(:account_ids::uuid[], :campaign_ids::uuid[], :actions::action[]) AS n(account_id, campaign_id, action)
 ORDER BY account_id, campaign_id, action
ON CONFLICT DO NOTHING;

-- name: wake_accounts!
-- Also while an account is in somebody's hand: the lease alone keeps it from the dispatcher, and whoever lets go must
-- not make it sleep past this moment. Locked above.
UPDATE accounts a SET wake_at = w.wake
  FROM unnest(:account_ids::uuid[], :wakes::timestamptz[]) AS w(account_id, wake)
 WHERE a.id = w.account_id AND coalesce(a.wake_at, 'infinity') > w.wake;

-- name: remember_plans!
-- The account is sticky from now on, and so is the version of the workflow.
UPDATE campaign_prospects p
   SET account_id = coalesce(p.account_id, n.account_id), workflow_id = coalesce(p.workflow_id, n.workflow_id),
       follow_up_due_at = coalesce(n.follow_up_due_at, p.follow_up_due_at)
  FROM unnest(:prospect_ids::uuid[], :account_ids::uuid[], :workflow_ids::uuid[], :follow_up_due_ats::timestamptz[])
       AS n(prospect_id, account_id, workflow_id, follow_up_due_at)
 WHERE p.id = n.prospect_id;

-- name: end_prospects!
UPDATE campaign_prospects p
   SET status = e.status, outcome = e.outcome, error_message = coalesce(e.error_message, p.error_message),
       completed_at = CASE WHEN e.status = 'completed' THEN :now ELSE p.completed_at END
  FROM unnest(:prospect_ids::uuid[], :was::prospect_status[], :statuses::prospect_status[], :outcomes::text[], :error_messages::text[])
       AS e(prospect_id, was, status, outcome, error_message)
 WHERE p.id = e.prospect_id AND p.status = e.was;

-- name: keep_credits!
UPDATE campaign_accounts ca SET credit = k.credit
  FROM unnest(:campaign_ids::uuid[], :account_ids::uuid[], :credits::float8[]) AS k(campaign_id, account_id, credit)
 WHERE ca.campaign_id = k.campaign_id AND ca.account_id = k.account_id;
