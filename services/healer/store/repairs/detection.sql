-- One query for each kind of finding that spans rows (services/healer/rules/repairs/finding_kinds.py): all take the prospects or campaigns to look at
-- and answer the same columns. `changes` is what the repair would do (see 0028_healing.sql), `why` why a person must say so first.
-- A prospect with an open or unknown attempt is left to the component that settles the attempt.

-- name: sent_not_contacted
-- A step stands as sent, and its prospect was never contacted. What the ledger or the provider's list shows is restored; where
-- neither shows anything the steps are reopened, for nothing ever left.
WITH doubtful AS MATERIALIZED ( -- few; the evidence is looked up for these alone
  SELECT p.id FROM campaign_prospects p
   WHERE p.id = ANY(:ids::uuid[]) AND p.contacted_at IS NULL AND p.status <> 'connection_request_sent'
     AND EXISTS (SELECT FROM send_queue q WHERE q.prospect_id = p.id AND q.status = 'sent' AND contacts_person(q.action))
)
SELECT p.workspace_id, p.campaign_id, 'campaign_prospects' AS table_name, p.id::text AS row_id, p.updated_at AS occurred_at,
       jsonb_build_object('status', p.status, 'sends', s.ids, 'attempt', e.attempt, 'listed_at', e.listed_at, 'last_attempt', e.last_attempt, 'as_of', p.updated_at) AS evidence,
       CASE WHEN w.at IS NOT NULL THEN
              prospect_change(p, CASE WHEN is_unstarted(p.status) AND e.messaged_at IS NOT NULL THEN 'messaging'
                                      WHEN is_unstarted(p.status) AND p.connected_at IS NOT NULL THEN 'connected'
                                      WHEN is_unstarted(p.status) THEN 'connection_request_sent'
                                      WHEN p.status = 'connected' AND e.messaged_at IS NOT NULL THEN 'messaging'
                                      WHEN p.status = 'failed' THEN 'completed' ELSE p.status END::prospect_status,
                              w.at, CASE WHEN p.status = 'failed' THEN 'undeliverable' END)
            WHEN p.status IN ('pending', 'approved', 'connected') THEN reopened_sends(p.id)
            ELSE '[]' END AS changes,
       CASE WHEN w.at IS NULL AND p.status NOT IN ('pending', 'approved', 'connected')
            THEN 'The sequence is over, so nothing leaves either way; our rows do not show whether the step was sent.' END AS why
  FROM doubtful d
  JOIN campaign_prospects p ON p.id = d.id
 CROSS JOIN LATERAL (SELECT array_agg(q.id ORDER BY q.id) AS ids FROM send_queue q
                      WHERE q.prospect_id = p.id AND q.status = 'sent' AND contacts_person(q.action)) s
 CROSS JOIN LATERAL contact_evidence(p.id) e
 CROSS JOIN LATERAL (SELECT least(e.invited_at, e.messaged_at, e.listed_at) AS at) w
 WHERE s.ids IS NOT NULL
   AND NOT EXISTS (SELECT FROM send_queue q JOIN send_attempts a ON a.send_id = q.id
                    WHERE q.prospect_id = p.id AND a.action <> 'profile_lookup' AND is_undecided(a.state));

-- name: contacted_without_attempt
-- Under way and contacted, and neither the ledger nor the provider's list knows of it.
WITH doubtful AS MATERIALIZED (
  SELECT p.id FROM campaign_prospects p
   WHERE p.id = ANY(:ids::uuid[]) AND p.contacted_at IS NOT NULL AND p.status IN ('connection_request_sent', 'connected', 'messaging')
     AND NOT EXISTS (SELECT FROM send_queue q JOIN send_attempts a ON a.send_id = q.id
                      WHERE q.prospect_id = p.id AND a.action <> 'profile_lookup' AND is_live(a.state))
)
SELECT p.workspace_id, p.campaign_id, 'campaign_prospects' AS table_name, p.id::text AS row_id, p.updated_at AS occurred_at,
       jsonb_build_object('status', p.status, 'contacted_at', p.contacted_at, 'last_attempt', e.last_attempt, 'as_of', p.updated_at) AS evidence,
       CASE WHEN p.status = 'connection_request_sent' THEN prospect_change(p, 'pending', NULL) || reopened_sends(p.id) ELSE '[]' END AS changes,
       CASE WHEN p.status = 'connection_request_sent'
            THEN 'No attempt of ours was accepted, and the provider''s list shows no invitation. Apply it if nothing was sent to them: then they are '
                 'invited. Refuse it for people who were contacted before they came here.'
            ELSE 'They are further than their invitation and nothing shows how they got there; only their conversation tells.' END AS why
  FROM doubtful d
  JOIN campaign_prospects p ON p.id = d.id
 CROSS JOIN LATERAL contact_evidence(p.id) e
 WHERE e.attempt IS NULL AND e.listed_at IS NULL;

