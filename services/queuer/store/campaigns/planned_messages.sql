-- name: planned_ids
-- Read once and processed in batches: a hundred thousand ids are little memory, a search for each next batch is not cheap.
SELECT id FROM send_queue WHERE campaign_id = :campaign_id AND status = 'pending' ORDER BY id;

-- name: cancel_pending!
-- Sends that were dispatched end by themselves.
UPDATE send_queue s SET status = 'cancelled', error_message = :reason
  FROM (SELECT p.id FROM send_queue p WHERE p.id = ANY(:send_ids::uuid[]) AND p.status = 'pending' ORDER BY p.id FOR NO KEY UPDATE) AS locked
 WHERE s.id = locked.id;

-- name: pin_newest!
-- Prospects without a first message take the newest version; the others keep the version of their enrolment. In order of id,
-- like the planner, so that the two never wait for each other.
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
-- In order of id, like every statement that locks prospects; only from the status that was read.
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
