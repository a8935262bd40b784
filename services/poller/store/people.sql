-- name: find_leads
-- Which leads a person of the provider is: the resolved recipient of this account, or a lead of its workspace by classic id,
-- or by vanity. A vanity proves nothing where the lead is known under another id: its owner may have given it up.
SELECT q.person_id, found.lead_id
  FROM unnest(:person_ids::text[], :vanities::text[]) AS q(person_id, vanity)
  JOIN LATERAL (
    SELECT r.lead_id FROM recipients r WHERE r.account_id = :account_id::uuid AND r.provider_id = q.person_id
    UNION
    SELECT l.id FROM leads l WHERE l.linkedin_id = q.person_id AND l.workspace_id = :workspace_id::uuid
    UNION
    SELECT l.id FROM leads l
     WHERE l.linkedin_vanity = q.vanity AND l.workspace_id = :workspace_id::uuid AND (l.linkedin_id IS NULL OR l.linkedin_id = q.person_id)
       AND NOT EXISTS (SELECT FROM recipients r WHERE r.account_id = :account_id::uuid AND r.lead_id = l.id AND r.provider_id <> q.person_id)
  ) AS found ON true
 ORDER BY found.lead_id;

-- name: record_connection!
-- The resolved recipient is a relation now; a row is made where the invitation left by other means than ours.
INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, public_identifier, network_distance, resolved_at, connected_at)
SELECT :account_id::uuid, l.id, l.workspace_id, :person_id::text, :vanity::text, 'FIRST_DEGREE', :now::timestamptz, :now::timestamptz
  FROM leads l
 WHERE l.id = ANY(:lead_ids::uuid[])
 ORDER BY l.id
ON CONFLICT (account_id, lead_id) DO UPDATE SET connected_at = excluded.connected_at
 WHERE recipients.connected_at IS NULL;

-- name: load_chat_partners
SELECT chat_id, min(provider_id) AS provider_id FROM recipients
 WHERE account_id = :account_id::uuid AND chat_id = ANY(:chat_ids::text[])
 GROUP BY chat_id HAVING count(DISTINCT provider_id) = 1;

-- name: record_reply!
-- The policy reads last_reply_at, so a step planned at this very moment stops too. A late, older answer does not turn it back.
UPDATE leads SET last_reply_at = greatest(last_reply_at, :said_at::timestamptz)
 WHERE id = ANY(:lead_ids::uuid[]) AND (last_reply_at IS NULL OR last_reply_at < :said_at::timestamptz);

-- name: record_opt_out!
UPDATE leads SET opted_out_at = :said_at::timestamptz WHERE id = ANY(:lead_ids::uuid[]) AND opted_out_at IS NULL;

-- name: suppress!
INSERT INTO suppressions (workspace_id, kind, value, reason)
SELECT l.workspace_id, 'person', l.identity, 'asked not to be contacted any more'
  FROM leads l
 WHERE l.id = ANY(:lead_ids::uuid[])
 ORDER BY l.identity
ON CONFLICT DO NOTHING;
