-- Repair the prospects that prospect_data_integrity counts, from the ledger and from what the provider has shown, at most `most` a run:
--   marked sent without contacted_at: where the ledger or the provider's list shows that the step was sent, contacted_at is restored from
--     there; otherwise the prospect becomes pending, its sends are reopened and the planner is woken, all in this transaction (or
--     planning would find the rows and no message would be sent);
--   pending with contacted_at: the status that the evidence shows; without evidence, a proposal for an operator;
--   failed with contacted_at: completed, outcome undeliverable.
-- A prospect with an attempt under way or unknown is left to the look-up that settles the attempt, and a prospect whose repair an
-- operator has refused or undone is left to the operator. A prospect that was repaired three times within the hour becomes a proposal
-- too, because a component keeps breaking it; so does one whose row refuses the repair. The evidence is read under the locks, and all
-- steps work on sets. With `leave_busy` the run waits for no lock: a prospect with a row that another transaction holds is left to the
-- next run; where this holds for all of them there was no run, and the answer has no row.
-- Writes a row in cleanup_runs with the counts before and after.
-- `campaign_ids` is empty when no row was repaired, never NULL: callers ask for its length. A run whose repairs leave a repaired row
-- wrong, or make a right row wrong, fails as a whole, and the runs after it do not begin. `all_right_at`: when a check last found no
-- wrong row at all; NULL: no check did. Rows loaded around the triggers keep the time of their earlier writer, so `all_right_at` alone
-- tells since when they are wrong.
CREATE OR REPLACE FUNCTION mend_corrupted_prospects(actor text, called_by text, most integer, leave_busy boolean, all_right_at timestamptz)
RETURNS TABLE (fixed_count bigint, campaign_ids text[], run_id bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  the_run bigint;
  began timestamptz;
  before jsonb;
  picked uuid[];
  locked uuid[];
  waiting bigint[];  -- findings to apply
  proposed bigint[]; -- findings for a person
  mended uuid[];
  refused integer;
  ours uuid[];       -- wrong by what the caller wrote before, in this very transaction; touch_updated_at() tells whose a row's last version is
  made_wrong uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(7204, 1); -- one run at a time: two would wait for each other row by row
  began := clock_timestamp();
  SELECT to_jsonb(v) INTO before FROM prospect_data_integrity v;
  SELECT coalesce(array_agg(c.id), '{}') INTO ours FROM corrupted_prospects c WHERE c.updated_at = now();
  SELECT coalesce(array_agg(c.id), '{}') INTO picked FROM corrupted_to_mend(most) c;
  locked := lock_to_mend(picked, leave_busy);
  IF leave_busy AND locked = '{}' THEN
    RETURN;
  END IF;
  INSERT INTO cleanup_runs (trigger, started_at, before) VALUES (called_by, began, before) RETURNING id INTO the_run;

  SELECT f.waiting, f.proposed INTO waiting, proposed FROM find_corrupted(locked, all_right_at) f;
  PERFORM tell_of_findings(waiting || proposed);
  WITH answers AS MATERIALIZED (
    SELECT t.finding_id, t.answer FROM apply_repairs(waiting, actor, the_run) t
  )
  SELECT coalesce(array_agg(f.row_id::uuid) FILTER (WHERE a.answer = 'applied'), '{}'), count(*) FILTER (WHERE a.answer LIKE 'refused%') INTO mended, refused
    FROM answers a JOIN integrity_findings f ON f.id = a.finding_id;

  IF EXISTS (SELECT FROM campaign_prospects p WHERE p.id = ANY(mended) AND corruption_of(p.status, p.contacted_at) IS NOT NULL) THEN
    RAISE EXCEPTION 'A repair left what it mended wrong; nothing of this run was kept' USING ERRCODE = 'check_violation';
  END IF;
  SELECT c.id INTO made_wrong FROM corrupted_prospects c WHERE c.updated_at = now() AND c.id NOT IN (SELECT unnest(ours)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'The repairs made things worse: prospect % was right before them. Nothing of this run was kept; what writes there when another row is mended?', made_wrong
      USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO audit_log (actor, verb, object, object_id, details)
       VALUES (actor, 'cleanup', 'cleanup_run', the_run::text, jsonb_build_object('called_by', called_by, 'fixed_count', cardinality(mended)));
  RETURN QUERY
    UPDATE cleanup_runs u
       SET finished_at = clock_timestamp(), fixed_count = cardinality(mended), chosen = cardinality(picked), for_person = cardinality(proposed) + refused,
           after = (SELECT to_jsonb(v) FROM prospect_data_integrity v),
           campaign_ids = (SELECT coalesce(array_agg(DISTINCT p.campaign_id::text), '{}') FROM campaign_prospects p WHERE p.id = ANY(mended))
     WHERE u.id = the_run
    RETURNING u.fixed_count, u.campaign_ids, u.id;
END $$;

-- The same by the name, and with the answer, that people and their scripts know.
DROP FUNCTION IF EXISTS cleanup_corrupted_prospect_statuses(text, text, integer, boolean);
CREATE OR REPLACE FUNCTION cleanup_corrupted_prospect_statuses(actor text DEFAULT session_user, called_by text DEFAULT 'sql', most integer DEFAULT 5000)
RETURNS TABLE (fixed_count bigint, campaign_ids text[])
LANGUAGE sql SET search_path = public, pg_temp AS $$
  SELECT r.fixed_count, r.campaign_ids FROM mend_corrupted_prospects(actor, called_by, most, false, NULL) r
$$;

-- Record what is wrong with these prospects, whose rows the caller has locked: a statement of its own, so it sees what was committed
-- while the caller waited for the locks. Answers the findings that can be repaired at once, and those for an operator.
DROP FUNCTION IF EXISTS find_corrupted(uuid[]);
CREATE OR REPLACE FUNCTION find_corrupted(people uuid[], all_right_at timestamptz) RETURNS TABLE (waiting bigint[], proposed bigint[])
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH seen AS MATERIALIZED (
    SELECT p AS whole, p.id, p.status, p.contacted_at, p.connected_at, e.invited_at, e.messaged_at, e.listed_at,
           least(e.invited_at, e.messaged_at, e.listed_at) AS went,
           corruption_of(p.status, p.contacted_at) AS kind, greatest(p.updated_at, all_right_at) AS since,
           jsonb_strip_nulls(jsonb_build_object('attempt', e.attempt, 'invited_at', e.invited_at, 'messaged_at', e.messaged_at, 'listed_at', e.listed_at,
                                                'invitation', e.invitation)) || jsonb_build_object('last_attempt', e.last_attempt, 'as_of', p.updated_at) AS proof,
           (SELECT count(*) FROM integrity_history h WHERE h.table_name = 'campaign_prospects' AND h.row_id = p.id::text AND h.undoes IS NULL
               AND h.done_at > clock_timestamp() - interval '1 hour' AND h.kind IN ('corrupted_sent', 'corrupted_failed', 'corrupted_pending')) AS times
      FROM unnest(people) u(id) JOIN campaign_prospects p ON p.id = u.id CROSS JOIN LATERAL contact_evidence(p.id) e
     WHERE corruption_of(p.status, p.contacted_at) IS NOT NULL -- else another transaction repaired it first
  ), judged AS (
    SELECT s.whole, s.id, s.kind, s.since, s.proof, CASE s.kind WHEN 'corrupted_sent' THEN s.went WHEN 'corrupted_failed' THEN s.contacted_at
                                                       ELSE CASE WHEN s.went IS NOT NULL THEN s.contacted_at END END AS contact,
           CASE WHEN s.kind = 'corrupted_failed' THEN 'completed'
                WHEN s.went IS NULL THEN 'pending'
                WHEN s.kind = 'corrupted_sent' THEN CASE WHEN coalesce(s.invited_at, s.listed_at) IS NULL THEN 'messaging' ELSE 'connection_request_sent' END
                WHEN s.messaged_at IS NOT NULL THEN 'messaging' WHEN s.connected_at IS NOT NULL THEN 'connected' ELSE 'connection_request_sent' END::prospect_status AS goes_to,
           CASE WHEN s.kind = 'corrupted_failed' THEN 'undeliverable' END AS outcome,
           CASE WHEN s.kind <> 'corrupted_failed' AND s.went IS NULL THEN reopened_sends(s.id) ELSE '[]' END AS more,
           CASE WHEN s.kind = 'corrupted_pending' AND s.went IS NULL
                  THEN 'contacted_at is set, and neither the ledger nor the provider''s list shows a contact. Apply it if the prospect was not contacted: then the prospect is invited.'
                WHEN s.times >= 3 THEN 'It was mended three times within the hour and is wrong again: something keeps writing it. Stop that first.' END AS for_person
      FROM seen s
  ), written AS (
    INSERT INTO integrity_findings AS f (workspace_id, campaign_id, kind, severity, table_name, row_id, evidence, state, repair, changes, why, occurred_at)
    SELECT (j.whole).workspace_id, (j.whole).campaign_id, j.kind, 'critical', 'campaign_prospects', j.id::text, j.proof,
           CASE WHEN j.for_person IS NULL THEN 'open' ELSE 'proposed' END, CASE WHEN j.contact IS NULL THEN 'back_to_pending' ELSE 'as_the_evidence_shows' END,
           prospect_change(j.whole, j.goes_to, j.contact, j.outcome) || j.more, j.for_person, j.since
      FROM judged j ORDER BY j.id
    ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed')
    DO UPDATE SET severity = excluded.severity, evidence = f.evidence || excluded.evidence, state = excluded.state, repair = excluded.repair,
                  changes = excluded.changes, why = excluded.why, campaign_id = excluded.campaign_id, occurred_at = coalesce(f.occurred_at, excluded.occurred_at)
    RETURNING f.id, f.state
  )
  SELECT coalesce(array_agg(w.id ORDER BY w.id) FILTER (WHERE w.state = 'open'), '{}'), coalesce(array_agg(w.id ORDER BY w.id) FILTER (WHERE w.state = 'proposed'), '{}')
    FROM written w;
END $$;

-- What a run would take: by the partial indexes alone, so a look costs what is wrong and not what is stored.
CREATE OR REPLACE FUNCTION corrupted_to_mend(most integer)
RETURNS TABLE (id uuid)
LANGUAGE sql STABLE AS $$
  SELECT c.id
    FROM corrupted_to_repair c
   WHERE NOT EXISTS (SELECT FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                      WHERE s.prospect_id = c.id AND a.action <> 'profile_lookup' AND is_undecided(a.state))
   LIMIT most
$$;

-- When the prospect was contacted, as far as the evidence shows: accepted attempts of the ledger, and invitations from this account to
-- this person in the provider's list, sent by Tact or by hand. An invitation of another enrolment is no evidence of this one.
CREATE OR REPLACE FUNCTION contact_evidence(the_prospect uuid)
RETURNS TABLE (invited_at timestamptz, messaged_at timestamptz, attempt bigint, last_attempt bigint, listed_at timestamptz, invitation text)
LANGUAGE sql STABLE AS $$
  WITH ledger AS (
    SELECT min(coalesce(a.answered_at, a.decided_at)) FILTER (WHERE a.state = 'accepted' AND a.action = 'invitation') AS invited_at,
           min(coalesce(a.answered_at, a.decided_at)) FILTER (WHERE a.state = 'accepted' AND contacts_person(a.action) AND a.action <> 'invitation') AS messaged_at,
           min(a.id) FILTER (WHERE a.state = 'accepted' AND contacts_person(a.action)) AS attempt, max(a.id) AS last_attempt
      FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
     WHERE s.prospect_id = the_prospect AND a.action <> 'profile_lookup'
  ), who AS (
    SELECT p.workspace_id, x.account_id, l.linkedin_vanity, ARRAY(SELECT i FROM unnest(ARRAY[l.linkedin_id, r.provider_id, x.linkedin_user_id]) i WHERE i IS NOT NULL) AS ids
      FROM campaign_prospects p
      JOIN leads l ON l.id = p.lead_id
     CROSS JOIN LATERAL (
        SELECT coalesce(p.account_id, s.account_id) AS account_id, s.linkedin_user_id FROM send_queue s WHERE s.prospect_id = p.id
        UNION SELECT p.account_id, NULL WHERE p.account_id IS NOT NULL
        UNION SELECT a.account_id, NULL FROM campaign_accounts a WHERE a.campaign_id = p.campaign_id AND p.account_id IS NULL) x
      LEFT JOIN recipients r ON r.account_id = x.account_id AND r.lead_id = p.lead_id
     WHERE p.id = the_prospect
  ), listed AS (
    SELECT coalesce(o.happened_at, o.observed_at) AS at, o.provider_key AS invitation
      FROM who w JOIN observations o ON o.account_id = w.account_id AND o.person_id = ANY(w.ids) AND o.kind = 'invitation'
     WHERE NOT EXISTS (SELECT FROM send_attempts a WHERE a.workspace_id = w.workspace_id AND a.recipient_id = ANY(w.ids) AND a.action = 'invitation'
                          AND a.withdrawn_at IS NOT NULL AND a.prospect_id <> the_prospect AND a.provider_ref = o.provider_key)
       AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.workspace_id = w.workspace_id AND a.recipient_id = ANY(w.ids) AND a.action = 'invitation'
                          AND is_live(a.state) AND a.withdrawn_at IS NULL AND a.prospect_id <> the_prospect
                          AND (a.provider_ref = o.provider_key OR a.provider_ref IS NULL))
    UNION ALL
    SELECT f.sent_at, f.invitation_id
      FROM who w JOIN foreign_invitations f ON f.workspace_id = w.workspace_id AND f.account_id = w.account_id AND f.attempt_id IS NULL
                                           AND (f.recipient_id = ANY(w.ids) OR f.public_identifier = w.linkedin_vanity)
  )
  SELECT g.invited_at, g.messaged_at, g.attempt, g.last_attempt, l.at, l.invitation
    FROM ledger g LEFT JOIN (SELECT at, invitation FROM listed ORDER BY at LIMIT 1) l ON true
$$;

-- The changes that allow the sends of a prospect that was never contacted: its first step, and each send that is marked as sent though
-- no attempt of it was accepted.
CREATE OR REPLACE FUNCTION reopened_sends(the_prospect uuid) RETURNS jsonb
LANGUAGE sql STABLE SET timezone = 'UTC' AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('table', 'send_queue', 'id', s.id,
           'before', jsonb_build_object('status', s.status, 'sent_at', s.sent_at, 'error_message', s.error_message, 'held_for', s.held_for),
           'after', jsonb_build_object('status', 'pending', 'sent_at', NULL, 'error_message', NULL, 'held_for', NULL)) ORDER BY s.step_position, s.id), '[]')
    FROM send_queue s
   WHERE s.prospect_id = the_prospect AND s.action::text <> 'withdrawal'
     AND (s.status = 'sent' OR (s.status IN ('failed', 'skipped', 'cancelled')
                                AND s.step_position = (SELECT min(f.step_position) FROM send_queue f WHERE f.prospect_id = the_prospect)))
     AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup' AND is_live(a.state))
$$;
