-- Everything here costs what is wrong, what is dispatched or sending and what the jobs have not folded yet: partial indexes and
-- maintained rows. With :workspace_id NULL it is of every workspace.

-- name: counted
-- (workspace, name, rows): names are the fields of rules/health.py. A send is stuck when the healer and the queuer, who take such
-- sends back within two minutes, should have long done so. A finding of duplicates is one group: all its rows but one are too many.
SELECT v.workspace_id, n.name, n.rows
  FROM prospect_data_integrity_by_workspace v
 CROSS JOIN LATERAL (VALUES ('corrupted_sent', v.corrupted_sent), ('corrupted_failed', v.corrupted_failed), ('corrupted_pending', v.corrupted_pending),
                            ('total_prospects', v.total_prospects)) AS n(name, rows)
 WHERE :workspace_id::uuid IS NULL OR v.workspace_id = :workspace_id
UNION ALL
SELECT c.workspace_id, 'corrupted_for_person', count(*) FROM corrupted_prospects c
 WHERE :workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id GROUP BY 1
UNION ALL
SELECT c.workspace_id, 'corrupted_for_person', -count(*) FROM corrupted_to_repair c
 WHERE :workspace_id::uuid IS NULL OR c.workspace_id = :workspace_id GROUP BY 1
UNION ALL
SELECT q.workspace_id, q.status, sum(q.sends) FROM queue_counts q
 WHERE :workspace_id::uuid IS NULL OR q.workspace_id = :workspace_id GROUP BY 1, 2
UNION ALL
SELECT q.workspace_id, q.became, sum(q.sends) FROM queue_changes q
 WHERE q.became IS NOT NULL AND (:workspace_id::uuid IS NULL OR q.workspace_id = :workspace_id) GROUP BY 1, 2
UNION ALL
SELECT q.workspace_id, q.was, -sum(q.sends) FROM queue_changes q
 WHERE q.was IS NOT NULL AND (:workspace_id::uuid IS NULL OR q.workspace_id = :workspace_id) GROUP BY 1, 2
UNION ALL
SELECT s.workspace_id, 'stuck', count(*) FROM send_queue s
 WHERE is_in_hand(s.status)
   AND s.updated_at < clock_timestamp() - CASE s.status WHEN 'sending' THEN :sending_for::interval ELSE :dispatched_for::interval END
   AND (:workspace_id::uuid IS NULL OR s.workspace_id = :workspace_id) GROUP BY 1
UNION ALL
SELECT f.workspace_id, CASE WHEN f.kind = ANY(:duplicates::text[]) THEN 'duplicates' WHEN f.severity = 'critical' THEN 'critical_findings' ELSE 'other_findings' END,
       sum(CASE WHEN f.kind = ANY(:duplicates::text[]) THEN greatest(1, coalesce((f.evidence ->> 'rows')::int, 2) - 1) ELSE 1 END)
  FROM integrity_findings f
 WHERE f.state IN ('open', 'proposed') AND f.severity <> 'info' AND f.kind <> ALL(:counted_elsewhere::text[]) AND (:workspace_id::uuid IS NULL OR f.workspace_id = :workspace_id)
 GROUP BY 1, 2;

-- name: failures_in_row$
-- Of the last :most runs that ended, those since the last that did not fail.
SELECT count(*) FILTER (WHERE failed AND good_before = 0)::int FROM (
  SELECT r.error IS NOT NULL AS failed, count(*) FILTER (WHERE r.error IS NULL) OVER (ORDER BY r.id DESC) AS good_before
    FROM (SELECT id, error FROM cleanup_runs WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT :most) r) l;

-- name: corrupted_campaigns
-- Most first. What is wrong is found by its index, and its campaign's size is a maintained count.
SELECT w.campaign_id, c.campaign_name, c.workspace_id, w.corrupted_sent, w.corrupted_failed, w.corrupted_pending,
       greatest(0, c.prospects_count + coalesce((SELECT sum(d.delta) FROM campaign_counter_deltas d
                                                  WHERE d.campaign_id = c.id AND d.counter = 'prospects'), 0))::int AS total_prospects
  FROM (SELECT u.campaign_id, count(*) FILTER (WHERE u.kind = 'corrupted_sent')::int AS corrupted_sent, count(*) FILTER (WHERE u.kind = 'corrupted_failed')::int AS corrupted_failed,
               count(*) FILTER (WHERE u.kind = 'corrupted_pending')::int AS corrupted_pending
          FROM corrupted_prospects u WHERE :workspace_id::uuid IS NULL OR u.workspace_id = :workspace_id
         GROUP BY u.campaign_id) w
  JOIN campaigns c ON c.id = w.campaign_id
 ORDER BY w.corrupted_sent + w.corrupted_failed + w.corrupted_pending DESC, c.campaign_name, c.id
 LIMIT :most;

