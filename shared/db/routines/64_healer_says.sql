-- Events of the healer into the outbox, from inside a routine that changes many rows: one for each key and payload, in order. The topics
-- and types are those of shared/contracts/topics.py; tests/integration/healer/test_healer_cleanup.py reads what comes out with today's models.
CREATE OR REPLACE FUNCTION healer_says_all(topic text, event_type text, keys text[], payloads jsonb[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO outbox (service, topic, key, headers, payload)
  SELECT 'healer', healer_says_all.topic, e.key,
         jsonb_build_object('content-type', 'application/json', 'ce_specversion', '1.0', 'ce_id', gen_random_uuid()::text,
                            'ce_type', event_type, 'ce_source', 'tact/healer',
                            'ce_time', to_char(moment.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
                            'ce_subject', e.key),
         e.payload::text
    FROM unnest(keys, payloads) WITH ORDINALITY AS e(key, payload, n) CROSS JOIN (SELECT business_now() AS at) moment
   ORDER BY e.n
$$;

CREATE OR REPLACE FUNCTION healer_says(topic text, event_type text, key text, payload jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT healer_says_all(topic, event_type, ARRAY[key], ARRAY[payload])
$$;

-- Who hears of repairs: the planner, of people it may plan again and of people found connected.
CREATE OR REPLACE FUNCTION tell_of_repair(changes jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  keys text[];
  payloads jsonb[];
BEGIN
  SELECT array_agg(coalesce(p.account_id, p.id)::text ORDER BY e.n),
         array_agg(jsonb_build_object('prospect_id', p.id, 'campaign_id', p.campaign_id, 'workspace_id', p.workspace_id, 'reason', 'repaired') ORDER BY e.n) INTO keys, payloads
    FROM jsonb_array_elements(changes) WITH ORDINALITY AS e(one, n)
    JOIN campaign_prospects p ON p.id = CASE WHEN e.one ->> 'table' = 'campaign_prospects' AND e.one -> 'after' ->> 'status' IN ('pending', 'approved') THEN (e.one ->> 'id')::uuid END;
  IF keys IS NOT NULL THEN
    PERFORM healer_says_all('prospects.ready', 'tact.prospect.ready.v1', keys, payloads);
  END IF;
  SELECT array_agg(p.account_id::text ORDER BY e.n),
         array_agg(jsonb_build_object('prospect_id', p.id, 'campaign_id', p.campaign_id, 'workspace_id', p.workspace_id, 'account_id', p.account_id,
                                      'lead_id', p.lead_id, 'accepted_at', p.connected_at, 'seen_by', 'lookup') ORDER BY e.n) INTO keys, payloads
    FROM jsonb_array_elements(changes) WITH ORDINALITY AS e(one, n)
    JOIN campaign_prospects p ON p.id = CASE WHEN e.one ->> 'table' = 'campaign_prospects' AND e.one -> 'after' ->> 'status' = 'connected' THEN (e.one ->> 'id')::uuid END
   WHERE p.account_id IS NOT NULL;
  IF keys IS NOT NULL THEN
    PERFORM healer_says_all('connections.accepted', 'tact.connection.accepted.v1', keys, payloads);
  END IF;
END $$;

-- Everybody may hear of findings; the healer itself looks at the rows again and finds them mended.
DROP FUNCTION IF EXISTS tell_of_finding(bigint);
CREATE OR REPLACE FUNCTION tell_of_findings(findings bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM healer_says_all('integrity.events', 'tact.integrity.found.v1',
                          array_agg(coalesce(f.workspace_id, '00000000-0000-0000-0000-000000000000')::text ORDER BY f.id),
                          array_agg(jsonb_build_object('workspace_id', f.workspace_id, 'kind', f.kind, 'severity', f.severity, 'table_name', f.table_name,
                                                       'row_id', f.row_id, 'evidence', f.evidence) ORDER BY f.id))
    FROM integrity_findings f WHERE f.id = ANY(findings) HAVING count(*) > 0;
END $$;
