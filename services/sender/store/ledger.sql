-- name: lock_clock_and_read_fence^
-- The advisory lock is shared by every begin; the clock skips hours only while no begin holds it (shared/runtime/clock.py). The fence's
-- row is read in the same statement, which every begin makes anyway, so that a restored database is noticed before a send leaves.
SELECT f.stack_id, f.epoch, f.system_identifier, f.timeline, f.kafka_cluster, f.seq, f.token, f.previous,
       f.attempt_id, f.beat_at, f.business_at, f.read_only_since, f.read_only_why, f.neighbours, f.own_system_identifier, f.own_timeline, f.durable,
       pg_advisory_xact_lock_shared(:key) AS lock
  FROM stack_fence_now f;

-- name: lock_leads!
-- A reply or an opt-out that is being written holds its lead: we wait for it and read it, or it comes after our
-- commit, which is the line after which a stop comes too late.
SELECT l.id FROM leads l
 WHERE l.id IN (SELECT lead_id FROM send_queue WHERE id = ANY(:send_ids::uuid[]))
 ORDER BY l.id FOR SHARE;

-- name: load_due
-- A statement of its own: it must see what was committed while it waited for the locks. A send that is missing was dispatched again,
-- paused or withdrawn in between, or the event is an old one.
-- Python decides by the account's zone which day it is for the account (shared/policy/rows.py): the counts here are of UTC's day and
-- its neighbours.
WITH clock AS MATERIALIZED (
  SELECT t.technical, t.now, (t.now AT TIME ZONE 'UTC')::date AS today
    FROM (SELECT c.technical, business_at(c.technical) AS now FROM (SELECT clock_timestamp() AS technical) c) t)
SELECT f.account_type, f.account_limit, f.workspace_limit, f.tier, f.weekly_limit, f.message_limit, f.lookup_limit, f.email_limit,
       f.cr_exception, f.warm_up_from,
       s.next_action, s.scheduled_for, s.requires_connection,
       f.prospect_status, f.hold_until, f.resumed_at, f.connected_at, f.contacted_at,
       f.campaign_status, f.campaign_type, f.campaign_schedule, f.withdraw_after_days, f.workspace_schedule, f.workspace_active,
       f.account_status, f.status_reason, f.country, f.account_schedule, f.next_free_at, f.timezone,
       f.last_reply_at, f.opted_out_at, f.prospect_timezone,
       f.network_distance, f.recipient_connected_at, f.invitation_ended_at, f.invited_by_hand_at, f.by_hand_gone_at, f.withdrawn_at,
       f.used_by_day, f.replies_read_at, f.replies_next_read_at, f.cool_down_until, f.cool_down_reason, f.other_sequence,
       barred.entry AS suppressed_by,
       clock.technical, clock.now,
       s.id AS send_id, s.dispatch_no, s.prospect_id, s.campaign_id, s.workspace_id, s.lead_id, s.account_id, s.message_type, s.message,
       s.message_sha256, s.action, s.linkedin_user_id, s.retries, a.provider_account_id,
       l.first_name, l.last_name, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, r.provider_id, r.chat_id,
       CASE WHEN s.next_action = 'invitation' THEN
         coalesce((SELECT sum(u.used) FROM account_usage u
                    WHERE u.account_id = s.account_id AND u.action = 'invitation'
                      AND u.local_date > clock.today - 10), 0) ELSE 0 END AS used_about_a_week,
       coalesce(cd.level, 0) AS cool_down_level,
       CASE WHEN s.next_action = 'withdrawal' THEN
         (SELECT x.provider_ref FROM send_attempts x
           WHERE x.workspace_id = s.workspace_id AND x.recipient_id = s.linkedin_user_id AND x.action = 'invitation' AND x.state = 'accepted'
             AND x.withdrawn_at IS NULL AND x.account_id = s.account_id) END AS invitation_ref
  FROM clock,
       unnest(:send_ids::uuid[], :dispatch_nos::int[]) AS e(send_id, dispatch_no)
  JOIN send_queue s ON s.id = e.send_id AND s.dispatch_no = e.dispatch_no
  JOIN campaign_prospects p ON p.id = s.prospect_id
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN workspaces w ON w.id = s.workspace_id
  JOIN accounts a ON a.id = s.account_id
  JOIN leads l ON l.id = s.lead_id
  LEFT JOIN recipients r ON r.account_id = s.account_id AND r.lead_id = s.lead_id
  LEFT JOIN account_cool_downs cd ON cd.account_id = s.account_id AND cd.action = s.next_action
  LEFT JOIN account_reads rd ON rd.account_id = s.account_id AND rd.kind = 'chats' AND s.next_action = 'message'
  LEFT JOIN LATERAL do_not_contact(l.workspace_id, l.identity, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, l.company)
         AS barred ON true
 CROSS JOIN LATERAL policy_facts(p, c, w, a, l, r, rd, cd, s.next_action, s.linkedin_user_id, clock.now, NULL) AS f
 WHERE s.status = 'dispatched' AND s.account_id = ANY(:locked::uuid[])
 ORDER BY s.account_id, s.scheduled_for
   FOR NO KEY UPDATE OF s;

