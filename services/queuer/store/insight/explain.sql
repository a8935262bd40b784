-- name: clock^
-- Business time, how fast it runs, and the earliest moment whose rows are all kept.
SELECT business_now() AS now, c.speed, f.since AS floor FROM stack_clock c LEFT JOIN history_floor f ON true;

-- name: prospect^
-- Everything here is as it was at the moment; NULL: as it is. The version of the steps is the newest of then, for a change
-- of a campaign's text pins the newest for all.
SELECT p.id AS prospect_id, p.workspace_id, p.campaign_id, p.lead_id, p.account_id, p.status, p.connected_at,
       business_then(p.created_at) AS enrolled_at, c.campaign_name, c.status AS campaign_status, c.on_missing,
       l.first_name, l.last_name, l.company, l.title, l.location, l.identity, l.linkedin_id,
       coalesce((SELECT w.id FROM workflows w WHERE w.id = p.workflow_id AND (:moment::timestamptz IS NULL OR business_then(w.created_at) <= :moment::timestamptz)),
                (SELECT w.id FROM workflows w WHERE w.campaign_id = p.campaign_id
                    AND (:moment::timestamptz IS NULL OR business_then(w.created_at) <= :moment::timestamptz) ORDER BY w.version DESC LIMIT 1),
                p.workflow_id) AS workflow_id
  FROM campaign_prospects_at(:prospect_id::uuid, :moment::timestamptz) p
 CROSS JOIN LATERAL campaigns_at(p.campaign_id, :moment::timestamptz) c
 CROSS JOIN LATERAL leads_at(p.lead_id, :moment::timestamptz) l
 WHERE p.id IS NOT NULL AND c.id IS NOT NULL AND l.id IS NOT NULL;

-- name: imported
-- Enrolments of this lead, and imports that wait for a person, by the id of either, of the lead or of the prospect.
SELECT l.id AS lead_id, l.first_name, l.last_name, l.identity, d.campaign_id, c.campaign_name, c.status AS campaign_status,
       CASE WHEN d.decided_at > :moment::timestamptz THEN 'waiting' ELSE d.status END AS approval
  FROM leads l
  LEFT JOIN prospect_approval_data d ON d.lead_id = l.id
  LEFT JOIN campaigns c ON c.id = d.campaign_id
  LEFT JOIN campaign_prospects p ON p.lead_id = l.id AND p.campaign_id = d.campaign_id
 WHERE l.id = :id::uuid OR l.id = (SELECT x.lead_id FROM prospect_approval_data x WHERE x.id = :id::uuid)
 ORDER BY (d.id = :id::uuid) DESC NULLS LAST, c.campaign_name LIMIT 1;

-- name: steps
SELECT position, message_type, action, delay, requires_connection, template FROM workflow_steps WHERE workflow_id = :workflow_id::uuid ORDER BY position;

-- name: sends
-- What was planned by then. A send that left later was still waiting; who had it in hand is for its attempts to say, and
-- whether it still had to be looked up.
SELECT (f.s).id, (f.s).account_id, (f.s).message_type, (f.s).linkedin_user_id, (f.s).message,
       (f.s).scheduled_for, (f.s).held_for, (f.s).requires_connection, (f.s).sent_at, (f.s).error_message, (f.s).dispatch_no,
       (f.s).message_sha256 = :not_rendered::bytea AS needs_words,
       CASE WHEN EXISTS (SELECT FROM send_attempts x WHERE x.send_id = (f.s).id AND x.action = 'profile_lookup' AND x.decided_at > :moment::timestamptz)
             AND NOT EXISTS (SELECT FROM send_attempts x WHERE x.send_id = (f.s).id AND x.action = 'profile_lookup' AND x.state = 'accepted'
                                AND x.answered_at <= :moment::timestamptz)
            THEN 'profile_lookup' ELSE (f.s).next_action END AS next_action,
       CASE WHEN :moment::timestamptz IS NOT NULL AND (is_in_hand((f.s).status) OR ((f.s).status = 'sent' AND (f.s).sent_at > :moment::timestamptz))
            THEN 'pending' ELSE (f.s).status END AS status
  FROM (SELECT send_queue_at(q.id, :moment::timestamptz) AS s, q.created_at FROM send_queue q WHERE q.prospect_id = :prospect_id::uuid) f
 WHERE :moment::timestamptz IS NULL OR business_then(f.created_at) <= :moment::timestamptz
 ORDER BY (f.s).step_position;

