-- The one audited way around the triggers' rules: apply what a finding would change, or take it back. The changes are compared
-- with the rows first, so what changed since it was found is left alone. Answers 'applied' or 'undone'; 'closed' (somebody was
-- faster), 'nothing' (there is nothing to change), 'gone', 'changed', or 'later_attempt' (something left, or may have left, that the
-- finding did not know of). What a repair tells, it tells in the same transaction.
-- Raises where a repair would make a row that breaks a rule; an undo may, for it restores what was there before. No scans in here: plans
-- made while the healer's own tables were young read them in full for every row.
CREATE OR REPLACE FUNCTION apply_repair(the_finding bigint, actor text, run_id bigint DEFAULT NULL, undo boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  f integrity_findings;
  line bigint;      -- of the history, that an undo takes back
  todo jsonb;
  c jsonb;
  is_now jsonb;
  people uuid[];
  last_known bigint;
  wrong uuid;
BEGIN
  IF btrim(coalesce(actor, '')) = '' THEN
    RAISE EXCEPTION 'apply_repair needs an actor: it is the trace (finding %)', the_finding USING ERRCODE = 'check_violation';
  END IF;
  SELECT * INTO f FROM integrity_findings WHERE id = the_finding FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'gone';
  END IF;
  IF undo THEN
    SELECT h.id, h.changes, (h.evidence ->> 'last_attempt')::bigint INTO line, todo, last_known
      FROM integrity_history h WHERE h.finding_id = the_finding AND h.undoes IS NULL AND h.undone_at IS NULL ORDER BY h.id DESC LIMIT 1;
    IF f.state <> 'repaired' OR line IS NULL THEN
      RETURN 'closed';
    END IF;
    SELECT coalesce(jsonb_agg(e.one || jsonb_build_object('before', e.one -> 'after', 'after', e.one -> 'before') ORDER BY e.n DESC), '[]') INTO todo
      FROM jsonb_array_elements(todo) WITH ORDINALITY AS e(one, n);
  ELSE
    IF f.state NOT IN ('open', 'proposed') THEN
      RETURN 'closed';
    END IF;
    todo := f.changes;
    last_known := (f.evidence ->> 'last_attempt')::bigint;
  END IF;
  IF todo = '[]' THEN
    RETURN 'nothing';
  END IF;

  SELECT coalesce(array_agg(DISTINCT x.prospect ORDER BY x.prospect), '{}') INTO people FROM (
    SELECT (e ->> 'id')::uuid AS prospect FROM jsonb_array_elements(todo) e WHERE e ->> 'table' = 'campaign_prospects'
    UNION ALL
    -- by a probe for each, whatever the planner thinks of the length of a list
    SELECT coalesce((e -> 'before' ->> 'prospect_id')::uuid, (e -> 'after' ->> 'prospect_id')::uuid,
                    (SELECT s.prospect_id FROM send_queue s WHERE s.id = (e ->> 'id')::uuid))
      FROM jsonb_array_elements(todo) e WHERE e ->> 'table' = 'send_queue') x
   WHERE x.prospect IS NOT NULL;
  IF current_setting('tact.locked_to_mend', true) IS DISTINCT FROM 'on' THEN -- whoever mends many has locked them all, in order
    PERFORM lock_to_mend(people);
  END IF;

  FOR c IN SELECT e FROM jsonb_array_elements(todo) e LOOP
    CASE c ->> 'table'
      WHEN 'campaign_prospects' THEN SELECT to_jsonb(r) INTO is_now FROM campaign_prospects r WHERE r.id = (c ->> 'id')::uuid;
      WHEN 'send_queue' THEN SELECT to_jsonb(r) INTO is_now FROM send_queue r WHERE r.id = (c ->> 'id')::uuid;
      WHEN 'send_attempts' THEN SELECT to_jsonb(r) INTO is_now FROM send_attempts r WHERE r.id = (c ->> 'id')::bigint FOR NO KEY UPDATE;
      ELSE CONTINUE; -- counts move by a difference, whatever they are now
    END CASE;
    IF is_now IS NULL AND jsonb_typeof(c -> 'before') <> 'null' THEN
      RETURN 'gone';
    END IF;
    IF EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(c -> 'before') WHEN 'object' THEN c -> 'before' ELSE '{}' END) b
                WHERE b.key <> 'updated_at' AND is_now -> b.key IS DISTINCT FROM b.value) THEN
      RETURN 'changed';
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
              WHERE s.prospect_id = ANY(people) AND a.action <> 'profile_lookup'
                AND (a.id > coalesce(last_known, 0) OR a.state IN ('intent', 'unknown'))) THEN
    RETURN 'later_attempt';
  END IF;

  PERFORM set_config('tact.mending', 'on', true);
  FOR c IN SELECT e FROM jsonb_array_elements(todo) e LOOP
    PERFORM change_row(c, actor, f.kind);
  END LOOP;
  PERFORM set_config('tact.mending', 'off', true);

  IF undo THEN
    UPDATE integrity_findings SET state = 'undone', closed_at = clock_timestamp(), decided_by = actor, decided_at = clock_timestamp() WHERE id = the_finding;
    UPDATE integrity_history SET undone_at = clock_timestamp() WHERE id = line;
  ELSE
    SELECT p.id INTO wrong FROM campaign_prospects p
     WHERE p.id = ANY(people) AND ((p.contacted_at IS NULL AND p.status IN ('connection_request_sent', 'messaging'))
                                   OR (p.contacted_at IS NOT NULL AND p.status IN ('pending', 'approved', 'failed'))) LIMIT 1;
    IF wrong IS NOT NULL THEN
      RAISE EXCEPTION 'Cannot mend prospect % so: that would be wrong again (finding %)', wrong, the_finding USING ERRCODE = 'check_violation';
    END IF;
    UPDATE integrity_findings SET state = 'repaired', closed_at = clock_timestamp(), decided_by = actor, decided_at = clock_timestamp() WHERE id = the_finding;
    PERFORM tell_of_repair(todo);
  END IF;
  INSERT INTO integrity_history (finding_id, run_id, workspace_id, campaign_id, kind, repair, table_name, row_id, before, after, changes, evidence,
                                 occurred_at, done_by, undoes)
  SELECT the_finding, run_id, f.workspace_id, f.campaign_id, f.kind, f.repair, f.table_name, f.row_id,
         coalesce(jsonb_object_agg(x.at, x.was) FILTER (WHERE x.was IS NOT NULL), '{}'), coalesce(jsonb_object_agg(x.at, x.is_now) FILTER (WHERE x.is_now IS NOT NULL), '{}'),
         todo, f.evidence || jsonb_build_object('last_attempt', (SELECT max(a.id) FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                                                                    WHERE s.prospect_id = ANY(people) AND a.action <> 'profile_lookup')),
         f.occurred_at, actor, line
    FROM (SELECT format('%s %s', e ->> 'table', e ->> 'id') AS at, e -> 'before' AS was, e -> 'after' AS is_now FROM jsonb_array_elements(todo) e) x;
  INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
       VALUES (f.workspace_id, actor, CASE WHEN undo THEN 'undo' ELSE 'mend' END,
               CASE f.table_name WHEN 'campaign_prospects' THEN 'prospect' WHEN 'send_queue' THEN 'send' WHEN 'campaigns' THEN 'campaign' ELSE f.table_name END,
               f.row_id, jsonb_build_object('reason', f.kind, 'finding', the_finding, 'run_id', run_id, 'changes', todo));
  RETURN CASE WHEN undo THEN 'undone' ELSE 'applied' END;