-- name: follow_up_after_reply
-- A step waits for a prospect whose sequence has stopped. The policy would stop it when its time comes; until then it misleads.
SELECT s.workspace_id, s.campaign_id, 'send_queue' AS table_name, s.id::text AS row_id, p.updated_at AS occurred_at,
       jsonb_build_object('status', p.status, 'message_type', s.message_type, 'scheduled_for', s.scheduled_for, 'last_attempt', (SELECT e.last_attempt FROM contact_evidence(p.id) e)) AS evidence,
       jsonb_build_array(jsonb_build_object('table', 'send_queue', 'id', s.id, 'before', jsonb_build_object('status', s.status, 'error_message', s.error_message),
                                            'after', jsonb_build_object('status', 'cancelled', 'error_message', p.status))) AS changes,
       NULL::text AS why
  FROM campaign_prospects p
  JOIN send_queue s ON s.prospect_id = p.id AND s.status = 'pending' AND contacts_person(s.action)
 WHERE p.id = ANY(:ids::uuid[]) AND is_stopping(p.status);

-- name: two_sequences
-- A lead in two sequences at once, where neither campaign allows it; the later one is named.
SELECT p.workspace_id, p.campaign_id, 'campaign_prospects' AS table_name, p.id::text AS row_id, p.updated_at AS occurred_at,
       jsonb_build_object('status', p.status, 'earlier', o.campaign, 'last_attempt', (SELECT e.last_attempt FROM contact_evidence(p.id) e)) AS evidence,
       prospect_change(p, status_when_given_up(p.contacted_at), p.contacted_at, 'other_sequence')
       || coalesce((SELECT jsonb_agg(jsonb_build_object('table', 'send_queue', 'id', s.id, 'before', jsonb_build_object('status', s.status, 'error_message', s.error_message),
                                                        'after', jsonb_build_object('status', 'cancelled', 'error_message', 'other_sequence')) ORDER BY s.id)
                      FROM send_queue s WHERE s.prospect_id = p.id AND s.status = 'pending'), '[]') AS changes,
       'Which of the two goes on is for a person to say; the policy keeps this one waiting. Applying it ends this one, the later.' AS why
  FROM campaign_prospects p
 CROSS JOIN LATERAL (SELECT earlier_sequence(p.id) AS campaign) o
 WHERE p.id = ANY(:ids::uuid[]) AND is_active(p.status)
   AND o.campaign IS NOT NULL;

-- name: accepted_not_seen
-- The provider has shown the connection after our invitation, and here it still waits. A minute is left to the poller, who matches it.
SELECT p.workspace_id, p.campaign_id, 'campaign_prospects' AS table_name, p.id::text AS row_id, c.stored_at AS occurred_at,
       jsonb_build_object('connected_at', c.at, 'contacted_at', p.contacted_at, 'last_attempt', (SELECT e.last_attempt FROM contact_evidence(p.id) e)) AS evidence,
       jsonb_build_array(jsonb_build_object('table', 'campaign_prospects', 'id', p.id, 'before', jsonb_build_object('status', p.status, 'connected_at', p.connected_at),
                                            'after', jsonb_build_object('status', 'connected', 'connected_at', coalesce(p.connected_at, c.at)))) AS changes,
       NULL::text AS why
  FROM campaign_prospects p
 CROSS JOIN LATERAL (
   SELECT min(x.at) AS at, min(x.stored_at) AS stored_at FROM (
     SELECT r.connected_at AS at, r.updated_at AS stored_at FROM recipients r WHERE r.account_id = p.account_id AND r.lead_id = p.lead_id
     UNION ALL
     SELECT o.observed_at, o.updated_at FROM recipients r JOIN observations o ON o.account_id = r.account_id AND o.person_id = r.provider_id AND o.kind = 'relation'
      WHERE r.account_id = p.account_id AND r.lead_id = p.lead_id
     UNION ALL
     SELECT o.observed_at, o.updated_at FROM leads l JOIN observations o ON o.account_id = p.account_id AND o.person_id = l.linkedin_id AND o.kind = 'relation'
      WHERE l.id = p.lead_id) x
    WHERE x.at >= p.contacted_at AND x.stored_at < clock_timestamp() - :settled::interval) c
 WHERE p.id = ANY(:ids::uuid[]) AND p.status = 'connection_request_sent' AND p.contacted_at IS NOT NULL AND c.at IS NOT NULL
   AND NOT EXISTS (SELECT FROM send_queue q JOIN send_attempts a ON a.send_id = q.id
                    WHERE q.prospect_id = p.id AND a.action <> 'profile_lookup' AND is_undecided(a.state));

