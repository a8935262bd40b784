-- name: business_now$
SELECT business_now();

-- name: insert_campaign$
-- Nothing when the name is taken; the unique index decides between two who make it at once.
INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, linkedin_account_id, message_templates, step_delays, schedule_settings, on_missing,
                       withdraw_after_days, turn_length, allow_parallel)
VALUES (:workspace_id, :campaign_name, :campaign_type::campaign_type, :linkedin_account_id, :message_templates, :step_delays,
        :schedule_settings, :on_missing::missing_value, :withdraw_after_days, :turn_length, :allow_parallel)
ON CONFLICT (workspace_id, lower(campaign_name)) DO NOTHING
RETURNING id;

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
UPDATE campaigns
   SET campaign_name = :campaign_name, linkedin_account_id = :linkedin_account_id, message_templates = :message_templates,
       step_delays = :step_delays, schedule_settings = :schedule_settings, on_missing = :on_missing::missing_value,
       withdraw_after_days = :withdraw_after_days, turn_length = :turn_length,
       allow_parallel = :allow_parallel
 WHERE id = :campaign_id;

-- name: by_id^
SELECT id, workspace_id, campaign_name, campaign_type, status, is_active, message_templates, step_delays, schedule_settings, on_missing,
       withdraw_after_days, turn_length, allow_parallel, prospects_count, active_leads_count, completed_leads_count, opted_out_count, booked_count, last_enrollment_at, actual_started_at,
       paused_at, resumed_at, completed_at, created_at, updated_at
  FROM campaigns WHERE id = :campaign_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id);

-- name: page
-- In order of the index on names, so that a page costs what it shows; `after` is the last campaign of the page before,
-- `named` asks for those with that id or name.
SELECT id, workspace_id, campaign_name, campaign_type, status, is_active, message_templates, step_delays, schedule_settings, on_missing,
       withdraw_after_days, turn_length, allow_parallel, prospects_count, active_leads_count, completed_leads_count, opted_out_count, booked_count, last_enrollment_at, actual_started_at,
       paused_at, resumed_at, completed_at, created_at, updated_at
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
-- Before the campaign and in order of id, like everybody: whoever plans or sends holds its account first.
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
-- What held them was that the campaign did not run, or hours that are others now; the sender closes again what must stay closed.
UPDATE lanes
   SET condition = CASE WHEN condition = 'campaign_running' THEN NULL ELSE condition END, closed_until = NULL, reason = NULL
 WHERE campaign_id = :campaign_id AND (condition = 'campaign_running' OR closed_until IS NOT NULL);

-- name: free_sends!
-- Those to which the campaign's hours left no moment at all; the sender holds again what still has none.
UPDATE send_queue s SET held_for = NULL
  FROM (SELECT h.id FROM send_queue h
         WHERE h.campaign_id = :campaign_id AND h.status = 'pending' AND h.held_for = 'opening'
         ORDER BY h.id FOR NO KEY UPDATE) AS locked
 WHERE s.id = locked.id;

-- name: wake_accounts!
-- Whoever holds one keeps it; the lease alone keeps it from the dispatcher. Locked above.
UPDATE accounts SET wake_at = :now
 WHERE id = ANY(:account_ids::uuid[]) AND status = 'usable' AND coalesce(wake_at, 'infinity') > :now;

-- name: planned_ids
-- Read once and worked off in batches: a hundred thousand ids are little, a search for the next batch each time is not.
SELECT id FROM send_queue WHERE campaign_id = :campaign_id AND status = 'pending' ORDER BY id;

-- name: cancel_pending!
-- Those under way end by themselves.
UPDATE send_queue s SET status = 'cancelled', error_message = :reason
  FROM (SELECT p.id FROM send_queue p WHERE p.id = ANY(:send_ids::uuid[]) AND p.status = 'pending' ORDER BY p.id FOR NO KEY UPDATE) AS locked
 WHERE s.id = locked.id;

-- name: pin_newest!
-- Nobody has written to these yet, so they take the newest version; everybody else keeps the one of their enrolment. In
-- order of id, like the planner, for whom it waits.
UPDATE campaign_prospects p SET workflow_id = :workflow_id
  FROM (SELECT u.id FROM campaign_prospects u
         WHERE u.campaign_id = :campaign_id AND is_unstarted(u.status) AND u.account_id IS NULL
           AND u.workflow_id IS DISTINCT FROM :workflow_id::uuid
         ORDER BY u.id FOR NO KEY UPDATE) AS locked
 WHERE p.id = locked.id;

-- name: lock_unfrozen
-- Never dispatched: their words are not frozen yet.
SELECT id FROM send_queue
 WHERE id = ANY(:send_ids::uuid[]) AND status = 'pending' AND dispatch_no = 0 ORDER BY id FOR NO KEY UPDATE;

-- name: load_unfrozen
-- A statement of its own, after the locks.
SELECT s.id, s.prospect_id, s.account_id, s.message_type, s.step_position, s.message_sha256, a.account_type, p.status AS prospect_status, p.contacted_at,
       l.first_name, l.last_name, l.company, l.title, l.location
  FROM send_queue s
  JOIN campaign_prospects p ON p.id = s.prospect_id
  JOIN leads l ON l.id = s.lead_id
  JOIN accounts a ON a.id = s.account_id
 WHERE s.id = ANY(:send_ids::uuid[]) AND s.message_type = ANY(:message_types::text[])
 ORDER BY s.id;

-- name: write_words!
UPDATE send_queue s SET message = n.message, message_sha256 = n.sha256
  FROM unnest(:send_ids::uuid[], :messages::text[], :sha256s::bytea[]) AS n(id, message, sha256)
 WHERE s.id = n.id AND s.status = 'pending' AND s.dispatch_no = 0;

-- name: end_sends!
UPDATE send_queue s SET status = n.status, error_message = n.reason, message = n.message, message_sha256 = n.sha256
  FROM unnest(:send_ids::uuid[], :statuses::send_status[], :reasons::text[], :messages::text[], :sha256s::bytea[])
       AS n(id, status, reason, message, sha256)
 WHERE s.id = n.id AND s.status = 'pending' AND s.dispatch_no = 0;

-- name: end_prospects!
-- In order of id, like everybody; only from the status that was read.
WITH ended AS (
  SELECT p.id, n.was, n.status, n.outcome, n.reason
    FROM unnest(:prospect_ids::uuid[], :was::prospect_status[], :statuses::prospect_status[], :outcomes::text[], :reasons::text[])
         AS n(id, was, status, outcome, reason)
    JOIN campaign_prospects p ON p.id = n.id
   ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE campaign_prospects p
   SET status = e.status, outcome = e.outcome, error_message = e.reason,
       completed_at = CASE WHEN e.status = 'completed' THEN :now ELSE p.completed_at END
  FROM ended e WHERE p.id = e.id AND p.status = e.was;
