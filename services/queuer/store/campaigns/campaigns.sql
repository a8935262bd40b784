-- name: insert_campaign$
-- The columns are those of the definition (shared/contracts/campaign_fields.py). NULL when the name is taken.
SELECT insert_campaign(:columns::jsonb);

-- name: id_of_name$
SELECT id FROM campaigns WHERE workspace_id = :workspace_id AND lower(campaign_name) = lower(:campaign_name);

-- name: insert_workflow$
INSERT INTO workflows (campaign_id, version)
SELECT :campaign_id, 1 + coalesce(max(w.version), 0) FROM workflows w WHERE w.campaign_id = :campaign_id
RETURNING id;

-- name: insert_steps!
INSERT INTO workflow_steps (workflow_id, position, message_type, action, delay, requires_connection, template)
SELECT :workflow_id, s.position, s.message_type, s.action, s.delay, s.requires_connection, s.template
  FROM unnest(:positions::int[], :message_types::text[], :actions::action[], :delays::interval[], :requires_connections::boolean[],
              :templates::text[]) AS s(position, message_type, action, delay, requires_connection, template);

-- name: drop_accounts!
DELETE FROM campaign_accounts WHERE campaign_id = :campaign_id;

-- name: insert_accounts!
INSERT INTO campaign_accounts (campaign_id, account_id, position)
SELECT :campaign_id, a.id, a.nth FROM unnest(:account_ids::uuid[]) WITH ORDINALITY AS a(id, nth);

-- name: change_campaign!
SELECT change_campaign(:campaign_id, :columns::jsonb);

-- name: by_id^
SELECT id, workspace_id, campaign_name, campaign_type, status, is_active, message_templates, step_delays, schedule_settings,
       prospects_count, active_leads_count, completed_leads_count, opted_out_count, booked_count, last_enrollment_at,
       actual_started_at, paused_at, resumed_at, completed_at, created_at, updated_at,
       to_jsonb(c) AS whole
  FROM campaigns c WHERE id = :campaign_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id);

-- name: page
-- In order of the index on names, so that a page costs what it shows; `after` is the last campaign of the page before,
-- `named` asks for those with that id or name.
SELECT id, workspace_id, campaign_name, campaign_type, status, is_active, message_templates, step_delays, schedule_settings,
       prospects_count, active_leads_count, completed_leads_count, opted_out_count, booked_count, last_enrollment_at,
       actual_started_at, paused_at, resumed_at, completed_at, created_at, updated_at,
       to_jsonb(c) AS whole
  FROM campaigns c
 WHERE (:workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id)
   AND (:named::text IS NULL OR lower(:named) IN (c.id::text, lower(c.campaign_name)))
   AND (:after::uuid IS NULL OR (c.workspace_id, lower(c.campaign_name)) > (SELECT a.workspace_id, lower(a.campaign_name) FROM campaigns a WHERE a.id = :after))
 ORDER BY c.workspace_id, lower(c.campaign_name) LIMIT :most;

-- name: newest_version^
SELECT id, version FROM workflows WHERE campaign_id = :campaign_id ORDER BY version DESC LIMIT 1;

-- name: steps_of_version
SELECT position, message_type, action, delay, requires_connection, template FROM workflow_steps WHERE workflow_id = :workflow_id ORDER BY position;

-- name: accounts_of
SELECT a.id, a.name, a.provider_account_id, a.channel, a.account_type, a.status, a.status_reason, a.country,
       account_timezone(a, business_now()) AS timezone, a.schedule_settings
  FROM campaign_accounts ca JOIN accounts a ON a.id = ca.account_id WHERE ca.campaign_id = :campaign_id ORDER BY ca.position;

-- name: by_status
SELECT status, count(*) AS prospects FROM campaign_prospects WHERE campaign_id = :campaign_id GROUP BY status;

-- name: next_planned$
-- One probe of send_queue_due per lane.
SELECT min(first.scheduled_for)
  FROM lanes l
 CROSS JOIN LATERAL (SELECT s.scheduled_for FROM send_queue s
                      WHERE s.account_id = l.account_id AND s.campaign_id = l.campaign_id AND s.next_action = l.action
                        AND s.status = 'pending' AND s.held_for IS NULL
                      ORDER BY s.scheduled_for LIMIT 1) first
 WHERE l.campaign_id = :campaign_id;

-- name: lock_accounts
-- Before the campaign and in order of id: planner and sender lock the account first as well.
SELECT a.id FROM accounts a
 WHERE a.id IN (SELECT ca.account_id FROM campaign_accounts ca WHERE ca.campaign_id = :campaign_id
                UNION SELECT l.account_id FROM lanes l WHERE l.campaign_id = :campaign_id)
 ORDER BY a.id FOR NO KEY UPDATE;

-- name: lock_campaign^
SELECT c.status, c.completed_by_itself, c.campaign_type, c.workspace_id, w.is_active AS workspace_active, w.schedule_settings AS workspace_schedule
  FROM campaigns c JOIN workspaces w ON w.id = c.workspace_id
 WHERE c.id = :campaign_id AND (:workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id) FOR NO KEY UPDATE OF c;

-- name: move_campaign!
UPDATE campaigns
   SET status = :status::campaign_status, completed_by_itself = false,
       actual_started_at = CASE WHEN :status::campaign_status = 'running' THEN coalesce(actual_started_at, :now) ELSE actual_started_at END,
       paused_at = CASE WHEN :status::campaign_status = 'paused' THEN :now ELSE paused_at END,
       resumed_at = CASE WHEN :status::campaign_status = 'running' AND status = 'paused' THEN :now ELSE resumed_at END,
       completed_at = CASE WHEN :status::campaign_status = 'completed' THEN :now ELSE completed_at END,
       deactivated_at = CASE WHEN :status::campaign_status = 'running' THEN NULL ELSE :now END
 WHERE id = :campaign_id AND status = :was::campaign_status;

-- name: open_lanes!
-- They were closed because the campaign did not run, or by hours that have changed; the sender closes a lane again that must stay closed.
UPDATE lanes
   SET condition = CASE WHEN condition = 'campaign_running' THEN NULL ELSE condition END, closed_until = NULL, reason = NULL
 WHERE campaign_id = :campaign_id AND (condition = 'campaign_running' OR closed_until IS NOT NULL);

-- name: free_sends!
-- Sends to which the campaign's hours left no moment at all; the sender holds a send again that still has none.
UPDATE send_queue s SET held_for = NULL
  FROM (SELECT h.id FROM send_queue h
         WHERE h.campaign_id = :campaign_id AND h.status = 'pending' AND h.held_for = 'opening'
         ORDER BY h.id FOR NO KEY UPDATE) AS locked
 WHERE s.id = locked.id;