-- name: never_seen
-- Accepted by the provider a day ago and more, its list was read since and shows a later one of the account, but never this one.
SELECT p.workspace_id, p.campaign_id, 'campaign_prospects' AS table_name, p.id::text AS row_id, a.updated_at AS occurred_at,
       jsonb_build_object('attempt', a.id, 'provider_ref', a.provider_ref, 'answered_at', a.answered_at, 'last_attempt', a.id) AS evidence,
       prospect_change(p, 'completed', p.contacted_at, 'never_arrived') AS changes,
       'Lists lag and forget, so this is never applied by itself. Apply it if the account''s own list of sent invitations lacks the person; '
       'who should be invited again is enrolled again.' AS why
  FROM campaign_prospects p
  JOIN send_queue s ON s.prospect_id = p.id AND s.action = 'invitation'
  JOIN send_attempts a ON a.send_id = s.id AND a.action = 'invitation' AND a.state = 'accepted' AND a.withdrawn_at IS NULL
  JOIN account_reads r ON r.account_id = a.account_id AND r.kind = 'invitations_sent' AND r.last_read_at > a.answered_at + interval '1 hour'
 WHERE p.id = ANY(:ids::uuid[]) AND p.status = 'connection_request_sent' AND p.contacted_at IS NOT NULL AND a.answered_at < :now::timestamptz - interval '24 hours'
   AND NOT EXISTS (SELECT FROM observations o WHERE o.account_id = a.account_id AND o.kind = 'invitation' AND o.provider_key = a.provider_ref)
   AND NOT EXISTS (SELECT FROM observations o WHERE o.account_id = a.account_id AND o.person_id = a.recipient_id AND o.kind IN ('invitation', 'relation'))
   AND EXISTS (SELECT FROM observations o WHERE o.account_id = a.account_id AND o.kind = 'invitation' AND o.observed_at > a.answered_at)
   AND NOT EXISTS (SELECT FROM send_attempts n WHERE n.send_id = s.id AND n.id > a.id AND n.action <> 'profile_lookup');