-- name: fold$
-- Take changes, add them up, and change each count once, in order. Only the holder of the measuring lock runs it.
WITH taken AS (
  DELETE FROM queue_changes WHERE id IN (SELECT id FROM queue_changes ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
  RETURNING workspace_id, campaign_id, send_id, was, became, sends, at
), moved AS (
  SELECT campaign_id, workspace_id, became AS status, sends, at FROM taken WHERE became IS NOT NULL
  UNION ALL
  SELECT campaign_id, workspace_id, was, -sends, NULL FROM taken WHERE was IS NOT NULL
), counted AS (
  INSERT INTO queue_counts AS q (campaign_id, status, workspace_id, sends, earliest_at, latest_at)
  SELECT m.campaign_id, m.status, m.workspace_id, sum(m.sends), business_at(min(m.at)), business_at(max(m.at))
    FROM moved m JOIN campaigns c ON c.id = m.campaign_id -- a campaign that is gone has nothing to count
   GROUP BY 1, 2, 3 ORDER BY 1, 2
  ON CONFLICT (campaign_id, status) DO UPDATE
     SET sends = q.sends + excluded.sends, earliest_at = least(q.earliest_at, excluded.earliest_at), latest_at = greatest(q.latest_at, excluded.latest_at)
), ended AS (
  INSERT INTO queue_hours AS h (workspace_id, hour, sent, failed)
  SELECT t.workspace_id, date_trunc('hour', t.at), coalesce(sum(t.sends) FILTER (WHERE t.became = 'sent'), 0),
         coalesce(sum(t.sends) FILTER (WHERE t.became = 'failed'), 0)
    FROM taken t JOIN workspaces w ON w.id = t.workspace_id
   WHERE t.was = 'open' AND t.became IN ('sent', 'failed')
   GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (workspace_id, hour) DO UPDATE SET sent = h.sent + excluded.sent, failed = h.failed + excluded.failed
), chances AS (
  INSERT INTO cause_days AS d (campaign_id, day, cause, value, workspace_id, exposed)
  SELECT t.campaign_id, (t.at AT TIME ZONE 'UTC')::date, c.cause, c.value, t.workspace_id, count(*)
    FROM taken t JOIN send_queue s ON s.id = t.send_id CROSS JOIN LATERAL causes_of(s.prospect_id, s.id) c
   WHERE t.was = 'open' AND t.became IN ('sent', 'failed')
   GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
  ON CONFLICT (campaign_id, day, cause, value) DO UPDATE SET exposed = d.exposed + excluded.exposed
)
SELECT count(*)::int FROM taken;

-- name: recount!
-- Count the whole queue anew, as it was when the statement began: rows that came in around the triggers are counted from then on,
-- and changes that wait to be folded are not counted twice.
WITH there AS (
  SELECT campaign_id, CASE WHEN is_open(status) THEN 'open' ELSE status::text END AS status, workspace_id, count(*) AS sends
    FROM send_queue GROUP BY 1, 2, 3
), waiting AS (
  SELECT campaign_id, status, sum(sends) AS sends
    FROM (SELECT campaign_id, became AS status, sends FROM queue_changes WHERE became IS NOT NULL
          UNION ALL SELECT campaign_id, was, -sends FROM queue_changes WHERE was IS NOT NULL) w
   GROUP BY 1, 2
), emptied AS (
  UPDATE queue_counts q SET sends = -coalesce((SELECT w.sends FROM waiting w WHERE w.campaign_id = q.campaign_id AND w.status = q.status), 0)
   WHERE NOT EXISTS (SELECT FROM there t WHERE t.campaign_id = q.campaign_id AND t.status = q.status)
)
INSERT INTO queue_counts AS q (campaign_id, status, workspace_id, sends)
SELECT t.campaign_id, t.status, t.workspace_id, t.sends - coalesce(w.sends, 0)
  FROM there t LEFT JOIN waiting w USING (campaign_id, status)
 ORDER BY 1, 2
ON CONFLICT (campaign_id, status) DO UPDATE SET sends = excluded.sends WHERE q.sends <> excluded.sends;