-- name: week_of_invitations
-- Exact, and read only for accounts whose daily counts add up to the cap: how many invitations left in the last 168 h, and when enough
-- of them will have left the window for the next one. Ours, and those that the member sent by hand; `cap` is each account's own.
SELECT near.account_id, count(*)::int AS used,
       (array_agg(i.at ORDER BY i.at DESC))[min(near.cap)] + interval '168 hours' AS frees_at
  FROM unnest(:account_ids::uuid[], :caps::int[]) AS near(account_id, cap)
 CROSS JOIN LATERAL (
   SELECT a.decided_at AS at FROM send_attempts a
    WHERE a.account_id = near.account_id AND a.action = 'invitation' AND NOT a.given_back
      AND a.decided_at > :now::timestamptz - interval '168 hours'
   UNION ALL
   SELECT f.sent_at FROM foreign_invitations f
    WHERE f.account_id = near.account_id AND f.counted AND f.sent_at > :now::timestamptz - interval '168 hours') i
 GROUP BY near.account_id;

-- name: record_intents
-- The commit of these rows is the decision. A send that meets one of the ledger's unique indexes is not returned.
WITH made AS (
  INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, owner, dispatch_no, recipient_id,
                             message_sha256, decided_at, valid_until, act_by, counted_on, picture)
  SELECT s.workspace_id, s.campaign_id, s.prospect_id, s.lead_id, s.account_id, s.id, s.next_action, :owner, s.dispatch_no,
         CASE WHEN s.next_action <> 'profile_lookup' THEN s.linkedin_user_id END, s.message_sha256, :now, i.valid_until, :act_by, i.counted_on,
         CASE WHEN r.provider_id IS NOT NULL THEN
           jsonb_build_object('network_distance', r.network_distance, 'invitation_status', r.invitation_status, 'resolved_at', r.resolved_at) END
    FROM unnest(:send_ids::uuid[], :valid_untils::timestamptz[], :counted_ons::date[]) AS i(send_id, valid_until, counted_on)
    JOIN send_queue s ON s.id = i.send_id
    LEFT JOIN recipients r ON r.account_id = s.account_id AND r.lead_id = s.lead_id
  ON CONFLICT DO NOTHING
  RETURNING id, send_id, account_id, action, counted_on
), counted AS (
  INSERT INTO account_usage (account_id, local_date, action, used)
  SELECT account_id, counted_on, action, count(*) FROM made GROUP BY 1, 2, 3
  ON CONFLICT (account_id, local_date, action) DO UPDATE SET used = account_usage.used + excluded.used
), held AS (
  UPDATE accounts a SET lease_until = :lease_until, lease_holder = :owner, wake_at = NULL FROM made WHERE a.id = made.account_id
), leaving AS (
  UPDATE send_queue s SET status = 'sending', dispatches_in_vain = 0 FROM made WHERE s.id = made.send_id AND s.status = 'dispatched'
)
SELECT id, send_id FROM made;

-- name: sends_met_by_a_live_invitation
-- Which of these sends met another live invitation to the same person in their workspace.
SELECT s.id
  FROM send_queue s
  JOIN send_attempts x ON x.workspace_id = s.workspace_id AND x.recipient_id = s.linkedin_user_id AND x.action = 'invitation'
                      AND is_live(x.state) AND x.withdrawn_at IS NULL
 WHERE s.id = ANY(:send_ids::uuid[]) AND s.next_action = 'invitation' AND x.send_id <> s.id;

