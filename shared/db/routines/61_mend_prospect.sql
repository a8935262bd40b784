-- The one way around the trigger validate_prospect_status: put a prospect that says what cannot be into a state that can,
-- with a trace. `expected` is the row as the repair saw it: {"status", "contacted_at", "last_attempt"}; last_attempt is the
-- id of the newest attempt the repair took into account, or null. Answers 'mended', 'gone', 'changed' (the row is not as
-- expected any more) or 'later_attempt' (something left, or may have left, that the repair did not know of).
-- Raises when the new state would break a rule itself: a contact is never taken back, and nobody is invented as contacted.
CREATE OR REPLACE FUNCTION mend_prospect(
  prospect uuid, run_id bigint, expected jsonb, new_status prospect_status, new_contacted_at timestamptz, actor text, reason text,
  new_outcome text DEFAULT NULL, evidence jsonb DEFAULT '{}'
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  p campaign_prospects;
  n campaign_prospects;
  finding bigint;
BEGIN
  IF btrim(coalesce(actor, '')) = '' OR btrim(coalesce(reason, '')) = '' THEN
    RAISE EXCEPTION 'mend_prospect needs an actor and a reason: they are the trace (prospect %)', prospect USING ERRCODE = 'check_violation';
  END IF;
  IF NOT expected ?& ARRAY['status', 'contacted_at', 'last_attempt'] THEN
    RAISE EXCEPTION 'mend_prospect needs the row as it was seen: status, contacted_at and last_attempt (prospect %)', prospect
      USING ERRCODE = 'check_violation';
  END IF;
  SELECT * INTO p FROM campaign_prospects c WHERE c.id = prospect FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'gone';
  END IF;
  IF p.status::text IS DISTINCT FROM expected ->> 'status'
     OR p.contacted_at IS DISTINCT FROM (expected ->> 'contacted_at')::timestamptz THEN
    RETURN 'changed';
  END IF;
  IF EXISTS (SELECT FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
              WHERE s.prospect_id = prospect AND a.action <> 'profile_lookup'
                AND (a.id > coalesce((expected ->> 'last_attempt')::bigint, 0) OR a.state IN ('intent', 'unknown'))) THEN
    RETURN 'later_attempt';
  END IF;
  IF p.contacted_at IS NOT NULL AND new_contacted_at IS NULL THEN
    RAISE EXCEPTION 'Cannot remove contacted_at timestamp once set (prospect %)', prospect USING ERRCODE = 'check_violation';
  END IF;
  IF (new_contacted_at IS NULL AND new_status IN ('connection_request_sent', 'messaging'))
     OR (new_contacted_at IS NOT NULL AND new_status IN ('pending', 'approved', 'failed')) THEN
    RAISE EXCEPTION 'Cannot mend prospect % to % with contacted_at %: that would be wrong again', prospect, new_status, new_contacted_at
      USING ERRCODE = 'check_violation';
  END IF;
  PERFORM set_config('tact.mending', 'on', true);
  UPDATE campaign_prospects c
     SET status = new_status, contacted_at = new_contacted_at, outcome = coalesce(new_outcome, c.outcome),
         completed_at = CASE WHEN new_status = 'completed' THEN coalesce(c.completed_at, business_now()) ELSE c.completed_at END
   WHERE c.id = prospect
  RETURNING * INTO n;
  PERFORM set_config('tact.mending', 'off', true);
  UPDATE integrity_findings f SET state = 'repaired', closed_at = clock_timestamp()
   WHERE f.table_name = 'campaign_prospects' AND f.row_id = prospect::text AND f.state IN ('open', 'proposed')
     AND f.kind IN ('corrupted_sent', 'corrupted_failed', 'corrupted_pending')
  RETURNING f.id INTO finding;
  INSERT INTO integrity_history (finding_id, run_id, kind, table_name, row_id, before, after, evidence, done_by)
       VALUES (finding, run_id, reason, 'campaign_prospects', prospect::text, to_jsonb(p), to_jsonb(n), evidence, actor);
  INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
       VALUES (p.workspace_id, actor, 'mend', 'prospect', prospect::text,
               jsonb_build_object('reason', reason, 'run_id', run_id, 'was', p.status, 'is', n.status,
                                  'contacted_at_was', p.contacted_at, 'contacted_at', n.contacted_at));
  RETURN 'mended';
END $$;