-- name: duplicate_sends
-- Several rows of one prospect and step, loaded around the constraint. One counts: the one whose attempt was accepted, else the one
-- sent first, else the one that is furthest; the others go to merged_sends as they are, with the attempts that came to nothing.
WITH rows AS (
  SELECT s.id, s.workspace_id, s.campaign_id, s.prospect_id, s.message_type, s.status, s.sent_at, s.created_at, s.updated_at,
         EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup' AND is_live(a.state)) AS live
    FROM send_queue s
   WHERE s.prospect_id = ANY(:ids::uuid[])
), ranked AS (
  SELECT r.id, r.workspace_id, r.campaign_id, r.prospect_id, r.message_type, r.status, r.updated_at, r.live, count(*) OVER step AS many,
         first_value(r.id) OVER (step ORDER BY r.live DESC, array_position(ARRAY['sent', 'sending', 'dispatched', 'pending', 'failed', 'skipped', 'cancelled'], r.status::text),
                                                r.sent_at, r.created_at, r.id) AS kept
    FROM rows r
  WINDOW step AS (PARTITION BY r.prospect_id, r.message_type)
), groups AS (
  SELECT r.prospect_id, r.message_type, r.kept, min(r.workspace_id::text)::uuid AS workspace_id, min(r.campaign_id::text)::uuid AS campaign_id, max(r.updated_at) AS updated_at,
         count(*) AS many, count(*) FILTER (WHERE r.status = 'sent') AS sent, array_agg(r.id ORDER BY r.id) FILTER (WHERE r.id <> r.kept AND NOT r.live) AS others
    FROM ranked r WHERE r.many > 1 GROUP BY r.prospect_id, r.message_type, r.kept
)
SELECT g.workspace_id, g.campaign_id, 'send_queue' AS table_name, g.kept::text AS row_id, g.updated_at AS occurred_at,
       jsonb_build_object('prospect', g.prospect_id, 'message_type', g.message_type, 'rows', g.many, 'sent', g.sent, 'kept', g.kept,
                          'last_attempt', (SELECT e.last_attempt FROM contact_evidence(g.prospect_id) e)) AS evidence,
       coalesce((SELECT jsonb_agg(jsonb_build_object('table', 'send_attempts', 'id', a.id, 'before', jsonb_build_object('send_id', a.send_id),
                                                     'after', jsonb_build_object('send_id', g.kept)) ORDER BY a.id)
                   FROM send_attempts a WHERE a.send_id = ANY(g.others)), '[]')
       || coalesce((SELECT jsonb_agg(jsonb_build_object('table', 'send_queue', 'id', s.id, 'before', to_jsonb(s), 'after', NULL, 'into', g.kept) ORDER BY s.id)
                      FROM send_queue s WHERE s.id = ANY(g.others)), '[]') AS changes,
       CASE WHEN g.others IS NULL THEN 'Two attempts of one step were accepted, so it went out twice; both stay, for the ledger refers to them.' END AS why
  FROM groups g;

-- name: counters_differ
-- A campaign's counts, with what is not folded yet, beside its prospects. One statement, so both are of one moment.
WITH differing AS (
  SELECT campaign_id AS id, workspace_id, updated_at, jsonb_object_agg(counter, kept) AS live, jsonb_object_agg(counter, counted) AS really
    FROM campaign_counts(:ids::uuid[]) WHERE kept <> counted GROUP BY 1, 2, 3
)
SELECT d.workspace_id, d.id AS campaign_id, 'campaigns' AS table_name, d.id::text AS row_id, d.updated_at AS occurred_at,
       jsonb_build_object('counted', d.live, 'really', d.really, 'as_of', d.updated_at) AS evidence,
       jsonb_build_array(jsonb_build_object('table', 'campaigns', 'id', d.id, 'before', d.live, 'after', d.really)) AS changes, NULL::text AS why
  FROM differing d;

-- name: total_differs
-- The kept totals beside the sum of the campaigns they are kept from: of each workspace named, and of all.
WITH sums AS (
  SELECT c.workspace_id, sum(c.prospects_count)::bigint AS total FROM campaigns c GROUP BY 1
  UNION ALL SELECT '00000000-0000-0000-0000-000000000000', coalesce(sum(c.prospects_count), 0)::bigint FROM campaigns c
)
SELECT w.id AS workspace_id, NULL::uuid AS campaign_id, 'prospect_totals' AS table_name, t.workspace_id::text AS row_id, t.updated_at AS occurred_at,
       jsonb_build_object('kept', t.total, 'really', coalesce(s.total, 0), 'as_of', t.updated_at) AS evidence,
       jsonb_build_array(jsonb_build_object('table', 'prospect_totals', 'id', t.workspace_id, 'before', jsonb_build_object('total', t.total),
                                            'after', jsonb_build_object('total', coalesce(s.total, 0)))) AS changes, NULL::text AS why
  FROM prospect_totals t LEFT JOIN sums s ON s.workspace_id = t.workspace_id LEFT JOIN workspaces w ON w.id = t.workspace_id
 WHERE t.total <> coalesce(s.total, 0);

