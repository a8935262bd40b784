-- name: campaign_with_unplanned$
-- The next running campaign after this one that has prospects to plan, and what it takes to plan them. One index probe per
-- running campaign; the index holds the unplanned alone.
SELECT c.id FROM campaigns c
 WHERE c.status = 'running' AND has_channel(c.campaign_type) AND c.id > :after
   AND EXISTS (SELECT FROM campaign_prospects p WHERE p.campaign_id = c.id AND is_unstarted(p.status) AND p.account_id IS NULL)
   AND EXISTS (SELECT FROM campaign_accounts a WHERE a.campaign_id = c.id)
   AND EXISTS (SELECT FROM workflows w JOIN workflow_steps s ON s.workflow_id = w.id WHERE w.campaign_id = c.id)
 ORDER BY c.id LIMIT 1;

-- name: try_lock_sweep$
-- Two queuers that sweep the same people would wait for each other, and the second for nothing.
SELECT pg_try_advisory_xact_lock(hashtextextended('tact.sweep.' || (:campaign_id)::uuid::text, 0));

-- name: unplanned_prospects
SELECT id FROM campaign_prospects
 WHERE campaign_id = :campaign_id AND is_unstarted(status) AND account_id IS NULL
 ORDER BY id LIMIT :most;

-- name: sequences_under_way
-- The next people, in order of id, whose sequence is under way in a campaign that may go on, and whether something of theirs
-- is on its way: where none is, the next step may never have been planned, because its event was lost. From the index of those
-- under way alone, one probe of the sends of each.
SELECT p.id AS prospect_id,
       has_channel(c.campaign_type) AND c.status IN ('running', 'paused')
       AND NOT EXISTS (SELECT FROM send_queue s
                        WHERE s.prospect_id = p.id
                          AND (is_open(s.status)
                               -- what the sender left out, what failed and what was cancelled ends a sequence (rules/planning/next_step.py)
                               OR (s.step_position > 1
                                   AND (s.status IN ('failed', 'cancelled') OR (s.status = 'skipped' AND s.dispatch_no > 0))))) AS idle
  FROM (SELECT u.id, u.campaign_id FROM campaign_prospects u
         WHERE u.status IN ('connected', 'messaging') AND u.id > :after ORDER BY u.id LIMIT :most) p
  JOIN campaigns c ON c.id = p.campaign_id
 ORDER BY p.id;