-- name: put_back!
-- Back to pending; what concerns only this send moves its own time or holds it.
UPDATE send_queue s
   SET status = 'pending', scheduled_for = greatest(s.scheduled_for, coalesce(b.due, s.scheduled_for)), held_for = b.held_for, dispatches_in_vain = 0
  FROM unnest(:send_ids::uuid[], :dues::timestamptz[], :holds::text[]) AS b(send_id, due, held_for)
 WHERE s.id = b.send_id AND s.status = 'dispatched';

-- name: close_lanes!
-- A wait of an account or a campaign closes lanes; a wait of an action closes that action in all lanes of the account (close_actions).
INSERT INTO lanes (account_id, campaign_id, action, closed_until, reason)
SELECT DISTINCT ON (w.account_id, w.campaign_id, w.action) w.account_id, w.campaign_id, w.action, w.until, w.reason
  FROM unnest(:account_ids::uuid[], :campaign_ids::uuid[], :actions::action[], :untils::timestamptz[], :reasons::text[])
       AS w(account_id, campaign_id, action, until, reason)
 ORDER BY w.account_id, w.campaign_id, w.action, w.until DESC
ON CONFLICT (account_id, campaign_id, action) DO UPDATE SET closed_until = excluded.closed_until, reason = excluded.reason;

-- name: close_actions!
UPDATE lanes l SET closed_until = w.until, reason = w.reason
  FROM unnest(:account_ids::uuid[], :actions::action[], :untils::timestamptz[], :reasons::text[]) AS w(account_id, action, until, reason)
 WHERE l.account_id = w.account_id AND l.action = w.action;

-- name: skip!
UPDATE send_queue s SET status = 'skipped', error_message = k.reason
  FROM unnest(:send_ids::uuid[], :reasons::text[]) AS k(send_id, reason)
 WHERE s.id = k.send_id AND s.status = 'dispatched';

-- name: move_prospects
-- Where a stop leaves its prospects (shared/policy/after_stop.py), from the status that was read; locked in order of id, as everywhere.
-- A prospect who was contacted meanwhile does not become failed: that word means never contacted. An opt-out or a reply that came in
-- between stays.
WITH locked AS MATERIALIZED (
  SELECT p.id, m.was, m.status, m.outcome, m.reason, m.connected_at
    FROM unnest(:prospect_ids::uuid[], :was::prospect_status[], :statuses::prospect_status[], :outcomes::text[], :reasons::text[],
                :connected_ats::timestamptz[]) AS m(prospect_id, was, status, outcome, reason, connected_at)
    JOIN campaign_prospects p ON p.id = m.prospect_id
   ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE campaign_prospects p
   SET status = m.status, outcome = coalesce(m.outcome, p.outcome),
       error_message = CASE WHEN m.status IN ('failed', 'completed') THEN m.reason ELSE p.error_message END,
       completed_at = CASE WHEN m.status = 'completed' THEN :now ELSE p.completed_at END,
       connected_at = CASE WHEN m.status = 'connected' THEN coalesce(p.connected_at, m.connected_at) ELSE p.connected_at END
  FROM locked m
 WHERE p.id = m.id AND p.status = m.was AND (m.status <> 'failed' OR status_when_given_up(p.contacted_at) = 'failed')
RETURNING p.id;

-- name: release_accounts!
-- Release the account's lease; the dispatcher considers the account again at `next_check`, NULL: not before another event wakes it.
UPDATE accounts a SET lease_until = NULL, lease_holder = NULL, wake_at = g.next_check
  FROM unnest(:account_ids::uuid[], :next_checks::timestamptz[]) AS g(account_id, next_check)
 WHERE a.id = g.account_id;

-- name: still_due
-- Which of these events a begin would accept: the send is still dispatched, under that number. Read before a replay.
SELECT s.id FROM unnest(:send_ids::uuid[], :dispatch_nos::int[]) AS e(send_id, dispatch_no)
  JOIN send_queue s ON s.id = e.send_id AND s.dispatch_no = e.dispatch_no AND s.status = 'dispatched';