-- name: attempts
SELECT a.send_id, a.action, a.decided_at, a.http_status, a.error_type, a.error_detail,
       CASE WHEN a.withdrawn_at <= coalesce(:moment::timestamptz, a.withdrawn_at) THEN a.withdrawn_at END AS withdrawn_at,
       CASE WHEN a.answered_at > :moment::timestamptz THEN 'intent' ELSE a.state END AS state
  FROM send_attempts a
 WHERE a.send_id = ANY(:send_ids::uuid[]) AND (:moment::timestamptz IS NULL OR a.decided_at <= :moment::timestamptz)
 ORDER BY a.id;

-- name: replies
SELECT m.reply, m.said_at FROM campaign_messages m
 WHERE m.lead_id = :lead_id::uuid AND m.direction = 'in' AND (m.prospect_id IS NULL OR m.prospect_id = :prospect_id::uuid)
   AND (:moment::timestamptz IS NULL OR m.said_at <= :moment::timestamptz)
 ORDER BY m.said_at;

-- name: likely_account$
-- The account that a prospect without one would most likely get.
SELECT ca.account_id FROM campaign_accounts ca
 CROSS JOIN LATERAL accounts_at(ca.account_id, :moment::timestamptz) a
 WHERE ca.campaign_id = :campaign_id::uuid ORDER BY a.status <> 'usable', ca.position LIMIT 1;

-- name: facts^
-- Of the step in question, planned or not, with every row as it was at the moment.
SELECT f.account_type, f.account_limit, f.workspace_limit, f.tier, f.weekly_limit, f.message_limit, f.lookup_limit, f.email_limit,
       f.cr_exception, f.warm_up_from,
       :action::action AS next_action, :scheduled_for::timestamptz AS scheduled_for, :requires_connection::boolean AS requires_connection,
       f.prospect_status, f.hold_until, f.resumed_at, f.connected_at, f.contacted_at,
       f.campaign_status, f.campaign_type, f.campaign_schedule, f.withdraw_after_days, f.workspace_schedule, f.workspace_active,
       f.account_status, f.status_reason, f.country, f.account_schedule, f.next_free_at, f.timezone,
       f.last_reply_at, f.opted_out_at, f.prospect_timezone,
       f.network_distance, f.recipient_connected_at, f.invitation_ended_at, f.invited_by_hand_at, f.by_hand_gone_at, f.withdrawn_at,
       f.used_by_day, f.replies_read_at, f.replies_next_read_at, f.cool_down_until, f.cool_down_reason, f.other_sequence,
       suppressed_by(p.workspace_id, l.identity, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, l.company, :moment::timestamptz)
         AS suppressed_by,
       a.name AS account_name, r.provider_id
  FROM campaign_prospects_at(:prospect_id::uuid, :moment::timestamptz) p
 CROSS JOIN LATERAL campaigns_at(p.campaign_id, :moment::timestamptz) c
 CROSS JOIN LATERAL workspaces_at(p.workspace_id, :moment::timestamptz) w
 CROSS JOIN LATERAL leads_at(p.lead_id, :moment::timestamptz) l
 CROSS JOIN LATERAL accounts_at(:account_id::uuid, :moment::timestamptz) a
 CROSS JOIN LATERAL recipients_at(:account_id::uuid, p.lead_id, :moment::timestamptz) r
 CROSS JOIN LATERAL reads_at(CASE WHEN :action::action = 'message' THEN :account_id::uuid END, 'chats', :moment::timestamptz) rd
 CROSS JOIN LATERAL cool_down_at(:account_id::uuid, :action::action, :moment::timestamptz) cd
 CROSS JOIN LATERAL policy_facts(p, c, w, a, l, r, rd, cd, :action::action, coalesce(:recipient::text, r.provider_id), :at::timestamptz,
                                 :moment::timestamptz) AS f
 WHERE a.id IS NOT NULL;

