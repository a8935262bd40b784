-- name: campaign_of_approval^
-- The newest version of the steps is pinned to every prospect enrolled now; planning pins it where there is none yet.
SELECT c.workspace_id, c.campaign_name, c.status, c.completed_by_itself,
       (SELECT w.id FROM workflows w WHERE w.campaign_id = c.id ORDER BY w.version DESC LIMIT 1) AS workflow_id
  FROM campaigns c WHERE c.id = :campaign_id;

-- name: count_approved$
SELECT count(*) FROM prospect_approval_data a
 WHERE a.campaign_id = :campaign_id AND a.status = 'approved'
   AND ((:batch_id)::uuid IS NULL OR a.batch_id = :batch_id) AND ((:ids)::uuid[] IS NULL OR a.id = ANY(:ids));

-- name: lock_waiting
-- Two people who approve at once take turns on a row, and the second finds it decided.
SELECT a.id, a.lead_id FROM prospect_approval_data a
 WHERE a.campaign_id = :campaign_id AND a.status = 'waiting' AND ((:batch_id)::uuid IS NULL OR a.batch_id = :batch_id)
 ORDER BY a.id LIMIT :size
   FOR NO KEY UPDATE;

-- name: lock_named
SELECT a.id, a.lead_id FROM prospect_approval_data a
 WHERE a.id = ANY(:ids) AND a.campaign_id = :campaign_id AND (a.status = 'waiting' OR (:again AND a.status = 'rejected'))
 ORDER BY a.id
   FOR NO KEY UPDATE;

-- name: load_candidates
-- A statement of its own: it must see the enrolment that was committed while lock_leads waited.
SELECT l.id, l.identity, l.opted_out_at, l.last_reply_at, busy.campaign_name AS busy_in, barred.entry AS suppressed_by
  FROM leads l
  LEFT JOIN LATERAL do_not_contact(l.workspace_id, l.identity, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, l.email, l.company)
         AS barred ON true
  LEFT JOIN LATERAL (
    SELECT c.campaign_name FROM campaign_prospects p JOIN campaigns c ON c.id = p.campaign_id
     WHERE p.lead_id = l.id AND p.campaign_id <> :campaign_id
       AND is_active(p.status)
       AND c.status IN ('draft', 'running', 'paused') -- a paused one goes on some day, and then there would be two
       AND NOT c.allow_parallel AND NOT (SELECT own.allow_parallel FROM campaigns own WHERE own.id = :campaign_id)
     LIMIT 1) busy ON true
 WHERE l.id = ANY(:lead_ids);

-- name: enrol
-- DO NOTHING covers both keys: the one active enrolment, and the first one that is over (enrolling again is another verb).
INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, workflow_id, resumed_at)
SELECT :workspace_id, :campaign_id, n.lead_id, :workflow_id, n.resumed_at
  FROM unnest(:lead_ids::uuid[], :resumed_at::timestamptz[]) AS n(lead_id, resumed_at)
 ORDER BY n.lead_id
    ON CONFLICT DO NOTHING
RETURNING id, lead_id;

-- name: claim_leads!
UPDATE leads SET campaign_id = :campaign_id WHERE id = ANY(:lead_ids) AND campaign_id IS DISTINCT FROM :campaign_id;

-- name: decide!
UPDATE prospect_approval_data a
   SET status = n.status::approval_status, decided_at = :now, decided_by = n.decided_by
  FROM unnest(:ids::uuid[], :statuses::text[], :decided_by::text[]) AS n(id, status, decided_by)
 WHERE a.id = n.id AND a.status IN ('waiting', 'rejected');

-- name: reject_waiting!
UPDATE prospect_approval_data SET status = 'rejected', decided_at = :now, decided_by = :actor
 WHERE campaign_id = :campaign_id AND status = 'waiting'
   AND ((:batch_id)::uuid IS NULL OR batch_id = :batch_id) AND ((:ids)::uuid[] IS NULL OR id = ANY(:ids));

-- name: note_enrolment!
UPDATE campaigns SET last_enrollment_at = :now WHERE id = :campaign_id;
