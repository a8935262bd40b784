-- What people read beside the score. With :workspace_id NULL it is of every workspace.

-- name: in_hand
-- By the index of dispatched and sending rows: no more rows than accounts.
SELECT s.status::text AS status, count(*)::bigint AS sends, min(s.scheduled_for) AS earliest_at, max(s.scheduled_for) AS latest_at
  FROM send_queue s WHERE is_in_hand(s.status) AND (:workspace_id::uuid IS NULL OR s.workspace_id = :workspace_id)
 GROUP BY 1;

-- name: waiting_span^
-- Two probes an account, by send_queue_planned.
SELECT min(f.scheduled_for) AS earliest_at, max(l.scheduled_for) AS latest_at
  FROM accounts a
 CROSS JOIN LATERAL (SELECT s.scheduled_for FROM send_queue s WHERE s.account_id = a.id AND s.status = 'pending' ORDER BY s.scheduled_for LIMIT 1) f
 CROSS JOIN LATERAL (SELECT s.scheduled_for FROM send_queue s WHERE s.account_id = a.id AND s.status = 'pending' ORDER BY s.scheduled_for DESC LIMIT 1) l
 WHERE :workspace_id::uuid IS NULL OR a.workspace_id = :workspace_id;

-- name: counted
-- What was folded, and what was not yet.
SELECT status, sum(sends)::bigint AS sends, min(earliest_at) AS earliest_at, max(latest_at) AS latest_at
  FROM (SELECT q.status, q.sends, q.earliest_at, q.latest_at FROM queue_counts q WHERE :workspace_id::uuid IS NULL OR q.workspace_id = :workspace_id
        UNION ALL
        SELECT q.became, sum(q.sends), business_at(min(q.at)), business_at(max(q.at)) FROM queue_changes q
         WHERE q.became IS NOT NULL AND (:workspace_id::uuid IS NULL OR q.workspace_id = :workspace_id) GROUP BY 1
        UNION ALL
        SELECT q.was, -sum(q.sends), NULL, NULL FROM queue_changes q
         WHERE q.was IS NOT NULL AND (:workspace_id::uuid IS NULL OR q.workspace_id = :workspace_id) GROUP BY 1) c
 GROUP BY 1;

-- name: scores
-- Newest first.
SELECT h.measured_at, h.score::float8 AS score, h.status, h.figures FROM health_history h
 WHERE h.workspace_id = :workspace_id AND h.measured_at > clock_timestamp() - :span::interval
 ORDER BY h.measured_at DESC LIMIT :most;

-- name: scores_of_stack
SELECT h.measured_at, h.score::float8 AS score, h.status, h.figures FROM health_history h
 WHERE h.workspace_id IS NULL AND h.measured_at > clock_timestamp() - :span::interval
 ORDER BY h.measured_at DESC LIMIT :most;

-- name: runs
-- Newest first; one that is under way has no end.
SELECT r.id, r.started_at, r.finished_at, extract(epoch FROM r.finished_at - r.started_at)::float8 AS seconds, r.trigger, r.fixed_count,
       r.campaign_ids, r.error
  FROM cleanup_runs r WHERE (:before::bigint IS NULL OR r.id < :before) ORDER BY r.id DESC LIMIT :most;

-- name: own_campaigns
SELECT c.id::text FROM campaigns c WHERE c.workspace_id = :workspace_id AND c.id::text = ANY(:ids::text[]);

-- name: own_part^
-- What of these runs concerns one workspace: how many rows they mended, and of which campaigns.
SELECT count(*)::int AS fixed_count, coalesce(array_agg(DISTINCT h.campaign_id::text) FILTER (WHERE h.campaign_id IS NOT NULL), '{}') AS campaign_ids
  FROM integrity_history h WHERE h.run_id = ANY(:run_ids::bigint[]) AND h.workspace_id = :workspace_id;

-- name: repair_times
SELECT t.kind, t.bucket, sum(t.repaired)::bigint AS repaired, sum(t.within)::bigint AS within, sum(t.seconds) AS seconds
  FROM repair_times t
 WHERE t.day > (clock_timestamp() - :span::interval)::date AND (:workspace_id::uuid IS NULL OR t.workspace_id = :workspace_id)
 GROUP BY 1, 2;

-- name: objective$
SELECT w.repair_objective FROM workspaces w WHERE w.id = :workspace_id;

-- name: set_objective$
UPDATE workspaces SET repair_objective = :objective::interval WHERE id = :workspace_id RETURNING id;

-- name: alerts
-- Those that are open, and the newest that are over.
SELECT a.id, a.workspace_id, a.kind, a.about, a.evidence, a.opened_at, a.closed_at
  FROM ((SELECT o.id, o.workspace_id, o.kind, o.about, o.evidence, o.opened_at, o.closed_at FROM health_alerts o
          WHERE o.closed_at IS NULL AND (:workspace_id::uuid IS NULL OR o.workspace_id = :workspace_id) ORDER BY o.id DESC LIMIT :most)
        UNION ALL
        (SELECT e.id, e.workspace_id, e.kind, e.about, e.evidence, e.opened_at, e.closed_at FROM health_alerts e
          WHERE e.closed_at IS NOT NULL AND NOT :only_open AND (:workspace_id::uuid IS NULL OR e.workspace_id = :workspace_id)
          ORDER BY e.id DESC LIMIT :most)) a
 ORDER BY a.closed_at IS NOT NULL, a.id DESC LIMIT :most;
