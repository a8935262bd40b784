-- name: facts
-- Of sends that are planned; some probes for each send, whatever is stored.
SELECT f.account_type, f.account_limit, f.workspace_limit, f.tier, f.weekly_limit, f.message_limit, f.lookup_limit, f.email_limit,
       f.cr_exception, f.warm_up_from,
       s.next_action, s.scheduled_for, s.requires_connection,
       f.prospect_status, f.hold_until, f.resumed_at, f.connected_at, f.contacted_at,
       f.campaign_status, f.campaign_type, f.campaign_schedule, f.withdraw_after_days, f.workspace_schedule, f.workspace_active,
       f.account_status, f.status_reason, f.country, f.account_schedule, f.next_free_at, f.timezone,
       f.last_reply_at, f.opted_out_at, f.prospect_timezone,
       f.network_distance, f.recipient_connected_at, f.invitation_ended_at, f.invited_by_hand_at, f.by_hand_gone_at, f.withdrawn_at,
       f.used_by_day, f.replies_read_at, f.replies_next_read_at, f.cool_down_until, f.cool_down_reason, f.other_sequence,
       barred.entry AS suppressed_by, s.id AS send_id
  FROM send_queue s
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
 CROSS JOIN LATERAL policy_facts(p, c, w, a, l, r, rd, cd, s.next_action, s.linkedin_user_id, :now, NULL) AS f
 WHERE s.id = ANY(:send_ids::uuid[]);
