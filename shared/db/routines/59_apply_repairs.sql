-- The one audited way around the triggers' rules: apply what findings would change, or take it back. It works by sets, a statement for
-- each table and step, because a row by itself costs milliseconds and what is wrong is often hundreds of rows of one moment. The
-- changes are compared with the rows first, so what changed since it was found is left alone. Answers for each 'applied' or 'undone';
-- 'closed' (another transaction was first), 'nothing' (there is nothing to change), 'gone', 'changed', or 'later_attempt' (something left, or may
-- have left, that the finding did not know of). What a repair tells, it tells in the same transaction.
-- Raises where a repair would make a row that breaks a rule, and then nothing of all is applied; an undo may, for it restores what was
-- there before. No scans in here: plans made while the healer's own tables were young read them in full for every row.
CREATE OR REPLACE FUNCTION apply_together(findings bigint[], actor text, run_id bigint DEFAULT NULL, undo boolean DEFAULT false)
RETURNS TABLE (finding_id bigint, answer text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  asked jsonb;   -- a row for each finding: {"finding", "kind", "line": of the history, that an undo takes back, "last_known", "said", "changes"}
  todo jsonb;    -- a row for each change: {"finding", "kind", "n", "prospect", "one"}
  people uuid[];
  ready bigint[];
  later bigint[];
  wrong record;
BEGIN
  IF btrim(coalesce(actor, '')) = '' THEN
    RAISE EXCEPTION 'apply_repair needs an actor: it is the trace (finding %)', findings[1] USING ERRCODE = 'check_violation';
  END IF;
  PERFORM FROM integrity_findings f WHERE f.id = ANY(findings) ORDER BY f.id FOR NO KEY UPDATE;
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'finding', a.id, 'kind', f.kind, 'line', h.id, 'last_known', CASE WHEN apply_together.undo THEN h.evidence ELSE f.evidence END -> 'last_attempt',
           'said', CASE WHEN f.id IS NULL THEN 'gone'
                        WHEN apply_together.undo AND (f.state <> 'repaired' OR h.id IS NULL) THEN 'closed'
                        WHEN NOT apply_together.undo AND f.state NOT IN ('open', 'proposed') THEN 'closed'
                        WHEN t.changes = '[]' THEN 'nothing' END,
           'changes', t.changes) ORDER BY a.id), '[]') INTO asked
    FROM (SELECT DISTINCT u.id FROM unnest(findings) u(id)) a
    LEFT JOIN integrity_findings f ON f.id = a.id
    LEFT JOIN LATERAL (SELECT l.id, l.changes, l.evidence FROM integrity_history l
                        WHERE apply_together.undo AND l.finding_id = a.id AND l.undoes IS NULL AND l.undone_at IS NULL ORDER BY l.id DESC LIMIT 1) h ON true
   CROSS JOIN LATERAL (SELECT CASE WHEN apply_together.undo THEN inverse_of(h.changes) ELSE f.changes END AS changes) t;

  WITH changes AS MATERIALIZED (
    SELECT a.finding, a.kind, e.n, prospect_of(e.one) AS prospect, e.one
      FROM jsonb_to_recordset(asked) AS a(finding bigint, kind text, said text, changes jsonb)
     CROSS JOIN LATERAL jsonb_array_elements(a.changes) WITH ORDINALITY AS e(one, n)
     WHERE a.said IS NULL
  )
  SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]'), coalesce(array_agg(DISTINCT c.prospect) FILTER (WHERE c.prospect IS NOT NULL), '{}') INTO todo, people FROM changes c;
  PERFORM lock_to_mend(people);
  PERFORM FROM send_attempts WHERE id IN (SELECT (c.one ->> 'id')::bigint FROM jsonb_to_recordset(todo) AS c(one jsonb)
                                           WHERE c.one ->> 'table' = 'send_attempts') ORDER BY id FOR NO KEY UPDATE;

  -- Is everything still as it was found? A statement of its own: it sees what was committed while the locks were waited for.
  WITH compared AS (
    SELECT t.finding, t.n, t.prospect, -- of several about one row the first is first, and the last is taken back first
           t.finding <> CASE WHEN apply_together.undo THEN max(t.finding) OVER one_row ELSE min(t.finding) OVER one_row END AS shared,
           CASE WHEN t.one ->> 'table' NOT IN ('campaign_prospects', 'send_queue', 'send_attempts') THEN NULL -- counts move by a difference, whatever they are now
                WHEN r.is_now IS NULL AND jsonb_typeof(t.one -> 'before') <> 'null' THEN 'gone'
                WHEN EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(t.one -> 'before') WHEN 'object' THEN t.one -> 'before' ELSE '{}' END) b
                              WHERE b.key <> 'updated_at' AND r.is_now -> b.key IS DISTINCT FROM b.value) THEN 'changed' END AS said
      FROM jsonb_to_recordset(todo) AS t(finding bigint, n integer, prospect uuid, one jsonb)
     CROSS JOIN LATERAL (SELECT CASE t.one ->> 'table'
        WHEN 'campaign_prospects' THEN (SELECT to_jsonb(p) FROM campaign_prospects p WHERE p.id = (t.one ->> 'id')::uuid)
        WHEN 'send_queue' THEN (SELECT to_jsonb(s) FROM send_queue s WHERE s.id = (t.one ->> 'id')::uuid)
        WHEN 'send_attempts' THEN (SELECT to_jsonb(i) FROM send_attempts i WHERE i.id = (t.one ->> 'id')::bigint) END AS is_now) r
    WINDOW one_row AS (PARTITION BY t.one ->> 'table', t.one ->> 'id')
  ), ledger AS (
    SELECT u.id, l.newest, l.under_way FROM unnest(people) u(id)
     CROSS JOIN LATERAL (SELECT max(i.id) AS newest, coalesce(bool_or(is_undecided(i.state)), false) AS under_way
                           FROM send_queue s JOIN send_attempts i ON i.send_id = s.id WHERE s.prospect_id = u.id AND i.action <> 'profile_lookup') l
  ), verdicts AS (
    SELECT c.finding, (array_agg(c.said ORDER BY c.n) FILTER (WHERE c.said IS NOT NULL))[1] AS said, bool_or(c.shared) AS shared, max(l.newest) AS newest,
           coalesce(bool_or(l.under_way), false) AS under_way
      FROM compared c LEFT JOIN ledger l ON l.id = c.prospect GROUP BY c.finding
  ), told AS (
    SELECT a.finding, a.line, a.changes, v.newest,
           coalesce(a.said, CASE WHEN v.shared THEN 'shared' END, v.said, CASE WHEN v.under_way OR v.newest > coalesce(a.last_known, 0) THEN 'later_attempt' END) AS said
      FROM jsonb_to_recordset(asked) AS a(finding bigint, line bigint, last_known bigint, said text, changes jsonb) LEFT JOIN verdicts v ON v.finding = a.finding
  )
  SELECT jsonb_agg(to_jsonb(t) ORDER BY t.finding), array_agg(t.finding ORDER BY t.finding) FILTER (WHERE t.said IS NULL),
         array_agg(t.finding ORDER BY t.finding) FILTER (WHERE t.said = 'shared') INTO asked, ready, later
    FROM told t;
  RETURN QUERY SELECT a.finding, a.said FROM jsonb_to_recordset(asked) AS a(finding bigint, said text) WHERE a.said IS NOT NULL AND a.said <> 'shared';
  IF ready IS NULL THEN
    IF later IS NOT NULL THEN
      RETURN QUERY SELECT t.finding_id, t.answer FROM apply_together(later, apply_together.actor, apply_together.run_id, apply_together.undo) t;
    END IF;
    RETURN;
  END IF;
  SELECT jsonb_agg(t ORDER BY t.finding, t.n) INTO todo
    FROM jsonb_to_recordset(todo) AS t(finding bigint, kind text, n integer, prospect uuid, one jsonb) WHERE t.finding = ANY(ready);

  IF NOT undo THEN -- an operator may state that the prospect was not contacted; a rule never does
    SELECT c.prospect, c.finding INTO wrong
      FROM jsonb_to_recordset(todo) AS c(finding bigint, prospect uuid, one jsonb) JOIN integrity_findings f ON f.id = c.finding AND f.state = 'open'
     WHERE c.one ->> 'table' = 'campaign_prospects' AND c.one -> 'before' ->> 'contacted_at' IS NOT NULL AND jsonb_typeof(c.one -> 'after' -> 'contacted_at') = 'null'
     LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'Cannot remove contacted_at timestamp once set (prospect %, finding %)', wrong.prospect, wrong.finding USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  PERFORM set_config('tact.mending', 'on', true);
  PERFORM change_rows(todo, actor);
  PERFORM set_config('tact.mending', 'off', true);

  IF undo THEN
    UPDATE integrity_history SET undone_at = clock_timestamp()
     WHERE id IN (SELECT a.line FROM jsonb_to_recordset(asked) AS a(line bigint, said text) WHERE a.said IS NULL);
  ELSE
    SELECT p.id AS prospect, c.finding INTO wrong
      FROM jsonb_to_recordset(todo) AS c(finding bigint, prospect uuid) JOIN campaign_prospects p ON p.id = c.prospect
     WHERE (p.contacted_at IS NULL AND p.status IN ('connection_request_sent', 'messaging')) OR (p.contacted_at IS NOT NULL AND p.status IN ('pending', 'approved', 'failed'))
     LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'Cannot mend prospect % so: that would be wrong again (finding %)', wrong.prospect, wrong.finding USING ERRCODE = 'check_violation';
    END IF;
    PERFORM tell_of_repair((SELECT jsonb_agg(c.one ORDER BY c.finding, c.n) FROM jsonb_to_recordset(todo) AS c(finding bigint, n integer, one jsonb)));
  END IF;
  UPDATE integrity_findings f
     SET state = CASE WHEN apply_together.undo THEN 'undone' ELSE 'repaired' END, closed_at = clock_timestamp(), decided_by = apply_together.actor, decided_at = clock_timestamp()
   WHERE f.id = ANY(ready);
  INSERT INTO integrity_history (finding_id, run_id, workspace_id, campaign_id, kind, repair, table_name, row_id, before, after, changes, evidence,
                                 occurred_at, done_by, undoes)
  SELECT f.id, apply_together.run_id, f.workspace_id, f.campaign_id, f.kind, f.repair, f.table_name, f.row_id, x.was, x.is_now, a.changes,
         f.evidence || jsonb_build_object('last_attempt', a.newest), f.occurred_at, apply_together.actor, a.line
    FROM jsonb_to_recordset(asked) AS a(finding bigint, line bigint, newest bigint, said text, changes jsonb)
    JOIN integrity_findings f ON f.id = a.finding
   CROSS JOIN LATERAL (
     SELECT coalesce(jsonb_object_agg(o.at, o.was) FILTER (WHERE o.was IS NOT NULL), '{}') AS was,
            coalesce(jsonb_object_agg(o.at, o.is_now) FILTER (WHERE o.is_now IS NOT NULL), '{}') AS is_now
       FROM (SELECT (e ->> 'table') || ' ' || (e ->> 'id') AS at, e -> 'before' AS was, e -> 'after' AS is_now FROM jsonb_array_elements(a.changes) e) o) x
   WHERE a.said IS NULL ORDER BY f.id;
  INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
  SELECT f.workspace_id, apply_together.actor, CASE WHEN apply_together.undo THEN 'undo' ELSE 'mend' END,
         CASE f.table_name WHEN 'campaign_prospects' THEN 'prospect' WHEN 'send_queue' THEN 'send' WHEN 'campaigns' THEN 'campaign' ELSE f.table_name END,
         f.row_id, jsonb_build_object('reason', f.kind, 'finding', f.id, 'run_id', apply_together.run_id, 'changes', a.changes)
    FROM jsonb_to_recordset(asked) AS a(finding bigint, said text, changes jsonb) JOIN integrity_findings f ON f.id = a.finding
   WHERE a.said IS NULL ORDER BY f.id;
  RETURN QUERY SELECT r, CASE WHEN apply_together.undo THEN 'undone' ELSE 'applied' END FROM unnest(ready) r;
  IF later IS NOT NULL THEN -- they change a row that another of these has just changed
    RETURN QUERY SELECT t.finding_id, t.answer FROM apply_together(later, apply_together.actor, apply_together.run_id, apply_together.undo) t;
  END IF;
