-- Put a prospect that says what cannot be into a state that can. `expected` is the row as the repair saw it: {"status",
-- "contacted_at", "last_attempt"}; last_attempt is the id of the newest attempt the repair took into account, or null. `more` are
-- changes of its sends, done in the same moment. Answers 'mended', 'gone', 'changed' or 'later_attempt', as apply_repair.
-- Raises when the new state would break a rule itself: a contact is never taken back here, and nobody is invented as contacted.
DROP FUNCTION IF EXISTS mend_prospect(uuid, bigint, jsonb, prospect_status, timestamptz, text, text, text, jsonb);
CREATE OR REPLACE FUNCTION mend_prospect(
  prospect uuid, run_id bigint, expected jsonb, new_status prospect_status, new_contacted_at timestamptz, actor text, reason text,
  new_outcome text DEFAULT NULL, evidence jsonb DEFAULT '{}', more jsonb DEFAULT '[]'
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  p campaign_prospects;
  finding bigint;
  answer text;
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
  IF p.contacted_at IS NOT NULL AND new_contacted_at IS NULL THEN
    RAISE EXCEPTION 'Cannot remove contacted_at timestamp once set (prospect %)', prospect USING ERRCODE = 'check_violation';
  END IF;
  IF (new_contacted_at IS NULL AND new_status IN ('connection_request_sent', 'messaging'))
     OR (new_contacted_at IS NOT NULL AND new_status IN ('pending', 'approved', 'failed')) THEN
    RAISE EXCEPTION 'Cannot mend prospect % to % with contacted_at %: that would be wrong again', prospect, new_status, new_contacted_at
      USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO integrity_findings AS f (workspace_id, campaign_id, kind, severity, table_name, row_id, evidence, repair, changes, occurred_at)
       VALUES (p.workspace_id, p.campaign_id, reason, 'critical', 'campaign_prospects', prospect::text,
               evidence || jsonb_build_object('last_attempt', expected -> 'last_attempt', 'as_of', p.updated_at),
               CASE WHEN new_contacted_at IS NULL THEN 'back_to_pending' ELSE 'as_the_evidence_shows' END,
               prospect_change(p, new_status, new_contacted_at, new_outcome) || more, p.updated_at)
  ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed')
  DO UPDATE SET evidence = f.evidence || excluded.evidence, repair = excluded.repair, changes = excluded.changes, why = NULL,
                campaign_id = excluded.campaign_id, occurred_at = coalesce(f.occurred_at, excluded.occurred_at)
  RETURNING id INTO finding;
  PERFORM tell_of_findings(ARRAY[finding]);
  answer := apply_repair(finding, actor, run_id);
  IF answer = 'applied' THEN
    RETURN 'mended';
  END IF;
  UPDATE integrity_findings SET state = 'gone', closed_at = clock_timestamp() WHERE id = finding AND state IN ('open', 'proposed');
  RETURN answer;
END $$;

-- What of a prospect changes with these; a list with one change, of the columns that differ alone.
CREATE OR REPLACE FUNCTION prospect_change(p campaign_prospects, new_status prospect_status, new_contacted_at timestamptz, new_outcome text DEFAULT NULL)
RETURNS jsonb
LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
  SELECT jsonb_build_array(jsonb_build_object('table', 'campaign_prospects', 'id', p.id, 'before', jsonb_object_agg(d.name, d.was), 'after', jsonb_object_agg(d.name, d.is_now)))
    FROM (VALUES ('status', to_jsonb(p.status), to_jsonb(new_status)),
                 ('contacted_at', to_jsonb(p.contacted_at), to_jsonb(new_contacted_at)),
                 ('outcome', to_jsonb(p.outcome), to_jsonb(coalesce(new_outcome, p.outcome))),
                 ('completed_at', to_jsonb(p.completed_at), to_jsonb(CASE WHEN new_status = 'completed' THEN coalesce(p.completed_at, business_now()) ELSE p.completed_at END)))
         AS d(name, was, is_now)
   WHERE d.was IS DISTINCT FROM d.is_now OR d.name IN ('status', 'contacted_at')
$$;
