-- What the policy decides about a send with: one row of PolicyFacts (shared/policy/rows.py), for the sender, the queue's figures, a
-- retry and an explanation. PostgreSQL folds these functions into the query around them, so a column that a caller does not select
-- costs nothing (docs/adr/0040).

-- From the rows of one send. `recipient`: the provider's id of the person, where it is known. `moment` NULL: the rows are those of now;
-- else they are as they were then, `at` is that time, and what was seen or counted later is left out.
-- Which day it is for the account, its zone in Python says (local_day in shared/policy/rows.py): used_by_day has UTC's day and the two
-- beside it.
DROP FUNCTION IF EXISTS policy_facts; -- a column more or less is no replacement
CREATE OR REPLACE FUNCTION policy_facts(
  p campaign_prospects, c campaigns, w workspaces, a accounts, l leads, r recipients, chats account_reads, cool_down account_cool_downs,
  the_action action, recipient text, at timestamptz, moment timestamptz)
RETURNS TABLE (
  prospect_status prospect_status, hold_until timestamptz, resumed_at timestamptz, connected_at timestamptz, contacted_at timestamptz,
  campaign_status campaign_status, campaign_type campaign_type, campaign_schedule text, withdraw_after_days integer,
  workspace_schedule text, workspace_active boolean, tier text, account_limit integer, workspace_limit integer, weekly_limit integer,
  message_limit integer, lookup_limit integer, email_limit integer, cr_exception integer, warm_up_from date,
  account_type account_type, account_status account_status, status_reason text, country text, account_schedule text,
  next_free_at timestamptz, timezone text,
  last_reply_at timestamptz, opted_out_at timestamptz, prospect_timezone text,
  network_distance text, recipient_connected_at timestamptz, invitation_ended_at timestamptz,
  invited_by_hand_at timestamptz, by_hand_gone_at timestamptz, withdrawn_at timestamptz, used_by_day text,
  replies_read_at timestamptz, replies_next_read_at timestamptz, cool_down_until timestamptz, cool_down_reason text, other_sequence text)
LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT p.status, p.hold_until, p.resumed_at, p.connected_at, p.contacted_at,
         c.status, c.campaign_type, c.schedule_settings::text, c.withdraw_after_days,
         w.schedule_settings::text, w.is_active, limits.tier, limits.account_limit, limits.workspace_limit, limits.weekly_limit,
         limits.message_limit, limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
         a.account_type, a.status, a.status_reason, a.country, a.schedule_settings::text,
         CASE WHEN moment IS NULL THEN a.next_free_at ELSE next_free_at_then(a.id, moment) END, account_timezone(a, at),
         l.last_reply_at, l.opted_out_at, l.timezone,
         r.network_distance, r.connected_at, CASE WHEN moment IS NULL OR r.invitation_ended_at <= at THEN r.invitation_ended_at END,
         by_hand.sent_at, by_hand.gone_at,
         CASE WHEN the_action = 'invitation' THEN
           (SELECT max(x.withdrawn_at) FROM send_attempts x
             WHERE x.workspace_id = p.workspace_id AND x.recipient_id = recipient AND x.withdrawn_at IS NOT NULL
               AND (moment IS NULL OR x.withdrawn_at <= at)) END,
         CASE WHEN moment IS NULL THEN
           (SELECT json_object_agg(u.local_date, u.used)::text FROM account_usage u
             WHERE u.account_id = a.id AND u.action = the_action
               AND u.local_date BETWEEN (at AT TIME ZONE 'UTC')::date - 1 AND (at AT TIME ZONE 'UTC')::date + 1)
              ELSE
           (SELECT json_object_agg(d.day, used_at(a.id, the_action, d.day, moment))::text
              FROM (SELECT (at AT TIME ZONE 'UTC')::date + n AS day FROM generate_series(-1, 1) n) d) END,
         chats.last_read_at, chats.next_at, cool_down.until, cool_down.reason,
         CASE WHEN l.campaign_id <> p.campaign_id THEN
           CASE WHEN moment IS NULL THEN earlier_sequence(p.id) ELSE earlier_sequence_at(p.id, moment) END END
    FROM account_limits(a, w) AS limits
   CROSS JOIN LATERAL ( -- what members of the workspace sent this person by hand; two probes, by id and by vanity
     SELECT max(f.sent_at) FILTER (WHERE f.gone_at IS NULL OR (moment IS NOT NULL AND f.gone_at > at)) AS sent_at,
            max(f.gone_at) FILTER (WHERE moment IS NULL OR f.gone_at <= at) AS gone_at
       FROM (SELECT i.sent_at, i.gone_at, i.created_at FROM foreign_invitations i
              WHERE the_action = 'invitation' AND i.workspace_id = p.workspace_id AND i.recipient_id = recipient AND i.attempt_id IS NULL
             UNION ALL
             SELECT i.sent_at, i.gone_at, i.created_at FROM foreign_invitations i
              WHERE the_action = 'invitation' AND i.workspace_id = p.workspace_id AND i.recipient_id IS NULL
                AND i.public_identifier = coalesce(r.public_identifier, l.linkedin_vanity) AND i.attempt_id IS NULL) f
      WHERE moment IS NULL OR business_then(f.created_at) <= moment) by_hand
$$;
