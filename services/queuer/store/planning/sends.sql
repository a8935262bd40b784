-- name: load_progress
SELECT prospect_id, message_type, status, sent_at, dispatch_no > 0 AS dispatched, message_sha256 = :not_rendered AS needs_words
  FROM send_queue WHERE prospect_id = ANY(:prospect_ids::uuid[]);

-- name: known_recipients
-- The recipients that any of these accounts has looked up lately; by lead, because a lead is seldom known to more than one account.
SELECT r.account_id, r.lead_id, r.provider_id
  FROM recipients r
 WHERE r.lead_id = ANY(:lead_ids::uuid[]) AND r.account_id = ANY(:account_ids::uuid[]) AND r.resolved_at > :fresh_since;

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