-- name: stuck_dispatched
-- Dispatched long ago, and its account is not leased: no lease will expire and return it to pending.
SELECT s.workspace_id, s.campaign_id, 'send_queue' AS table_name, s.id::text AS row_id, s.updated_at AS occurred_at,
       jsonb_build_object('dispatched_since', s.updated_at, 'dispatch_no', s.dispatch_no, 'last_attempt', (SELECT e.last_attempt FROM contact_evidence(s.prospect_id) e)) AS evidence,
       jsonb_build_array(jsonb_build_object('table', 'send_queue', 'id', s.id, 'before', jsonb_build_object('status', s.status), 'after', jsonb_build_object('status', 'pending'))) AS changes,
       NULL::text AS why
  FROM send_queue s
  JOIN accounts a ON a.id = s.account_id AND a.lease_until IS NULL
 WHERE s.status = 'dispatched' AND s.updated_at < clock_timestamp() - :stuck::interval
   AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.send_id = s.id AND is_live(i.state) AND (i.state = 'intent' OR i.action <> 'profile_lookup'))
 ORDER BY s.id LIMIT :most;

-- name: sending_though_accepted
-- The provider has accepted it, the ledger says so, and the send was never finished.
SELECT s.workspace_id, s.campaign_id, 'send_queue' AS table_name, s.id::text AS row_id, s.updated_at AS occurred_at,
       jsonb_build_object('sending_since', s.updated_at, 'attempt', a.id, 'last_attempt', (SELECT e.last_attempt FROM contact_evidence(s.prospect_id) e)) AS evidence,
       jsonb_build_array(jsonb_build_object('table', 'send_queue', 'id', s.id, 'before', jsonb_build_object('status', s.status, 'sent_at', s.sent_at),
                                            'after', jsonb_build_object('status', 'sent', 'sent_at', coalesce(a.answered_at, a.decided_at))))
       || CASE WHEN p.contacted_at IS NOT NULL THEN '[]'
               ELSE prospect_change(p, CASE WHEN is_unstarted(p.status) AND a.action = 'invitation' AND p.connected_at IS NULL THEN 'connection_request_sent'
                                            WHEN is_unstarted(p.status) AND a.action = 'invitation' THEN 'connected'
                                            WHEN p.status IN ('pending', 'approved', 'connected') THEN 'messaging'
                                            WHEN p.status = 'failed' THEN 'completed' ELSE p.status END::prospect_status, coalesce(a.answered_at, a.decided_at)) END AS changes,
       NULL::text AS why
  FROM send_queue s
  JOIN send_attempts a ON a.send_id = s.id AND a.state = 'accepted' AND contacts_person(a.action)
  JOIN campaign_prospects p ON p.id = s.prospect_id
 WHERE s.status = 'sending' AND s.updated_at < clock_timestamp() - :stuck::interval
   AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.send_id = s.id AND is_undecided(i.state))
 ORDER BY s.id LIMIT :most;

-- name: guards_off
-- What keeps rows right and is not there, or is switched off. The catalogue alone; a look costs the names asked for.
SELECT NULL::uuid AS workspace_id, NULL::uuid AS campaign_id, g.on_table AS table_name, g.name AS row_id, NULL::timestamptz AS occurred_at,
       jsonb_build_object('guard', g.name, 'what', g.what, 'is', CASE WHEN t.tgenabled IS NOT NULL THEN 'switched off' ELSE 'missing' END) AS evidence,
       '[]'::jsonb AS changes,
       CASE g.what WHEN 'trigger' THEN format('Rows that break the rules get in. ALTER TABLE %I ENABLE TRIGGER %I, or `tact migrate apply` if it is missing.', g.on_table, g.name)
                   ELSE format('Rows that must be one may be many. Merge them (they are found meanwhile), then create %I again as shared/db/schema.sql has it.', g.name) END AS why
  FROM unnest(:names::text[], :tables::text[], :whats::text[]) AS g(name, on_table, what)
  LEFT JOIN pg_trigger t ON g.what = 'trigger' AND t.tgname = g.name AND t.tgrelid = to_regclass(g.on_table)
  LEFT JOIN pg_index i ON g.what = 'index' AND i.indexrelid = to_regclass(g.name)
 WHERE CASE g.what WHEN 'trigger' THEN t.tgenabled IS NULL OR t.tgenabled NOT IN ('O', 'A') ELSE i.indisvalid IS NOT TRUE END;

-- name: prospects_with_duplicates
-- Only asked while the constraint that forbids them is missing: it reads all of send_queue.
SELECT DISTINCT prospect_id FROM (SELECT s.prospect_id FROM send_queue s GROUP BY s.prospect_id, s.message_type HAVING count(*) > 1) d LIMIT :most;
