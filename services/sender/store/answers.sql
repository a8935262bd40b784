-- name: settle_attempts
-- Compare-and-set. An attempt that became unknown meanwhile is settled by the late answer; one that was settled otherwise
-- is not returned.
UPDATE send_attempts a
   SET state = o.state, answered_at = o.answered_at, http_status = o.http_status, error_type = o.error_type, error_detail = o.error_detail,
       provider_ref = o.provider_ref, chat_id = o.chat_id, given_back = o.given_back,
       recipient_id = coalesce(a.recipient_id, o.recipient_id),
       look_after = CASE WHEN o.state = 'unknown' THEN business_now() + :lag::interval END
  FROM unnest(:ids::bigint[], :states::attempt_state[], :answered_ats::timestamptz[], :http_statuses::int[], :error_types::text[],
              :error_details::text[], :provider_refs::text[], :chat_ids::text[], :given_backs::boolean[], :recipient_ids::text[])
       AS o(id, state, answered_at, http_status, error_type, error_detail, provider_ref, chat_id, given_back, recipient_id)
 WHERE a.id = o.id AND (a.state = 'intent' OR (a.state = 'unknown' AND o.state <> 'unknown'))
RETURNING a.id;

-- name: keep_late_answers
-- A late answer to an attempt that was settled before: kept as evidence; the attempt's state is returned.
UPDATE send_attempts a
   SET evidence = coalesce(a.evidence, '[]') || jsonb_build_array(jsonb_build_object('late_answer', o.state, 'provider_ref', o.provider_ref, 'at', o.at))
  FROM unnest(:ids::bigint[], :states::text[], :provider_refs::text[], :ats::timestamptz[]) AS o(id, state, provider_ref, at)
 WHERE a.id = o.id
RETURNING a.id, a.state;

-- name: settle_sends!
UPDATE send_queue s
   SET status = o.status, scheduled_for = coalesce(o.due, s.scheduled_for), next_action = coalesce(o.next_action, s.next_action),
       linkedin_user_id = coalesce(o.recipient_id, s.linkedin_user_id), held_for = o.held_for, error_message = o.reason,
       retries = s.retries + o.retried::int, sent_at = CASE WHEN o.status = 'sent' THEN o.at ELSE s.sent_at END
  FROM unnest(:ids::uuid[], :statuses::send_status[], :dues::timestamptz[], :next_actions::action[], :recipient_ids::text[], :holds::text[],
              :reasons::text[], :retried::boolean[], :ats::timestamptz[])
       AS o(id, status, due, next_action, recipient_id, held_for, reason, retried, at)
 WHERE s.id = o.id AND s.status = 'sending';

-- name: mark_contacted!
-- Only from the statuses the step may come from. A prospect who opted out or replied in between keeps that status, and was contacted
-- all the same.
UPDATE campaign_prospects p
   SET status = CASE WHEN o.action = 'invitation' AND is_unstarted(p.status) THEN 'connection_request_sent'
                     WHEN o.action <> 'invitation' AND p.status IN ('pending', 'approved', 'connected') THEN 'messaging'
                     ELSE p.status END,
       contacted_at = coalesce(p.contacted_at, o.at),
       last_follow_up_at = CASE WHEN o.action = 'invitation' THEN p.last_follow_up_at ELSE o.at END
  FROM unnest(:ids::uuid[], :actions::action[], :ats::timestamptz[]) AS o(id, action, at)
 WHERE p.id = o.id;

-- name: mark_connected
-- The profile showed a connection before any invitation of ours.
UPDATE campaign_prospects p
   SET status = 'connected', connected_at = o.at
  FROM unnest(:ids::uuid[], :ats::timestamptz[]) AS o(id, at)
 WHERE p.id = o.id AND is_unstarted(p.status)
RETURNING p.id;

-- name: end_withdrawn_invitations!
-- The invitation is withdrawn: the person may be invited again when LinkedIn's lock is over.
UPDATE send_attempts x SET withdrawn_at = o.at
  FROM unnest(:attempt_ids::bigint[], :ats::timestamptz[]) AS o(id, at)
  JOIN send_attempts w ON w.id = o.id
 WHERE x.workspace_id = w.workspace_id AND x.recipient_id = w.recipient_id AND x.account_id = w.account_id
   AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL;

