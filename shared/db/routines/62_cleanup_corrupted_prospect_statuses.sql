-- Mend the prospects that prospect_data_integrity counts, from the ledger alone, at most `most` a run:
--   marked sent without contacted_at: the ledger shows it went out -> contacted_at restored; it does not -> pending, its
--     send reopened and the planner told, all in this transaction (or planning would find the row and nothing would leave);
--   pending with contacted_at: the status the ledger shows; where it shows nothing, a finding for a person;
--   failed with contacted_at: completed, outcome undeliverable.
-- Prospects with an attempt under way or unknown are left to those who settle it. Leaves a row in cleanup_runs with the
-- counts before and after. `campaign_ids` is empty when nothing was mended, never NULL: callers ask for its length.
CREATE OR REPLACE FUNCTION cleanup_corrupted_prospect_statuses(actor text DEFAULT session_user, called_by text DEFAULT 'sql', most integer DEFAULT 5000)
RETURNS TABLE (fixed_count bigint, campaign_ids text[], run_id bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  the_run bigint;
  counts_before jsonb;
  chosen uuid[];
  mended uuid[] := '{}';
  r record;
BEGIN
  PERFORM pg_advisory_xact_lock(7204, 1); -- one run at a time: two would wait for each other row by row
  SELECT to_jsonb(v) INTO counts_before FROM prospect_data_integrity v;
  INSERT INTO cleanup_runs (trigger, before) VALUES (called_by, counts_before) RETURNING id INTO the_run;

  SELECT coalesce(array_agg(w.id), '{}') INTO chosen FROM (
    SELECT c.id
      FROM (SELECT id FROM campaign_prospects WHERE status = 'connection_request_sent' AND contacted_at IS NULL
            UNION ALL
            SELECT id FROM campaign_prospects WHERE status = 'failed' AND contacted_at IS NOT NULL
            UNION ALL
            SELECT id FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NOT NULL) c
     WHERE NOT EXISTS (SELECT FROM integrity_findings f WHERE f.kind = 'corrupted_pending' AND f.table_name = 'campaign_prospects'
                          AND f.row_id = c.id::text AND f.state IN ('open', 'proposed') AND f.severity = 'critical') -- a person's already
       AND NOT EXISTS (SELECT FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                        WHERE s.prospect_id = c.id AND a.action <> 'profile_lookup' AND a.state IN ('intent', 'unknown'))
     LIMIT most) w;

  -- The order of locks of everybody: accounts, sends, prospects; in order of id.
  PERFORM FROM accounts WHERE id IN (SELECT account_id FROM send_queue WHERE prospect_id = ANY(chosen)) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM send_queue WHERE prospect_id = ANY(chosen) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM campaign_prospects WHERE id = ANY(chosen) ORDER BY id FOR NO KEY UPDATE;

  FOR r IN -- a statement of its own: it sees what was committed while the locks were waited for
    SELECT p.id, p.workspace_id, p.campaign_id, p.account_id, p.status, p.contacted_at, p.connected_at, p.status::text AS was,
           inv.at AS invited_at, msg.at AS messaged_at, coalesce(inv.id, msg.id) AS attempt, last.id AS last_attempt, send.id AS send_id
      FROM campaign_prospects p
      LEFT JOIN LATERAL (SELECT a.id, coalesce(a.answered_at, a.decided_at) AS at FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                          WHERE s.prospect_id = p.id AND a.action = 'invitation' AND a.state = 'accepted' ORDER BY a.id LIMIT 1) inv ON true
      LEFT JOIN LATERAL (SELECT a.id, coalesce(a.answered_at, a.decided_at) AS at FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                          WHERE s.prospect_id = p.id AND a.action IN ('message', 'email') AND a.state = 'accepted' ORDER BY a.id LIMIT 1) msg ON true
      LEFT JOIN LATERAL (SELECT max(a.id) AS id FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                          WHERE s.prospect_id = p.id AND a.action <> 'profile_lookup') last ON true
      LEFT JOIN LATERAL (SELECT s.id FROM send_queue s WHERE s.prospect_id = p.id ORDER BY s.step_position LIMIT 1) send ON true
     WHERE p.id = ANY(chosen)
     ORDER BY p.id
  LOOP
    DECLARE
      seen jsonb := jsonb_build_object('status', r.status, 'contacted_at', r.contacted_at, 'last_attempt', r.last_attempt);
      proof jsonb := jsonb_build_object('attempt', r.attempt, 'invited_at', r.invited_at, 'messaged_at', r.messaged_at);
      answer text;
    BEGIN
      IF r.status = 'connection_request_sent' AND r.contacted_at IS NULL AND coalesce(r.invited_at, r.messaged_at) IS NOT NULL THEN
        answer := mend_prospect(r.id, the_run, seen,
                                CASE WHEN r.invited_at IS NULL THEN 'messaging' ELSE 'connection_request_sent' END::prospect_status,
                                least(r.invited_at, r.messaged_at), actor, 'corrupted_sent', NULL, proof);
      ELSIF r.status = 'connection_request_sent' AND r.contacted_at IS NULL THEN
        answer := mend_prospect(r.id, the_run, seen, 'pending', NULL, actor, 'corrupted_sent', NULL, proof);
        IF answer = 'mended' THEN
          PERFORM reopen(r.send_id, actor, 'marked as sent, but the ledger shows that nothing left');
          PERFORM healer_says('prospects.ready', 'tact.prospect.ready.v1', coalesce(r.account_id, r.id)::text,
                              jsonb_build_object('prospect_id', r.id, 'campaign_id', r.campaign_id, 'workspace_id', r.workspace_id,
                                                 'reason', 'repaired'));
        END IF;
      ELSIF r.status = 'pending' AND r.contacted_at IS NOT NULL AND coalesce(r.invited_at, r.messaged_at) IS NOT NULL THEN
        answer := mend_prospect(r.id, the_run, seen,
                                CASE WHEN r.messaged_at IS NOT NULL THEN 'messaging' WHEN r.connected_at IS NOT NULL THEN 'connected'
                                     ELSE 'connection_request_sent' END::prospect_status,
                                r.contacted_at, actor, 'corrupted_pending', NULL, proof);
      ELSIF r.status = 'pending' AND r.contacted_at IS NOT NULL THEN
        INSERT INTO integrity_findings (workspace_id, kind, severity, table_name, row_id, evidence)
             VALUES (r.workspace_id, 'corrupted_pending', 'critical', 'campaign_prospects', r.id::text,
                     jsonb_build_object('contacted_at', r.contacted_at, 'why', 'contacted_at is set and no attempt of ours went out; a person decides'))
        ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed')
        DO UPDATE SET severity = excluded.severity, evidence = integrity_findings.evidence || excluded.evidence;
      ELSIF r.status = 'failed' AND r.contacted_at IS NOT NULL THEN
        answer := mend_prospect(r.id, the_run, seen, 'completed', r.contacted_at, actor, 'corrupted_failed', 'undeliverable', proof);
      END IF;
      IF answer = 'mended' THEN
        mended := mended || r.id;
      END IF;
    END;
  END LOOP;

  RETURN QUERY
    UPDATE cleanup_runs u
       SET finished_at = clock_timestamp(), fixed_count = cardinality(mended), after = (SELECT to_jsonb(v) FROM prospect_data_integrity v),
           campaign_ids = (SELECT coalesce(array_agg(DISTINCT p.campaign_id::text), '{}') FROM campaign_prospects p WHERE p.id = ANY(mended))
     WHERE u.id = the_run
    RETURNING u.fixed_count, u.campaign_ids, u.id;
  INSERT INTO audit_log (actor, verb, object, object_id, details)
       VALUES (actor, 'cleanup', 'cleanup_run', the_run::text, jsonb_build_object('called_by', called_by, 'fixed_count', cardinality(mended)));
END $$;
