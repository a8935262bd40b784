-- name: facts
-- The names are those of load_due (services/sender/store/ledger.sql), for one translation reads both; a test asks both about the same
-- sends. Some probes for each send asked about, whatever is stored.
SELECT s.id AS send_id, s.next_action, s.scheduled_for, s.requires_connection,
       p.status AS prospect_status, p.hold_until, p.resumed_at, p.connected_at, p.contacted_at,
       c.status AS campaign_status, c.campaign_type, c.schedule_settings::text AS campaign_schedule, c.withdraw_after_days,
       w.schedule_settings::text AS workspace_schedule, limits.workspace_limit, w.is_active AS workspace_active, limits.tier,
       limits.weekly_limit, limits.message_limit, limits.lookup_limit, limits.email_limit,
       limits.cr_exception, limits.warm_up_from,
       a.account_type, a.status AS account_status, a.status_reason, a.country, limits.account_limit,
       a.schedule_settings::text AS account_schedule, a.next_free_at,
       account_timezone(a, :now) AS timezone,
       l.last_reply_at, l.opted_out_at, l.timezone AS prospect_timezone,
       r.network_distance, r.connected_at AS recipient_connected_at, r.invitation_ended_at,
       by_hand.sent_at AS invited_by_hand_at, by_hand.gone_at AS by_hand_gone_at,
       (SELECT json_object_agg(u.local_date, u.used)::text FROM account_usage u
         WHERE u.account_id = s.account_id AND u.action = s.next_action
           AND u.local_date BETWEEN (:now::timestamptz AT TIME ZONE 'UTC')::date - 1 AND (:now::timestamptz AT TIME ZONE 'UTC')::date + 1) AS used_by_day,
       reads.last_read_at AS replies_read_at, reads.next_at AS replies_next_read_at, cd.until AS cool_down_until, cd.reason AS cool_down_reason,
       CASE WHEN s.next_action = 'invitation' THEN
         (SELECT max(x.withdrawn_at) FROM send_attempts x
           WHERE x.workspace_id = s.workspace_id AND x.recipient_id = s.linkedin_user_id AND x.withdrawn_at IS NOT NULL) END AS withdrawn_at,
       barred.entry AS suppressed_by,
       CASE WHEN l.campaign_id <> s.campaign_id THEN earlier_sequence(s.prospect_id) END AS other_sequence
  FROM send_queue s
  JOIN campaign_prospects p ON p.id = s.prospect_id
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN workspaces w ON w.id = s.workspace_id
  JOIN accounts a ON a.id = s.account_id
 CROSS JOIN LATERAL account_limits(a, w) AS limits
  JOIN leads l ON l.id = s.lead_id
  LEFT JOIN recipients r ON r.account_id = s.account_id AND r.lead_id = s.lead_id
  LEFT JOIN account_cool_downs cd ON cd.account_id = s.account_id AND cd.action = s.next_action
  LEFT JOIN account_reads reads ON reads.account_id = s.account_id AND reads.kind = 'chats' AND s.next_action = 'message'
  LEFT JOIN LATERAL do_not_contact(l.workspace_id, l.identity, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, l.company)
         AS barred ON true
 CROSS JOIN LATERAL ( -- what members of the workspace sent this person by hand
   SELECT max(f.sent_at) FILTER (WHERE f.gone_at IS NULL) AS sent_at, max(f.gone_at) AS gone_at
     FROM (SELECT i.sent_at, i.gone_at FROM foreign_invitations i
            WHERE s.next_action = 'invitation' AND i.workspace_id = s.workspace_id AND i.recipient_id = s.linkedin_user_id
              AND i.attempt_id IS NULL
           UNION ALL
           SELECT i.sent_at, i.gone_at FROM foreign_invitations i
            WHERE s.next_action = 'invitation' AND i.workspace_id = s.workspace_id AND i.recipient_id IS NULL
              AND i.public_identifier = coalesce(r.public_identifier, l.linkedin_vanity) AND i.attempt_id IS NULL) f) by_hand
 WHERE s.id = ANY(:send_ids::uuid[]);
