-- name: prospect_states
-- The status of these prospects and what they have planned; compared before and after a planning that is rolled back.
SELECT p.id, p.status, p.account_id,
       coalesce((SELECT jsonb_object_agg(s.message_type, concat_ws(' ', s.status, encode(s.message_sha256, 'hex')))
                   FROM send_queue s WHERE s.prospect_id = p.id), '{}') AS sends
  FROM campaign_prospects p WHERE p.id = ANY(:prospect_ids::uuid[]);
