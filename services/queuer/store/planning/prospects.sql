-- name: load_positions
-- Where each prospect stands in its sequence, for a look without locks: what load_prospects adds costs several probes of each
-- prospect, and most events leave nothing to plan. Held to the same prospects by test_the_look_finds_the_prospects_that_planning_reads.
SELECT p.id, p.status, p.connected_at,
       coalesce(p.workflow_id, (SELECT w.id FROM workflows w WHERE w.campaign_id = p.campaign_id ORDER BY w.version DESC LIMIT 1)) AS workflow_id
  FROM campaign_prospects p
  JOIN campaigns c ON c.id = p.campaign_id
 WHERE p.id = ANY(:prospect_ids::uuid[]) AND has_channel(c.campaign_type)
   AND (c.status = 'running' OR (c.status = 'paused' AND p.status IN ('connected', 'messaging')))
 ORDER BY p.id;

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
