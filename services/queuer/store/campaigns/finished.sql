-- name: find_finished
-- Running campaigns that have had people and have nothing to do any more: no prospect under way, no row that waits for approval, nothing
-- planned. One probe of each index a campaign.
SELECT c.id FROM campaigns c
 WHERE c.status = 'running' AND has_channel(c.campaign_type)
   AND EXISTS (SELECT FROM campaign_prospects p WHERE p.campaign_id = c.id)
   AND NOT EXISTS (SELECT FROM campaign_prospects p WHERE p.campaign_id = c.id
                      AND is_active(p.status))
   AND NOT EXISTS (SELECT FROM prospect_approval_data a WHERE a.campaign_id = c.id AND a.status = 'waiting')
   AND NOT EXISTS (SELECT FROM send_queue s WHERE s.campaign_id = c.id AND s.status = 'pending')
 ORDER BY c.id LIMIT :most;

-- name: complete
-- Compare-and-set. A prospect enrolled while this commits is found by `find_resumable` the next time.
WITH locked AS MATERIALIZED (SELECT id FROM campaigns WHERE id = ANY(:campaign_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE), now AS (SELECT business_now() AS at)
UPDATE campaigns c SET status = 'completed', completed_by_itself = true, completed_at = now.at, deactivated_at = now.at
  FROM locked, now WHERE c.id = locked.id AND c.status = 'running'
RETURNING c.id, c.workspace_id;

-- name: find_resumable
-- Those that were completed by themselves and have a prospect under way again, or something to approve.
SELECT c.id FROM campaigns c
 WHERE c.completed_by_itself
   AND (EXISTS (SELECT FROM campaign_prospects p WHERE p.campaign_id = c.id
                   AND is_active(p.status))
        OR EXISTS (SELECT FROM prospect_approval_data a WHERE a.campaign_id = c.id AND a.status = 'waiting'))
 ORDER BY c.id LIMIT :most;

-- name: resume
WITH locked AS MATERIALIZED (SELECT id FROM campaigns WHERE id = ANY(:campaign_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE)
UPDATE campaigns c SET status = 'running', completed_by_itself = false, completed_at = NULL, deactivated_at = NULL, resumed_at = business_now()
  FROM locked WHERE c.id = locked.id AND c.completed_by_itself
RETURNING c.id, c.workspace_id;