-- name: mark_withdrawn!
-- A prospect who accepted, answered or opted out in between keeps that status.
UPDATE campaign_prospects p SET status = 'withdrawn', withdrawn_at = o.at
  FROM unnest(:ids::uuid[], :ats::timestamptz[]) AS o(id, at)
 WHERE p.id = o.id AND p.status = 'connection_request_sent';

-- name: give_up!
-- Failed means never contacted; a prospect who was contacted and cannot be reached any more has completed.
UPDATE campaign_prospects p
   SET status = status_when_given_up(p.contacted_at),
       outcome = CASE WHEN p.contacted_at IS NULL THEN p.outcome ELSE 'undeliverable' END,
       completed_at = CASE WHEN p.contacted_at IS NULL THEN p.completed_at ELSE o.at END,
       error_message = o.reason
  FROM unnest(:ids::uuid[], :reasons::text[], :ats::timestamptz[]) AS o(id, reason, at)
 WHERE p.id = o.id
   AND ((p.contacted_at IS NULL AND p.status IN ('pending', 'approved', 'connected'))
        OR (p.contacted_at IS NOT NULL AND p.status IN ('connection_request_sent', 'connected', 'messaging')));

-- name: release_answered_accounts!
-- The spacing runs from the provider's answer, by the database's clock: from the moment the answer is written, which is never before
-- it. A sender whose clock is two seconds slow would otherwise let its accounts act again two seconds early. An attempt that never called
-- the provider has no spacing. Held by test_a_slow_clock_does_not_shorten_the_spacing.
UPDATE accounts a
   SET lease_until = NULL, lease_holder = NULL,
       next_free_at = CASE WHEN o.spacing IS NULL THEN a.next_free_at ELSE greatest(a.next_free_at, clock.now + o.spacing) END,
       wake_at = least(coalesce(a.wake_at, 'infinity'), coalesce(greatest(a.next_free_at, clock.now + o.spacing), o.at))
  FROM (SELECT business_now() AS now) AS clock, unnest(:ids::uuid[], :spacings::interval[], :ats::timestamptz[]) AS o(id, spacing, at)
 WHERE a.id = o.id;

-- name: space_accounts!
UPDATE accounts a SET next_free_at = greatest(a.next_free_at, clock.now + o.spacing)
  FROM (SELECT business_now() AS now) AS clock, unnest(:ids::uuid[], :spacings::interval[]) AS o(id, spacing)
 WHERE a.id = o.id AND o.spacing IS NOT NULL;

-- name: give_usage_back!
-- To the day that the usage was counted on, not to today.
UPDATE account_usage u SET used = u.used - g.many
  FROM (SELECT a.account_id, a.counted_on, a.action, count(*)::int AS many FROM send_attempts a
         WHERE a.id = ANY(:ids::bigint[]) GROUP BY 1, 2, 3) g
 WHERE u.account_id = g.account_id AND u.local_date = g.counted_on AND u.action = g.action;

-- name: remember_looked_up_recipients!
-- When an invitation of the account ended without an acceptance, the moment at which a profile first showed it is kept: later profiles
-- go on showing it.
INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, public_identifier, network_distance, invitation_status, resolved_at, connected_at,
                        invitation_ended_at)
SELECT DISTINCT ON (o.account_id, o.lead_id) o.account_id, o.lead_id, o.workspace_id, o.provider_id, o.public_identifier, o.network_distance,
       o.invitation_status, o.at, CASE WHEN o.connected THEN o.at END, CASE WHEN o.ended THEN o.at END
  FROM unnest(:account_ids::uuid[], :lead_ids::uuid[], :workspace_ids::uuid[], :provider_ids::text[], :public_identifiers::text[],
              :network_distances::text[], :invitation_statuses::text[], :ats::timestamptz[], :connected::boolean[], :ended::boolean[])
       AS o(account_id, lead_id, workspace_id, provider_id, public_identifier, network_distance, invitation_status, at, connected, ended)
