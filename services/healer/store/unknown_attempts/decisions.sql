-- name: page
-- Those that waited longest first, in order of id; by the partial index of unknown attempts it costs what is unknown.
SELECT x.id, x.workspace_id, x.campaign_id, c.campaign_name, x.account_id, a.name AS account_name, x.prospect_id,
       p.status AS prospect_status, x.lead_id, l.first_name, l.last_name, l.company, x.send_id, s.message_type, s.status AS send_status,
       x.action, x.state, x.decided_at, x.looks, x.needs_person, x.evidence,
       CASE WHEN x.state = 'unknown' AND NOT x.needs_person
            THEN greatest(x.look_after, business_now()) END AS next_look
  FROM send_attempts x
  JOIN send_queue s ON s.id = x.send_id
  JOIN campaigns c ON c.id = x.campaign_id
  JOIN accounts a ON a.id = x.account_id
  JOIN campaign_prospects p ON p.id = x.prospect_id
  JOIN leads l ON l.id = x.lead_id
 WHERE x.state = 'unknown' AND x.action <> 'profile_lookup'
   AND (:workspace_id::uuid IS NULL OR x.workspace_id = :workspace_id)
   AND (:campaign_id::uuid IS NULL OR x.campaign_id = :campaign_id)
   AND (:account_id::uuid IS NULL OR x.account_id = :account_id)
   AND (:needs_person::boolean IS NULL OR x.needs_person = :needs_person)
   AND (:after::bigint IS NULL OR x.id > :after)
 ORDER BY x.id LIMIT :most;

-- name: one^
-- Whatever became of it; the message and what the provider answered beside it.
SELECT x.id, x.workspace_id, x.campaign_id, c.campaign_name, x.account_id, a.name AS account_name, x.prospect_id,
       p.status AS prospect_status, x.lead_id, l.first_name, l.last_name, l.company, x.send_id, s.message_type, s.status AS send_status,
       x.action, x.state, x.decided_at, x.looks, x.needs_person, x.evidence,
       CASE WHEN x.state = 'unknown' AND NOT x.needs_person
            THEN greatest(x.look_after, business_now()) END AS next_look,
       s.message, x.http_status, x.error_type, x.error_detail, x.provider_ref, x.recipient_id,
       x.act_by + :call_time::interval AS certain_at, x.act_by + :call_time::interval < clock_timestamp() AS certain
  FROM send_attempts x
  JOIN send_queue s ON s.id = x.send_id
  JOIN campaigns c ON c.id = x.campaign_id
  JOIN accounts a ON a.id = x.account_id
  JOIN campaign_prospects p ON p.id = x.prospect_id
  JOIN leads l ON l.id = x.lead_id
 WHERE x.id = :attempt_id AND x.action <> 'profile_lookup' AND (:workspace_id::uuid IS NULL OR x.workspace_id = :workspace_id);

-- name: decided_by^
SELECT actor, at, details FROM audit_log
 WHERE object = 'send_attempt' AND object_id = :attempt_id::bigint::text AND verb = 'resolve' ORDER BY id DESC LIMIT 1;
