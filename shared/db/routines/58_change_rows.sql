-- Which columns of a table a repair may change.
CREATE OR REPLACE FUNCTION may_change(the_table text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE the_table
    WHEN 'campaign_prospects' THEN ARRAY['status', 'contacted_at', 'connected_at', 'completed_at', 'outcome', 'error_message']
    WHEN 'send_queue' THEN ARRAY['status', 'sent_at', 'error_message', 'held_for', 'scheduled_for']
    WHEN 'send_attempts' THEN ARRAY['send_id'] ELSE '{}' END
$$;

-- The prospect that a change {"table", "id", "before", "after"} belongs to; NULL: the change belongs to no prospect. One index probe per
-- change, independent of the planner's estimate of a list's length.
CREATE OR REPLACE FUNCTION prospect_of(c jsonb) RETURNS uuid
LANGUAGE sql STABLE AS $$
  SELECT CASE c ->> 'table' WHEN 'campaign_prospects' THEN (c ->> 'id')::uuid
                            WHEN 'send_queue' THEN coalesce((c -> 'before' ->> 'prospect_id')::uuid, (c -> 'after' ->> 'prospect_id')::uuid,
                                                            (SELECT s.prospect_id FROM send_queue s WHERE s.id = (c ->> 'id')::uuid)) END
$$;

-- A list of changes turned round: what takes them back.
CREATE OR REPLACE FUNCTION inverse_of(changes jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(e.one || jsonb_build_object('before', e.one -> 'after', 'after', e.one -> 'before') ORDER BY e.n DESC), '[]')
    FROM jsonb_array_elements(changes) WITH ORDINALITY AS e(one, n)
$$;

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

-- Change the rows, within apply_together: {"finding", "kind", "n", "one"} for each change. What only sets columns of prospects and sends
-- takes a statement for each table, whatever their number; what moves rows or counts goes one by one, in its order.
CREATE OR REPLACE FUNCTION change_rows(todo jsonb, actor text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  c record;
  opened uuid[];
  reasons text[];
BEGIN
  SELECT k.name, t.one ->> 'table' AS of_table INTO c
    FROM jsonb_to_recordset(todo) AS t(one jsonb) CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN by_set(t.one) THEN t.one -> 'after' ELSE '{}' END) AS k(name)
   WHERE k.name <> ALL(may_change(t.one ->> 'table')) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'A repair may not change % of %', c.name, c.of_table USING ERRCODE = 'check_violation';
  END IF;

  UPDATE campaign_prospects p
     SET (status, contacted_at, connected_at, completed_at, outcome, error_message) =
         (SELECT r.status, r.contacted_at, r.connected_at, r.completed_at, r.outcome, r.error_message FROM jsonb_populate_record(p, d.target) r)
    FROM (SELECT CASE WHEN t.one ->> 'table' = 'campaign_prospects' THEN (t.one ->> 'id')::uuid END AS id, t.one -> 'after' AS target
            FROM jsonb_to_recordset(todo) AS t(one jsonb) WHERE by_set(t.one)) d
   WHERE p.id = d.id;

  SELECT array_agg((t.one ->> 'id')::uuid ORDER BY t.finding, t.n), array_agg(t.kind ORDER BY t.finding, t.n) INTO opened, reasons
    FROM jsonb_to_recordset(todo) AS t(finding bigint, n integer, kind text, one jsonb) WHERE opens_again(t.one);
  IF opened IS NOT NULL THEN
    PERFORM reopen_together(opened, actor, reasons);
    INSERT INTO lanes (account_id, campaign_id, action)
    SELECT DISTINCT s.account_id, s.campaign_id, s.next_action FROM unnest(opened) o(id) JOIN send_queue s ON s.id = o.id ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING;
  END IF;
  WITH changed AS (
    UPDATE send_queue s
       SET (status, sent_at, error_message, held_for, scheduled_for) =
           (SELECT r.status, r.sent_at, r.error_message, r.held_for, r.scheduled_for FROM jsonb_populate_record(s, d.target) r)
      FROM (SELECT CASE WHEN t.one ->> 'table' = 'send_queue' THEN (t.one ->> 'id')::uuid END AS id, t.one -> 'after' AS target
              FROM jsonb_to_recordset(todo) AS t(one jsonb) WHERE by_set(t.one) AND NOT opens_again(t.one)) d
     WHERE s.id = d.id
    RETURNING s.account_id, s.scheduled_for, d.target ->> 'status' AS became
  ), due AS (
    SELECT account_id, min(scheduled_for) AS at FROM changed WHERE became = 'pending' GROUP BY account_id
  )
  UPDATE accounts a SET wake_at = least(coalesce(a.wake_at, 'infinity'), d.at) FROM due d WHERE a.id = d.account_id;

  FOR c IN SELECT t.one FROM jsonb_to_recordset(todo) AS t(finding bigint, n integer, one jsonb) WHERE NOT by_set(t.one) ORDER BY t.finding, t.n LOOP
    PERFORM change_row(c.one);
  END LOOP;
END $$;

-- Does this change set columns of a row that is there and stays?
CREATE OR REPLACE FUNCTION by_set(c jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT c ->> 'table' IN ('campaign_prospects', 'send_queue') AND jsonb_typeof(c -> 'before') = 'object' AND jsonb_typeof(c -> 'after') = 'object'
$$;

-- Is it a send that ended and waits again?
CREATE OR REPLACE FUNCTION opens_again(c jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(c ->> 'table' = 'send_queue' AND c -> 'after' ->> 'status' = 'pending' AND c -> 'before' ->> 'status' IN ('failed', 'skipped', 'cancelled', 'sent'), false)
$$;

-- One change that moves a row or a count.
DROP FUNCTION IF EXISTS change_row(jsonb, text, text);
CREATE OR REPLACE FUNCTION change_row(c jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  the_table text := c ->> 'table';
  target jsonb := c -> 'after';
  source jsonb := c -> 'before';
BEGIN
  IF the_table = 'prospect_totals' THEN
    UPDATE prospect_totals SET total = total + (target ->> 'total')::bigint - (source ->> 'total')::bigint WHERE workspace_id = (c ->> 'id')::uuid;
  ELSIF the_table = 'campaigns' THEN -- by deltas: a count that another transaction makes now is not overwritten
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta)
    SELECT (c ->> 'id')::uuid, t.key, t.value::integer - (source ->> t.key)::integer FROM jsonb_each_text(target) t;
  ELSIF the_table = 'send_queue' AND jsonb_typeof(target) = 'null' THEN
    INSERT INTO merged_sends (id, workspace_id, prospect_id, kept_id, message_type, status, sent_at, was)
    SELECT s.id, s.workspace_id, s.prospect_id, (c ->> 'into')::uuid, s.message_type, s.status, s.sent_at, to_jsonb(s)
      FROM send_queue s WHERE s.id = (c ->> 'id')::uuid
    ON CONFLICT (id) DO UPDATE SET kept_id = excluded.kept_id, status = excluded.status, sent_at = excluded.sent_at, was = excluded.was;
    DELETE FROM send_queue WHERE id = (c ->> 'id')::uuid;
  ELSIF the_table = 'send_queue' AND jsonb_typeof(source) = 'null' THEN
    INSERT INTO send_queue SELECT (jsonb_populate_record(NULL::send_queue, target)).*;
    DELETE FROM merged_sends WHERE id = (c ->> 'id')::uuid;
  ELSIF the_table = 'send_attempts' AND target - may_change(the_table) = '{}' THEN
    UPDATE send_attempts SET send_id = (target ->> 'send_id')::uuid WHERE id = (c ->> 'id')::bigint;
  ELSE
    RAISE EXCEPTION 'A repair may not change % of %', (SELECT string_agg(k, ', ') FROM jsonb_object_keys(target) k), the_table USING ERRCODE = 'check_violation';
  END IF;
END $$;