END $$;

-- Until repairs went by sets a prospect was mended by a routine of its own.
DROP FUNCTION IF EXISTS mend_prospect(uuid, bigint, jsonb, prospect_status, timestamptz, text, text, text, jsonb, jsonb);

-- The same for one; a person's word.
CREATE OR REPLACE FUNCTION apply_repair(the_finding bigint, actor text, run_id bigint DEFAULT NULL, undo boolean DEFAULT false)
RETURNS text
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.answer FROM apply_together(ARRAY[the_finding], actor, run_id, undo) t
$$;

-- Many findings, where one that is refused keeps no other: then each half is tried by itself, and at last the one alone goes to a person
-- with the reason. Not each by itself from the beginning, for that costs ten times as much. What cannot be written down is not the
-- row's fault: then nothing is kept.
CREATE OR REPLACE FUNCTION apply_repairs(findings bigint[], actor text, run_id bigint DEFAULT NULL)
RETURNS TABLE (finding_id bigint, answer text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  said jsonb;
  half integer := cardinality(findings) / 2;
  where_it_was text;
  reason text;
BEGIN
  BEGIN
    SELECT coalesce(jsonb_object_agg(t.finding_id, t.answer), '{}') INTO said FROM apply_together(findings, actor, apply_repairs.run_id) t;
  EXCEPTION WHEN integrity_constraint_violation OR raise_exception OR data_exception THEN
    GET STACKED DIAGNOSTICS where_it_was = TABLE_NAME, reason = MESSAGE_TEXT;
    IF where_it_was IN ('integrity_findings', 'integrity_history', 'audit_log', 'outbox') THEN
      RAISE;
    END IF;
  END;
  IF said IS NULL AND half > 0 THEN
    PERFORM lock_to_mend((SELECT array_agg(DISTINCT prospect_of(e)) FROM integrity_findings f, jsonb_array_elements(f.changes) e WHERE f.id = ANY(findings)));
    RETURN QUERY SELECT t.finding_id, t.answer FROM apply_repairs(findings[:half], actor, apply_repairs.run_id) t;
    RETURN QUERY SELECT t.finding_id, t.answer FROM apply_repairs(findings[half + 1:], actor, apply_repairs.run_id) t;
    RETURN;
  END IF;
  IF said IS NULL THEN
    said := jsonb_build_object(findings[1], 'refused: ' || reason);
    UPDATE integrity_findings f SET state = 'proposed', why = 'Its repair was refused: ' || reason WHERE f.id = findings[1] AND f.state IN ('open', 'proposed');
  END IF;
  -- A row that has changed since it was found: the next check finds what holds then.
  UPDATE integrity_findings f SET state = 'gone', closed_at = clock_timestamp() WHERE f.id = ANY(findings) AND f.state = 'open';
  RETURN QUERY SELECT t.key::bigint, t.value FROM jsonb_each_text(said) t;
END $$;

-- The lock order of all services: accounts, sends, prospects; in order of id. Answers the prospects that it has locked: all of them, or,
-- with `leave_busy`, those without a row that another transaction holds.
DROP FUNCTION IF EXISTS lock_to_mend(uuid[]);
CREATE OR REPLACE FUNCTION lock_to_mend(people uuid[], leave_busy boolean DEFAULT false) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  free uuid[];
  held uuid[];
BEGIN
  IF NOT leave_busy THEN
    PERFORM FROM accounts WHERE id IN (SELECT s.account_id FROM send_queue s WHERE s.prospect_id = ANY(people)
                                       UNION SELECT p.account_id FROM campaign_prospects p WHERE p.id = ANY(people)) ORDER BY id FOR NO KEY UPDATE;
    PERFORM FROM send_queue WHERE prospect_id = ANY(people) ORDER BY id FOR NO KEY UPDATE;
    PERFORM FROM campaign_prospects WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;
    RETURN people;
  END IF;
  SELECT array_agg(a.id) INTO held FROM (
    SELECT id FROM accounts WHERE id IN (SELECT s.account_id FROM send_queue s WHERE s.prospect_id = ANY(people)
                                         UNION SELECT p.account_id FROM campaign_prospects p WHERE p.id = ANY(people)) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) a;
  SELECT array_agg(u.id) INTO free FROM unnest(people) u(id)
   WHERE u.id NOT IN (SELECT s.prospect_id FROM send_queue s LEFT JOIN unnest(held) h(id) ON h.id = s.account_id WHERE s.prospect_id = ANY(people) AND h.id IS NULL)
     AND u.id NOT IN (SELECT p.id FROM campaign_prospects p LEFT JOIN unnest(held) h(id) ON h.id = p.account_id
                       WHERE p.id = ANY(people) AND p.account_id IS NOT NULL AND h.id IS NULL);
  SELECT array_agg(s.id) INTO held FROM (SELECT id FROM send_queue WHERE prospect_id = ANY(free) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) s;
  SELECT array_agg(u.id) INTO free FROM unnest(free) u(id)
   WHERE u.id NOT IN (SELECT s.prospect_id FROM send_queue s LEFT JOIN unnest(held) h(id) ON h.id = s.id WHERE s.prospect_id = ANY(free) AND h.id IS NULL);
  SELECT array_agg(p.id) INTO free FROM (SELECT id FROM campaign_prospects WHERE id = ANY(free) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) p;
  RETURN coalesce(free, '{}');
END $$;
