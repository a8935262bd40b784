-- name: held_sends
-- The next sends, in order of id, that wait for their lead's other sequence, and whether that is over. From an index of these alone.
SELECT s.id, s.account_id, (l.campaign_id <> s.campaign_id) IS NOT TRUE OR earlier_sequence(s.prospect_id) IS NULL AS over
  FROM (SELECT q.id, q.account_id, q.campaign_id, q.prospect_id, q.lead_id FROM send_queue q
         WHERE q.status = 'pending' AND q.held_for = 'other_sequence' AND q.id > :after ORDER BY q.id LIMIT :most) s
  JOIN leads l ON l.id = s.lead_id
 ORDER BY s.id;

-- name: release_held!
-- The sender holds again what must wait after all.
UPDATE send_queue s SET held_for = NULL
  FROM (SELECT h.id FROM send_queue h
         WHERE h.id = ANY(:send_ids::uuid[]) AND h.status = 'pending' AND h.held_for = 'other_sequence' ORDER BY h.id FOR NO KEY UPDATE) AS locked
 WHERE s.id = locked.id;