ON CONFLICT (account_id, lead_id) DO UPDATE
   SET provider_id = excluded.provider_id, public_identifier = excluded.public_identifier, network_distance = excluded.network_distance,
       invitation_status = excluded.invitation_status, resolved_at = excluded.resolved_at,
       connected_at = coalesce(recipients.connected_at, excluded.connected_at),
       invitation_ended_at = CASE WHEN excluded.invitation_ended_at IS NULL THEN NULL
                                  WHEN recipients.provider_id = excluded.provider_id
                                    THEN coalesce(recipients.invitation_ended_at, excluded.invitation_ended_at)
                                  ELSE excluded.invitation_ended_at END;

-- name: end_invitations_shown_as_ended
-- A profile shows that our invitation was withdrawn or ignored in LinkedIn itself, so it is over. An invitation that left within the lag
-- is left out: the profile may not show it yet.
UPDATE send_attempts x SET withdrawn_at = o.at
  FROM unnest(:account_ids::uuid[], :workspace_ids::uuid[], :provider_ids::text[], :ats::timestamptz[]) AS o(account_id, workspace_id, provider_id, at)
 WHERE x.workspace_id = o.workspace_id AND x.recipient_id = o.provider_id AND x.account_id = o.account_id
   AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL AND x.decided_at < o.at - :lag::interval
RETURNING x.prospect_id, x.withdrawn_at, o.provider_id;

-- name: remember_reached_recipients!
-- A send that used an id of the import: remembered, so that replies and acceptances can be matched.
INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, resolved_at, chat_id)
SELECT DISTINCT ON (o.account_id, o.lead_id) o.account_id, o.lead_id, o.workspace_id, o.provider_id, o.at, o.chat_id
  FROM unnest(:account_ids::uuid[], :lead_ids::uuid[], :workspace_ids::uuid[], :provider_ids::text[], :ats::timestamptz[], :chat_ids::text[])
       AS o(account_id, lead_id, workspace_id, provider_id, at, chat_id)
ON CONFLICT (account_id, lead_id) DO UPDATE SET chat_id = coalesce(excluded.chat_id, recipients.chat_id)
 WHERE recipients.chat_id IS DISTINCT FROM coalesce(excluded.chat_id, recipients.chat_id);

-- name: store_messages!
INSERT INTO campaign_messages (workspace_id, account_id, lead_id, campaign_id, prospect_id, send_id, attempt_id, direction, message_type,
                               provider_message_id, chat_id, text, said_at)
SELECT a.workspace_id, a.account_id, a.lead_id, a.campaign_id, a.prospect_id, a.send_id, a.id, 'out', s.message_type, a.provider_ref, a.chat_id,
       s.message, a.answered_at
  FROM send_attempts a JOIN send_queue s ON s.id = a.send_id
 WHERE a.id = ANY(:ids::bigint[])
ON CONFLICT DO NOTHING;

-- name: start_cool_downs!
INSERT INTO account_cool_downs (account_id, action, until, level, reason)
SELECT DISTINCT ON (o.account_id, o.action) o.account_id, o.action, o.until, o.level, o.reason
  FROM unnest(:account_ids::uuid[], :actions::action[], :untils::timestamptz[], :levels::int[], :reasons::text[])
       AS o(account_id, action, until, level, reason)
 ORDER BY o.account_id, o.action, o.until DESC
ON CONFLICT (account_id, action) DO UPDATE
   SET until = greatest(account_cool_downs.until, excluded.until), level = excluded.level, reason = excluded.reason;

-- name: end_cool_downs!
-- An action that succeeded again starts over: its next limit signal is a first one.
DELETE FROM account_cool_downs c
 USING unnest(:account_ids::uuid[], :actions::action[], :ats::timestamptz[]) AS o(account_id, action, at)
 WHERE c.account_id = o.account_id AND c.action = o.action AND c.until <= o.at;

-- name: disconnect_accounts
UPDATE accounts a SET status = 'disconnected', status_reason = o.reason, status_version = a.status_version + 1, status_changed_at = business_now()
  FROM unnest(:ids::uuid[], :reasons::text[]) AS o(id, reason)
 WHERE a.id = o.id AND a.status = 'usable'
RETURNING a.id, a.workspace_id, a.status_version, a.status_reason;