-- name: week^
-- As week_of_invitations of the sender, at that moment: what was given back later still counted then.
SELECT count(*)::int AS used, (array_agg(i.at ORDER BY i.at DESC))[:cap::int] + interval '168 hours' AS frees_at
  FROM (SELECT a.decided_at AS at FROM send_attempts a
         WHERE a.account_id = :account_id::uuid AND a.action = 'invitation'
           AND a.decided_at > :at::timestamptz - interval '168 hours' AND a.decided_at <= :at::timestamptz
           AND NOT (a.given_back AND (:moment::timestamptz IS NULL OR a.given_back_at IS NULL OR a.given_back_at <= :moment::timestamptz))
        UNION ALL
        SELECT f.sent_at FROM foreign_invitations f
         WHERE f.account_id = :account_id::uuid AND f.counted AND f.sent_at > :at::timestamptz - interval '168 hours'
           AND (:moment::timestamptz IS NULL OR business_then(f.created_at) <= :moment::timestamptz)) i;

-- name: beside^
-- What lies beside the policy: another live invitation to this person, a call of the account under way, a closed lane.
SELECT EXISTS (SELECT FROM send_attempts x
                WHERE x.workspace_id = :workspace_id::uuid AND x.recipient_id = :recipient::text AND x.action = 'invitation' AND :action::action = 'invitation'
                  AND x.send_id IS DISTINCT FROM :send_id::uuid AND x.decided_at <= :at::timestamptz
                  AND (is_live(x.state) OR x.answered_at > :moment::timestamptz)
                  AND (x.withdrawn_at IS NULL OR x.withdrawn_at > :at::timestamptz)) AS invited_already,
       (SELECT x.decided_at FROM send_attempts x
         WHERE x.account_id = :account_id::uuid AND x.send_id IS DISTINCT FROM :send_id::uuid
           AND x.decided_at BETWEEN :at::timestamptz - interval '1 hour' AND :at::timestamptz
           AND (CASE WHEN :moment::timestamptz IS NULL THEN x.state = 'intent' ELSE x.answered_at > :moment::timestamptz END)
         ORDER BY x.decided_at DESC LIMIT 1) AS calling_since,
       (SELECT l.closed_until FROM lanes l
         WHERE :moment::timestamptz IS NULL AND l.account_id = :account_id::uuid AND l.campaign_id = :campaign_id::uuid AND l.action = :action::action
           AND l.closed_until > :at::timestamptz) AS lane_closed_until,
       (SELECT l.reason FROM lanes l
         WHERE l.account_id = :account_id::uuid AND l.campaign_id = :campaign_id::uuid AND l.action = :action::action) AS lane_reason;

-- name: find_people
-- By what names one person: an id, an address on LinkedIn, an e-mail address.
SELECT p.id AS prospect_id, d.id AS approval_id, l.id AS lead_id, l.first_name, l.last_name, l.company, l.identity, c.campaign_name
  FROM leads l
  LEFT JOIN campaign_prospects p ON p.lead_id = l.id
  LEFT JOIN prospect_approval_data d ON d.lead_id = l.id AND p.id IS NULL
  LEFT JOIN campaigns c ON c.id = coalesce(p.campaign_id, d.campaign_id)
 WHERE l.id IN (SELECT x.id FROM leads x WHERE x.linkedin_vanity = :vanity::text
                UNION SELECT x.id FROM leads x WHERE x.linkedin_id = :linkedin_id::text
                UNION SELECT x.id FROM leads x WHERE x.sales_navigator_id = :linkedin_id::text
                UNION SELECT x.id FROM leads x WHERE lower(x.email) = lower(:email::text)
                UNION SELECT x.id FROM leads x WHERE lower(btrim(x.first_name || ' ' || x.last_name)) = lower(:name::text)
                UNION SELECT x.lead_id FROM campaign_prospects x WHERE x.id = :id::uuid
                UNION SELECT x.lead_id FROM prospect_approval_data x WHERE x.id = :id::uuid
                UNION SELECT x.id FROM leads x WHERE x.id = :id::uuid)
   AND (:campaign_id::uuid IS NULL OR c.id = :campaign_id::uuid)
   AND (p.id IS NULL OR p.id = :id::uuid OR NOT EXISTS (SELECT FROM campaign_prospects x WHERE x.id = :id::uuid))
 ORDER BY c.campaign_name, l.last_name, l.first_name, p.enrolment_no DESC, l.id LIMIT :most;