END $$;

-- Many findings in one transaction; where one of them is refused, each by itself: that one goes to a person with the reason, and keeps
-- no other. Not each by itself from the beginning, for a row that is locked outside and changed inside a subtransaction costs many times
-- as much.
CREATE OR REPLACE FUNCTION apply_repairs(findings bigint[], actor text, run_id bigint DEFAULT NULL)
RETURNS TABLE (finding_id bigint, answer text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  one bigint;
  said text;
BEGIN
  PERFORM lock_to_mend((SELECT coalesce(array_agg(DISTINCT p), '{}') FROM (
    SELECT CASE e ->> 'table' WHEN 'campaign_prospects' THEN (e ->> 'id')::uuid WHEN 'send_queue' THEN (SELECT s.prospect_id FROM send_queue s WHERE s.id = (e ->> 'id')::uuid) END AS p
      FROM integrity_findings f, jsonb_array_elements(f.changes) e WHERE f.id = ANY(findings)) x WHERE p IS NOT NULL));
  PERFORM set_config('tact.locked_to_mend', 'on', true);
  BEGIN
    RETURN QUERY SELECT a.id, apply_repair(a.id, actor, apply_repairs.run_id) FROM unnest(findings) a(id);
  EXCEPTION WHEN integrity_constraint_violation OR raise_exception THEN
    FOREACH one IN ARRAY findings LOOP
      BEGIN
        said := apply_repair(one, actor, apply_repairs.run_id);
      EXCEPTION WHEN integrity_constraint_violation OR raise_exception THEN
        said := 'refused: ' || SQLERRM;
        UPDATE integrity_findings f SET state = 'proposed', why = 'Its repair was refused: ' || SQLERRM WHERE f.id = one AND f.state IN ('open', 'proposed');
      END;
      finding_id := one;
      answer := said;
      RETURN NEXT;
    END LOOP;
  END;
  PERFORM set_config('tact.locked_to_mend', 'off', true);
  -- What is not as it was found any more: whoever looks next finds what is so then.
  UPDATE integrity_findings f SET state = 'gone', closed_at = clock_timestamp() WHERE f.id = ANY(findings) AND f.state = 'open';
END $$;

-- The order of locks of everybody: accounts, sends, prospects; in order of id.
CREATE OR REPLACE FUNCTION lock_to_mend(people uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE id IN (SELECT s.account_id FROM send_queue s WHERE s.prospect_id = ANY(people)
                                     UNION SELECT p.account_id FROM campaign_prospects p WHERE p.id = ANY(people)) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM send_queue WHERE prospect_id = ANY(people) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM campaign_prospects WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;
END $$;

-- One change of one row, within apply_repair.
CREATE OR REPLACE FUNCTION change_row(c jsonb, actor text, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  the_table text := c ->> 'table';
  target jsonb := c -> 'after';
  source jsonb := c -> 'before';
  may text[] := CASE c ->> 'table'
    WHEN 'campaign_prospects' THEN ARRAY['status', 'contacted_at', 'connected_at', 'completed_at', 'outcome', 'error_message']
    WHEN 'send_queue' THEN ARRAY['status', 'sent_at', 'error_message', 'held_for', 'scheduled_for']
    WHEN 'send_attempts' THEN ARRAY['send_id'] END;
  sets text;
BEGIN
  IF the_table IN ('campaigns', 'prospect_totals') THEN
    IF the_table = 'prospect_totals' THEN
      UPDATE prospect_totals SET total = total + (target ->> 'total')::bigint - (source ->> 'total')::bigint WHERE workspace_id = (c ->> 'id')::uuid;
    ELSE -- by deltas: whoever counts at this moment is not overwritten
      INSERT INTO campaign_counter_deltas (campaign_id, counter, delta)
      SELECT (c ->> 'id')::uuid, t.key, t.value::integer - (source ->> t.key)::integer FROM jsonb_each_text(target) t;
    END IF;
  ELSIF the_table = 'send_queue' AND jsonb_typeof(target) = 'null' THEN
    INSERT INTO merged_sends (id, workspace_id, prospect_id, kept_id, message_type, status, sent_at, was)
    SELECT s.id, s.workspace_id, s.prospect_id, (c ->> 'into')::uuid, s.message_type, s.status, s.sent_at, to_jsonb(s)
      FROM send_queue s WHERE s.id = (c ->> 'id')::uuid
    ON CONFLICT (id) DO UPDATE SET kept_id = excluded.kept_id, status = excluded.status, sent_at = excluded.sent_at, was = excluded.was;
    DELETE FROM send_queue WHERE id = (c ->> 'id')::uuid;
  ELSIF the_table = 'send_queue' AND jsonb_typeof(source) = 'null' THEN
    INSERT INTO send_queue SELECT (jsonb_populate_record(NULL::send_queue, target)).*;
    DELETE FROM merged_sends WHERE id = (c ->> 'id')::uuid;
  ELSIF the_table = 'send_queue' AND target ->> 'status' = 'pending' AND source ->> 'status' IN ('failed', 'skipped', 'cancelled', 'sent') THEN
    PERFORM reopen((c ->> 'id')::uuid, actor, reason);
    INSERT INTO lanes (account_id, campaign_id, action)
    SELECT s.account_id, s.campaign_id, s.next_action FROM send_queue s WHERE s.id = (c ->> 'id')::uuid ON CONFLICT DO NOTHING;
  ELSE
    IF EXISTS (SELECT FROM jsonb_object_keys(target) k WHERE k <> ALL(coalesce(may, '{}'))) THEN
      RAISE EXCEPTION 'A repair may not change % of %', (SELECT string_agg(k, ', ') FROM jsonb_object_keys(target) k), the_table USING ERRCODE = 'check_violation';
    END IF;
    SELECT string_agg(format('%1$I = (jsonb_populate_record(NULL::%2$I, $1)).%1$I', k, the_table), ', ') INTO sets FROM jsonb_object_keys(target) k;
    EXECUTE format('UPDATE %I SET %s WHERE id = $2::%s', the_table, sets, CASE the_table WHEN 'send_attempts' THEN 'bigint' ELSE 'uuid' END)
      USING target, c ->> 'id';
    IF the_table = 'send_queue' AND target ->> 'status' = 'pending' THEN
      UPDATE accounts a SET wake_at = least(coalesce(a.wake_at, 'infinity'), s.scheduled_for) FROM send_queue s WHERE s.id = (c ->> 'id')::uuid AND a.id = s.account_id;
    END IF;
  END IF;
END $$;

-- Who hears of a repair: the planner, of people it may plan again and of people found connected.
CREATE OR REPLACE FUNCTION tell_of_repair(changes jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM healer_says('prospects.ready', 'tact.prospect.ready.v1', coalesce(p.account_id, p.id)::text,
                      jsonb_build_object('prospect_id', p.id, 'campaign_id', p.campaign_id, 'workspace_id', p.workspace_id, 'reason', 'repaired'))
     FROM jsonb_array_elements(changes) e
    CROSS JOIN LATERAL (SELECT c.id, c.account_id, c.campaign_id, c.workspace_id FROM campaign_prospects c WHERE c.id = (e ->> 'id')::uuid LIMIT 1) p
    WHERE e ->> 'table' = 'campaign_prospects' AND e -> 'after' ->> 'status' IN ('pending', 'approved');
  PERFORM healer_says('connections.accepted', 'tact.connection.accepted.v1', p.account_id::text,
                      jsonb_build_object('prospect_id', p.id, 'campaign_id', p.campaign_id, 'workspace_id', p.workspace_id, 'account_id', p.account_id,
                                         'lead_id', p.lead_id, 'accepted_at', p.connected_at, 'seen_by', 'lookup'))
     FROM jsonb_array_elements(changes) e
    CROSS JOIN LATERAL (SELECT c.id, c.account_id, c.campaign_id, c.workspace_id, c.lead_id, c.connected_at FROM campaign_prospects c
                         WHERE c.id = (e ->> 'id')::uuid LIMIT 1) p
    WHERE e ->> 'table' = 'campaign_prospects' AND e -> 'after' ->> 'status' = 'connected' AND p.account_id IS NOT NULL;
END $$;

-- Everybody may hear of a finding; the healer itself looks at the row again and finds it mended.
CREATE OR REPLACE FUNCTION tell_of_finding(the_finding bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM healer_says('integrity.events', 'tact.integrity.found.v1', coalesce(f.workspace_id, '00000000-0000-0000-0000-000000000000')::text,
                     jsonb_build_object('workspace_id', f.workspace_id, 'kind', f.kind, 'severity', f.severity, 'table_name', f.table_name,
                                        'row_id', f.row_id, 'evidence', f.evidence))
    FROM integrity_findings f WHERE f.id = the_finding;
END $$;

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
  PERFORM tell_of_finding(finding);
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
