-- name: add
-- The company's spelling is folded here, by the same function that asks (routines/46_do_not_contact.sql).
INSERT INTO suppressions (workspace_id, kind, value, reason, added_by)
SELECT DISTINCT ON (n.kind, v.value) (:workspace_id)::uuid, n.kind, v.value, n.reason, :actor
  FROM unnest(:kinds::text[], :values::text[], :reasons::text[]) AS n(kind, value, reason)
 CROSS JOIN LATERAL (SELECT CASE WHEN n.kind = 'company' THEN fold_company(n.value) ELSE n.value END AS value) v
 ORDER BY n.kind, v.value
    ON CONFLICT DO NOTHING
RETURNING id, workspace_id, kind, value, reason, added_by, created_at;

-- name: ids_of
SELECT x.id
  FROM unnest(:kinds::text[], :values::text[]) AS n(kind, value)
  JOIN suppressions x ON x.kind = n.kind AND x.value = CASE WHEN n.kind = 'company' THEN fold_company(n.value) ELSE n.value END
                     AND x.workspace_id IS NOT DISTINCT FROM (:workspace_id)::uuid;

-- name: page
-- A workspace sees its own; `everywhere` alone those of the platform, and NULL workspace with it all.
SELECT id, workspace_id, kind, value, reason, added_by, created_at
  FROM suppressions
 WHERE ((:workspace_id)::uuid IS NULL OR workspace_id = :workspace_id)
   AND (NOT (:everywhere)::boolean OR workspace_id IS NULL)
   AND ((:kind)::text IS NULL OR kind = :kind)
   AND ((:value)::text IS NULL OR value = CASE WHEN :kind = 'company' THEN fold_company(:value) ELSE :value END)
   AND ((:after)::uuid IS NULL OR id > :after)
 ORDER BY id LIMIT :most;

-- name: remove^
DELETE FROM suppressions WHERE id = :id AND ((:workspace_id)::uuid IS NULL OR workspace_id = :workspace_id)
RETURNING id, workspace_id, kind, value, reason, added_by, created_at;

-- name: planned_against
-- What is planned for those the new entries mean. The pending sends are read once; there is no index by company or domain,
-- which every import would pay for and only this verb would use.
SELECT s.id, s.account_id
  FROM send_queue s
  JOIN leads l ON l.id = s.lead_id
 WHERE is_stoppable(s.status) AND ((:workspace_id)::uuid IS NULL OR s.workspace_id = :workspace_id)
   AND EXISTS (
     SELECT FROM suppressions x
      WHERE x.id = ANY(:ids::uuid[])
        AND ((x.kind = 'person' AND x.value IN (l.identity, 'in:' || l.linkedin_vanity, 'id:' || l.linkedin_id, 'sn:' || l.sales_navigator_id))
          OR (x.kind = 'email' AND x.value = lower(l.email))
          OR (x.kind = 'company' AND x.value = fold_company(l.company))
          OR (x.kind = 'domain' AND x.value = ANY(mail_domains(l.email)))))
 ORDER BY s.id;

-- name: leads_meant
-- By person or address alone: a company opts out of nothing. Both have an index, on their own or with the workspace.
SELECT l.id
  FROM suppressions x
  JOIN leads l ON (:workspace_id)::uuid IS NULL OR l.workspace_id = :workspace_id
 WHERE x.id = ANY(:ids::uuid[])
   AND ((x.kind = 'person' AND x.value IN (l.identity, 'in:' || l.linkedin_vanity, 'id:' || l.linkedin_id, 'sn:' || l.sales_navigator_id))
     OR (x.kind = 'email' AND x.value = lower(l.email)))
 ORDER BY l.id;

-- name: opt_out!
UPDATE leads SET opted_out_at = business_now() WHERE id = ANY(:lead_ids::uuid[]) AND opted_out_at IS NULL;

-- name: lock_prospects_of
SELECT id FROM campaign_prospects WHERE lead_id = ANY(:lead_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: prospects_opt_out!
-- In every campaign, also where a reply had ended the sequence: an operator could resume that.
UPDATE campaign_prospects SET status = 'opted_out'
 WHERE lead_id = ANY(:lead_ids::uuid[])
   AND (is_active(status) OR status = 'replied');

-- name: cancel
-- What a sender has begun meanwhile is past the line after which a stop comes too late. Cancelled and not skipped: the next
-- step must not take the place of one that was left out.
WITH was AS (
  SELECT id, account_id, prospect_id, status FROM send_queue WHERE id = ANY(:send_ids::uuid[]) AND is_stoppable(status)
)
UPDATE send_queue s SET status = 'cancelled', error_message = :reason
  FROM was WHERE s.id = was.id AND is_stoppable(s.status)
RETURNING s.id, s.account_id, s.prospect_id, was.status = 'dispatched' AS dispatched;

-- name: end_prospects!
-- As planning ends them: prospects without a message so far. A prospect who was contacted keeps the status and gets nothing more.
UPDATE campaign_prospects SET status = 'failed', outcome = 'stopped', error_message = 'suppressed'
 WHERE id = ANY(:prospect_ids::uuid[]) AND is_unstarted(status) AND contacted_at IS NULL;

-- name: free!
UPDATE accounts SET lease_until = NULL, lease_holder = NULL, wake_at = least(coalesce(wake_at, 'infinity'), business_now())
 WHERE id = ANY(:account_ids::uuid[]) AND lease_holder = 'dispatch';
