-- The schema after all migrations and routines. Made by `make schema`; read it, never edit it.
CREATE TYPE public.account_status AS ENUM (
    'usable',
    'paused',
    'disconnected'
);

CREATE TYPE public.account_type AS ENUM (
    'free',
    'premium',
    'sales_navigator'
);

CREATE TYPE public.action AS ENUM (
    'invitation',
    'message',
    'profile_lookup',
    'email',
    'withdrawal'
);

CREATE TYPE public.approval_status AS ENUM (
    'waiting',
    'approved',
    'rejected'
);

CREATE TYPE public.attempt_state AS ENUM (
    'intent',
    'accepted',
    'refused',
    'unknown',
    'released',
    'not_happened'
);

CREATE TYPE public.campaign_status AS ENUM (
    'draft',
    'running',
    'paused',
    'completed',
    'cancelled'
);

CREATE TYPE public.campaign_type AS ENUM (
    'connector',
    'messenger',
    'email'
);

CREATE TYPE public.channel AS ENUM (
    'linkedin',
    'email'
);

CREATE TYPE public.delivery_state AS ENUM (
    'waiting',
    'delivered',
    'given_up',
    'held_back'
);

CREATE TYPE public.missing_value AS ENUM (
    'block',
    'skip',
    'blank'
);

CREATE TYPE public.notice_kind AS ENUM (
    'send_failed',
    'account_paused',
    'account_disconnected',
    'test',
    'attempt_unknown',
    'consumer_stopped',
    'integrity_alert',
    'integrity_over',
    'campaign_completed',
    'stack_read_only'
);

CREATE TYPE public.notice_medium AS ENUM (
    'webhook',
    'slack',
    'email'
);

CREATE TYPE public.prospect_status AS ENUM (
    'pending',
    'approved',
    'connection_request_sent',
    'connected',
    'messaging',
    'replied',
    'completed',
    'failed',
    'opted_out',
    'converted',
    'not_interested',
    'withdrawn'
);

CREATE TYPE public.reply AS ENUM (
    'human',
    'out_of_office',
    'opt_out'
);

CREATE TYPE public.role AS ENUM (
    'viewer',
    'operator',
    'admin'
);

CREATE TYPE public.send_status AS ENUM (
    'pending',
    'dispatched',
    'sending',
    'sent',
    'failed',
    'skipped',
    'cancelled'
);

CREATE TABLE public.accounts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    channel public.channel DEFAULT 'linkedin'::public.channel NOT NULL,
    provider_account_id text NOT NULL,
    provider_user_id text,
    name text NOT NULL,
    account_type public.account_type DEFAULT 'free'::public.account_type NOT NULL,
    country text DEFAULT 'US'::text NOT NULL,
    timezone text DEFAULT 'America/New_York'::text NOT NULL,
    timezone_next text,
    timezone_from timestamp with time zone,
    status public.account_status DEFAULT 'usable'::public.account_status NOT NULL,
    status_reason text,
    status_version bigint DEFAULT 0 NOT NULL,
    status_changed_at timestamp with time zone DEFAULT now() NOT NULL,
    schedule_settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    daily_cr_limit integer,
    next_free_at timestamp with time zone,
    wake_at timestamp with time zone,
    lease_until timestamp with time zone,
    lease_holder text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    weekly_cr_limit integer,
    daily_message_limit integer,
    daily_lookup_limit integer,
    daily_email_limit integer,
    warm_up_from date,
    cr_exception integer,
    cr_exception_by text,
    cr_exception_reason text,
    cr_exception_at timestamp with time zone,
    turn_of uuid,
    turn_left integer DEFAULT 0 NOT NULL,
    CONSTRAINT accounts_check CHECK (((timezone_next IS NULL) = (timezone_from IS NULL))),
    CONSTRAINT accounts_check1 CHECK (((lease_until IS NULL) = (lease_holder IS NULL))),
    CONSTRAINT accounts_cr_exception_check CHECK (((cr_exception >= 1) AND (cr_exception <= 100))),
    CONSTRAINT accounts_daily_cr_limit_check CHECK (((daily_cr_limit >= 1) AND (daily_cr_limit <= 100))),
    CONSTRAINT accounts_daily_email_limit_check CHECK (((daily_email_limit >= 1) AND (daily_email_limit <= 500))),
    CONSTRAINT accounts_daily_lookup_limit_check CHECK (((daily_lookup_limit >= 1) AND (daily_lookup_limit <= 100))),
    CONSTRAINT accounts_daily_message_limit_check CHECK (((daily_message_limit >= 1) AND (daily_message_limit <= 150))),
    CONSTRAINT accounts_exception_is_written CHECK ((((cr_exception IS NULL) AND (cr_exception_by IS NULL) AND (cr_exception_reason IS NULL) AND (cr_exception_at IS NULL)) OR ((cr_exception IS NOT NULL) AND (btrim(cr_exception_by) <> ''::text) AND (btrim(cr_exception_reason) <> ''::text) AND (cr_exception_at IS NOT NULL) AND (cr_exception_by IS NOT NULL) AND (cr_exception_reason IS NOT NULL)))),
    CONSTRAINT accounts_schedule_settings_check CHECK ((jsonb_typeof(schedule_settings) = 'object'::text)),
    CONSTRAINT accounts_turn_left_check CHECK ((turn_left >= 0)),
    CONSTRAINT accounts_weekly_cr_limit_check CHECK (((weekly_cr_limit >= 1) AND (weekly_cr_limit <= 200)))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.accounts FORCE ROW LEVEL SECURITY;

CREATE TABLE public.workspaces (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_name text NOT NULL,
    email text NOT NULL,
    airtable_base_id text DEFAULT ''::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    tier text DEFAULT 'standard'::text NOT NULL,
    daily_cr_limit integer,
    schedule_settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    weekly_cr_limit integer,
    daily_message_limit integer,
    daily_lookup_limit integer,
    daily_email_limit integer,
    repair_objective interval,
    withdraw_after_days integer,
    CONSTRAINT workspaces_company_name_check CHECK ((btrim(company_name) <> ''::text)),
    CONSTRAINT workspaces_daily_cr_limit_check CHECK (((daily_cr_limit >= 1) AND (daily_cr_limit <= 100))),
    CONSTRAINT workspaces_daily_email_limit_check CHECK (((daily_email_limit >= 1) AND (daily_email_limit <= 500))),
    CONSTRAINT workspaces_daily_lookup_limit_check CHECK (((daily_lookup_limit >= 1) AND (daily_lookup_limit <= 100))),
    CONSTRAINT workspaces_daily_message_limit_check CHECK (((daily_message_limit >= 1) AND (daily_message_limit <= 150))),
    CONSTRAINT workspaces_email_check CHECK ((email ~~ '%_@_%'::text)),
    CONSTRAINT workspaces_repair_objective_check CHECK ((repair_objective > '00:00:00'::interval)),
    CONSTRAINT workspaces_schedule_settings_check CHECK ((jsonb_typeof(schedule_settings) = 'object'::text)),
    CONSTRAINT workspaces_weekly_cr_limit_check CHECK (((weekly_cr_limit >= 1) AND (weekly_cr_limit <= 200))),
    CONSTRAINT workspaces_withdraw_after_days_check CHECK (((withdraw_after_days >= 1) AND (withdraw_after_days <= 365)))
);

ALTER TABLE ONLY public.workspaces FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.account_limits(account public.accounts, workspace public.workspaces) RETURNS TABLE(account_limit integer, workspace_limit integer, tier text, weekly_limit integer, message_limit integer, lookup_limit integer, email_limit integer, cr_exception integer, warm_up_from date)
    LANGUAGE sql IMMUTABLE ROWS 1 PARALLEL SAFE
    BEGIN ATOMIC
 SELECT (account).daily_cr_limit AS daily_cr_limit,
     (workspace).daily_cr_limit AS daily_cr_limit,
     (workspace).tier AS tier,
     COALESCE((account).weekly_cr_limit, (workspace).weekly_cr_limit) AS "coalesce",
     COALESCE((account).daily_message_limit, (workspace).daily_message_limit) AS "coalesce",
     COALESCE((account).daily_lookup_limit, (workspace).daily_lookup_limit) AS "coalesce",
     COALESCE((account).daily_email_limit, (workspace).daily_email_limit) AS "coalesce",
     (account).cr_exception AS cr_exception,
     (account).warm_up_from AS warm_up_from;
END;

CREATE FUNCTION public.account_timezone(account public.accounts, at timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((account).timezone_from <= at) THEN (account).timezone_next ELSE (account).timezone END;

CREATE FUNCTION public.accounts_at(the_id uuid, moment timestamp with time zone) RETURNS public.accounts
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = 'accounts' AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM accounts t WHERE t.id = the_id
      $$;

CREATE FUNCTION public.apply_repair(the_finding bigint, actor text, run_id bigint DEFAULT NULL::bigint, undo boolean DEFAULT false) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT t.answer FROM apply_together(ARRAY[the_finding], actor, run_id, undo) t
$$;

CREATE FUNCTION public.apply_repairs(findings bigint[], actor text, run_id bigint DEFAULT NULL::bigint) RETURNS TABLE(finding_id bigint, answer text)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.apply_together(findings bigint[], actor text, run_id bigint DEFAULT NULL::bigint, undo boolean DEFAULT false) RETURNS TABLE(finding_id bigint, answer text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE TABLE public.stack_clock (
    only_row boolean DEFAULT true NOT NULL,
    anchored_at timestamp with time zone NOT NULL,
    business_at timestamp with time zone NOT NULL,
    speed double precision DEFAULT 1 NOT NULL,
    leaps boolean DEFAULT false NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stack_clock_only_row_check CHECK (only_row),
    CONSTRAINT stack_clock_speed_check CHECK ((speed > (0)::double precision))
);

CREATE FUNCTION public.business_at(technical timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT (c.business_at + ((business_at.technical - c.anchored_at) * c.speed))
    FROM public.stack_clock c;
END;

CREATE FUNCTION public.business_now() RETURNS timestamp with time zone
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT public.business_at(clock_timestamp()) AS business_at;
END;

CREATE FUNCTION public.business_then(technical timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
  SELECT c.business_at + (technical - c.anchored_at) * c.speed
    FROM (SELECT anchored_at, business_at, speed FROM stack_clock
          UNION ALL
          (SELECT anchored_at, business_at, speed FROM clock_history WHERE anchored_at <= technical ORDER BY anchored_at DESC LIMIT 1)) c
   ORDER BY c.anchored_at <= technical DESC, CASE WHEN c.anchored_at <= technical THEN c.anchored_at END DESC
   LIMIT 1
$$;

CREATE FUNCTION public.by_set(c jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT c ->> 'table' IN ('campaign_prospects', 'send_queue') AND jsonb_typeof(c -> 'before') = 'object' AND jsonb_typeof(c -> 'after') = 'object'
$$;

CREATE FUNCTION public.campaign_counts(campaign_ids uuid[]) RETURNS TABLE(campaign_id uuid, workspace_id uuid, updated_at timestamp with time zone, counter text, kept integer, counted integer)
    LANGUAGE sql STABLE
    AS $$
  SELECT c.id, c.workspace_id, c.updated_at, n.counter, n.folded + coalesce(w.delta, 0), coalesce(n.counted, 0)
    FROM campaigns c
    LEFT JOIN (SELECT p.campaign_id, count(*)::int AS prospects, count(*) FILTER (WHERE is_active(p.status))::int AS active_leads,
                      count(*) FILTER (WHERE p.status = 'completed')::int AS completed_leads,
                      count(*) FILTER (WHERE p.status = 'opted_out')::int AS opted_out
                 FROM campaign_prospects p WHERE campaign_ids IS NULL OR p.campaign_id = ANY(campaign_ids) GROUP BY 1) d ON d.campaign_id = c.id
   CROSS JOIN LATERAL (VALUES ('prospects', c.prospects_count, d.prospects), ('active_leads', c.active_leads_count, d.active_leads),
                              ('completed_leads', c.completed_leads_count, d.completed_leads), ('opted_out', c.opted_out_count, d.opted_out))
         AS n(counter, folded, counted)
    LEFT JOIN (SELECT f.campaign_id, f.counter, sum(f.delta)::int AS delta FROM campaign_counter_deltas f
                WHERE campaign_ids IS NULL OR f.campaign_id = ANY(campaign_ids) GROUP BY 1, 2) w ON w.campaign_id = c.id AND w.counter = n.counter
   WHERE campaign_ids IS NULL OR c.id = ANY(campaign_ids)
$$;

CREATE TABLE public.campaign_prospects (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    enrolment_no integer DEFAULT 1 NOT NULL,
    status public.prospect_status DEFAULT 'pending'::public.prospect_status NOT NULL,
    account_id uuid,
    workflow_id uuid,
    contacted_at timestamp with time zone,
    connected_at timestamp with time zone,
    follow_up_due_at timestamp with time zone,
    last_follow_up_at timestamp with time zone,
    completed_at timestamp with time zone,
    withdrawn_at timestamp with time zone,
    hold_until timestamp with time zone,
    resumed_at timestamp with time zone,
    reply_message_id uuid,
    outcome text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    withdraw_planned_at timestamp with time zone,
    CONSTRAINT campaign_prospects_enrolment_no_check CHECK ((enrolment_no >= 1)),
    CONSTRAINT campaign_prospects_status_check CHECK (((status)::text = ANY (ARRAY['pending'::text, 'approved'::text, 'connection_request_sent'::text, 'connected'::text, 'messaging'::text, 'replied'::text, 'completed'::text, 'failed'::text, 'opted_out'::text, 'converted'::text, 'not_interested'::text, 'withdrawn'::text])))
)
WITH (fillfactor='80');

ALTER TABLE ONLY public.campaign_prospects FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.campaign_prospects_at(the_id uuid, moment timestamp with time zone) RETURNS public.campaign_prospects
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = 'campaign_prospects' AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM campaign_prospects t WHERE t.id = the_id
      $$;

CREATE TABLE public.campaigns (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    campaign_name text NOT NULL,
    campaign_type public.campaign_type NOT NULL,
    status public.campaign_status DEFAULT 'draft'::public.campaign_status NOT NULL,
    is_active boolean GENERATED ALWAYS AS ((status = 'running'::public.campaign_status)) STORED,
    linkedin_account_id uuid,
    message_templates jsonb DEFAULT '{}'::jsonb NOT NULL,
    step_delays jsonb DEFAULT '{}'::jsonb NOT NULL,
    schedule_settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    on_missing public.missing_value DEFAULT 'block'::public.missing_value NOT NULL,
    prospects_count integer DEFAULT 0 NOT NULL,
    active_leads_count integer DEFAULT 0 NOT NULL,
    completed_leads_count integer DEFAULT 0 NOT NULL,
    opted_out_count integer DEFAULT 0 NOT NULL,
    booked_count integer DEFAULT 0 NOT NULL,
    emails_scheduled_count integer DEFAULT 0 NOT NULL,
    emails_sent_count integer DEFAULT 0 NOT NULL,
    auto_discovered boolean DEFAULT false NOT NULL,
    last_enrollment_at timestamp with time zone,
    actual_started_at timestamp with time zone,
    paused_at timestamp with time zone,
    resumed_at timestamp with time zone,
    completed_at timestamp with time zone,
    deactivated_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    withdraw_after_days integer,
    allow_parallel boolean DEFAULT false NOT NULL,
    turn_length integer DEFAULT 1 NOT NULL,
    completed_by_itself boolean DEFAULT false NOT NULL,
    CONSTRAINT campaigns_campaign_name_check CHECK ((btrim(campaign_name) <> ''::text)),
    CONSTRAINT campaigns_completed_by_itself CHECK (((NOT completed_by_itself) OR (status = 'completed'::public.campaign_status))),
    CONSTRAINT campaigns_message_templates_check CHECK ((jsonb_typeof(message_templates) = 'object'::text)),
    CONSTRAINT campaigns_schedule_settings_check CHECK ((jsonb_typeof(schedule_settings) = 'object'::text)),
    CONSTRAINT campaigns_step_delays_check CHECK ((jsonb_typeof(step_delays) = 'object'::text)),
    CONSTRAINT campaigns_turn_length_check CHECK (((turn_length >= 1) AND (turn_length <= 100))),
    CONSTRAINT campaigns_withdraw_after_days_check CHECK (((withdraw_after_days >= 1) AND (withdraw_after_days <= 365)))
);

ALTER TABLE ONLY public.campaigns FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.campaigns_at(the_id uuid, moment timestamp with time zone) RETURNS public.campaigns
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = 'campaigns' AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM campaigns t WHERE t.id = the_id
      $$;

CREATE FUNCTION public.causes_of(the_prospect uuid, the_send uuid DEFAULT NULL::uuid) RETURNS TABLE(cause text, value text)
    LANGUAGE sql STABLE
    AS $$
  SELECT v.cause, coalesce(nullif(v.value, ''), 'unknown')
    FROM campaign_prospects p
    LEFT JOIN LATERAL (SELECT q.id, q.account_id FROM send_queue q WHERE q.prospect_id = p.id AND (the_send IS NULL OR q.id = the_send)
                        ORDER BY q.step_position DESC LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT a.owner, a.error_type FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup'
                        ORDER BY a.id DESC LIMIT 1) a ON true
    LEFT JOIN service_versions i ON i.instance = a.owner
    LEFT JOIN prospect_approval_data d ON d.campaign_id = p.campaign_id AND d.lead_id = p.lead_id
    LEFT JOIN lead_batches b ON b.id = d.batch_id
   CROSS JOIN LATERAL (VALUES ('source', b.file_name), ('account', coalesce(s.account_id, p.account_id)::text),
                              ('error', coalesce(a.error_type, 'none')), ('version', i.version)) AS v(cause, value)
   WHERE p.id = the_prospect
$$;

CREATE FUNCTION public.change_campaign(the_campaign uuid, given jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
  changes text := (SELECT string_agg(format('%1$I = g.%1$I', key), ', ') FROM jsonb_object_keys(given) AS key);
BEGIN
  EXECUTE format('UPDATE public.campaigns c SET %s FROM jsonb_populate_record(NULL::public.campaigns, $2) g WHERE c.id = $1', changes)
    USING the_campaign, given;
END $_$;

CREATE FUNCTION public.change_row(c jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.change_rows(todo jsonb, actor text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.cleanup_corrupted_prospect_statuses(actor text DEFAULT SESSION_USER, called_by text DEFAULT 'sql'::text, most integer DEFAULT 5000) RETURNS TABLE(fixed_count bigint, campaign_ids text[])
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT r.fixed_count, r.campaign_ids FROM mend_corrupted_prospects(actor, called_by, most, false, NULL) r
$$;

CREATE FUNCTION public.contact_evidence(the_prospect uuid) RETURNS TABLE(invited_at timestamp with time zone, messaged_at timestamp with time zone, attempt bigint, last_attempt bigint, listed_at timestamp with time zone, invitation text)
    LANGUAGE sql STABLE
    AS $$
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

CREATE FUNCTION public.contacts_person(action public.action) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (action <> ALL (ARRAY['profile_lookup'::public.action, 'withdrawal'::public.action]));

CREATE TABLE public.account_cool_downs (
    account_id uuid NOT NULL,
    action public.action NOT NULL,
    until timestamp with time zone NOT NULL,
    level integer DEFAULT 1 NOT NULL,
    reason text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    set_at timestamp with time zone DEFAULT public.business_now(),
    CONSTRAINT account_cool_downs_level_check CHECK ((level >= 1))
);

ALTER TABLE ONLY public.account_cool_downs FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.cool_down_at(the_account uuid, the_action public.action, moment timestamp with time zone) RETURNS public.account_cool_downs
    LANGUAGE sql STABLE
    AS $$
  SELECT f.r FROM (
    SELECT coalesce((SELECT jsonb_populate_record(NULL::account_cool_downs, h.was) FROM history h
                      WHERE h.row_id = the_account AND h.table_name = 'account_cool_downs' AND h.part = the_action::text AND h.valid_until > moment
                      ORDER BY h.valid_until, h.id LIMIT 1),
                    (SELECT t FROM account_cool_downs t WHERE t.account_id = the_account AND t.action = the_action)) AS r) f
   WHERE (f.r).account_id IS NOT NULL AND (moment IS NULL OR (f.r).set_at IS NULL OR (f.r).set_at <= moment)
$$;

CREATE FUNCTION public.corrupted_to_mend(most integer) RETURNS TABLE(id uuid)
    LANGUAGE sql STABLE
    AS $$
  SELECT c.id
    FROM corrupted_to_repair c
   WHERE NOT EXISTS (SELECT FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
                      WHERE s.prospect_id = c.id AND a.action <> 'profile_lookup' AND is_undecided(a.state))
   LIMIT most
$$;

CREATE FUNCTION public.corruption_of(status public.prospect_status, contacted_at timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE WHEN status = 'connection_request_sent' AND contacted_at IS NULL THEN 'corrupted_sent'
              WHEN status = 'failed' AND contacted_at IS NOT NULL THEN 'corrupted_failed'
              WHEN status = 'pending' AND contacted_at IS NOT NULL THEN 'corrupted_pending' END
$$;

CREATE FUNCTION public.count_prospect_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  was boolean := is_active(OLD.status);
  is_now boolean := is_active(NEW.status);
BEGIN
  IF was <> is_now THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'active_leads', CASE WHEN is_now THEN 1 ELSE -1 END);
  END IF;
  IF NEW.status = 'completed' THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'completed_leads', 1);
  END IF;
  IF OLD.status = 'completed' THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'completed_leads', -1);
  END IF;
  IF NEW.status = 'opted_out' THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'opted_out', 1);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION public.count_prospects_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) SELECT campaign_id, 'prospects', count(*) FROM added GROUP BY campaign_id;
  INSERT INTO campaign_counter_deltas (campaign_id, counter, delta)
       SELECT campaign_id, 'active_leads', count(*) FROM added
        WHERE is_active(status) GROUP BY campaign_id;
  RETURN NULL;
END $$;

CREATE FUNCTION public.count_prospects_removed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) SELECT campaign_id, 'prospects', -count(*) FROM gone GROUP BY campaign_id;
  RETURN NULL;
END $$;

CREATE FUNCTION public.date_given_back() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.given_back_at := business_now();
  RETURN NEW;
END $$;

CREATE FUNCTION public.do_not_contact(workspace uuid, identity text, vanity text, classic_id text, navigator_id text, address text, company_name text) RETURNS TABLE(entry text)
    LANGUAGE sql STABLE
    AS $$
  SELECT x.kind || ' ' || x.value || CASE WHEN x.workspace_id IS NULL THEN ' (everywhere)' ELSE '' END
    FROM suppressions x
   WHERE (x.workspace_id IS NULL OR x.workspace_id = workspace)
     AND ((x.kind = 'person' AND x.value IN (identity, 'in:' || vanity, 'id:' || classic_id, 'sn:' || navigator_id))
       OR (x.kind = 'email' AND x.value = lower(address))
       OR (x.kind = 'company' AND x.value = fold_company(company_name))
       OR (x.kind = 'domain' AND x.value = ANY(mail_domains(address))))
   LIMIT 1
$$;

CREATE FUNCTION public.earlier_sequence(the_prospect uuid) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT oc.campaign_name
    FROM campaign_prospects p
    JOIN campaigns c ON c.id = p.campaign_id AND NOT c.allow_parallel
    JOIN leads l ON l.id = p.lead_id
    JOIN campaign_prospects o ON o.lead_id = p.lead_id AND o.campaign_id <> p.campaign_id
     AND is_active(o.status)
    JOIN campaigns oc ON oc.id = o.campaign_id AND NOT oc.allow_parallel AND oc.status IN ('draft', 'running', 'paused')
   WHERE p.id = the_prospect
     AND l.campaign_id IS DISTINCT FROM p.campaign_id
     AND (o.campaign_id = l.campaign_id OR (o.created_at, o.id) < (p.created_at, p.id))
   ORDER BY (o.campaign_id = l.campaign_id) DESC, o.created_at, o.id
   LIMIT 1
$$;

CREATE FUNCTION public.earlier_sequence_at(the_prospect uuid, moment timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF moment IS NULL THEN
    RETURN earlier_sequence(the_prospect);
  END IF;
  RETURN (
    SELECT oc.campaign_name
      FROM campaign_prospects_at(the_prospect, moment) p
     CROSS JOIN LATERAL campaigns_at(p.campaign_id, moment) c
     CROSS JOIN LATERAL leads_at(p.lead_id, moment) l
      JOIN campaign_prospects x ON x.lead_id = p.lead_id AND x.campaign_id <> p.campaign_id AND business_then(x.created_at) <= moment
     CROSS JOIN LATERAL campaign_prospects_at(x.id, moment) o
     CROSS JOIN LATERAL campaigns_at(o.campaign_id, moment) oc
     WHERE NOT c.allow_parallel AND NOT oc.allow_parallel
       AND is_active(o.status)
       AND oc.status IN ('draft', 'running', 'paused')
       AND l.campaign_id IS DISTINCT FROM p.campaign_id
       AND (o.campaign_id = l.campaign_id OR (x.created_at, x.id) < (p.created_at, p.id))
     ORDER BY (o.campaign_id = l.campaign_id) DESC, x.created_at, x.id
     LIMIT 1);
END $$;

CREATE FUNCTION public.find_corrupted(people uuid[], all_right_at timestamp with time zone) RETURNS TABLE(waiting bigint[], proposed bigint[])
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.fold_company(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT nullif(btrim(replace(replace(translate(lower(name), E'.,;\'"\t', ''), '   ', ' '), '  ', ' ')), '')
$$;

CREATE FUNCTION public.get_leads_for_de_enrollment(batch_size integer DEFAULT 500, the_workspace uuid DEFAULT NULL::uuid, after_lead uuid DEFAULT NULL::uuid, only_leads uuid[] DEFAULT NULL::uuid[]) RETURNS TABLE(lead_id uuid, prospect_id uuid, campaign_id uuid, workspace_id uuid, status public.prospect_status, reason text)
    LANGUAGE sql STABLE
    AS $$
  SELECT l.id, p.id, p.campaign_id, l.workspace_id, p.status,
         CASE WHEN l.opted_out_at IS NOT NULL OR p.status = 'opted_out' THEN 'opted_out'
              WHEN l.sms_stop THEN 'sms_stop'
              WHEN l.booked THEN 'booked'
              ELSE p.status::text END
    FROM leads l
    JOIN LATERAL (SELECT x.id, x.campaign_id, x.status FROM campaign_prospects x
                   WHERE x.lead_id = l.id AND x.workspace_id = l.workspace_id
                     AND (x.campaign_id = l.campaign_id
                          OR EXISTS (SELECT FROM send_queue s WHERE s.lead_id = l.id AND s.prospect_id = x.id AND is_stoppable(s.status)))
                     -- a later enrolment of the same campaign speaks for it
                     AND NOT EXISTS (SELECT FROM campaign_prospects y WHERE y.lead_id = x.lead_id AND y.campaign_id = x.campaign_id
                                        AND y.enrolment_no > x.enrolment_no)) p ON true
   WHERE (l.campaign_id IS NOT NULL OR EXISTS (SELECT FROM send_queue s WHERE s.lead_id = l.id AND is_stoppable(s.status)))
     AND (NOT is_active(p.status)
          OR l.opted_out_at IS NOT NULL OR l.sms_stop OR l.booked)
     AND (the_workspace IS NULL OR l.workspace_id = the_workspace)
     AND (after_lead IS NULL OR l.id > after_lead)
     AND (only_leads IS NULL OR l.id = ANY(only_leads))
   ORDER BY l.id, p.id
   LIMIT batch_size
$$;

CREATE FUNCTION public.has_channel(the_type public.campaign_type) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT the_type IN ('connector', 'messenger')
$$;

CREATE FUNCTION public.healer_says(topic text, event_type text, key text, payload jsonb) RETURNS void
    LANGUAGE sql
    AS $$
  SELECT healer_says_all(topic, event_type, ARRAY[key], ARRAY[payload])
$$;

CREATE FUNCTION public.healer_says_all(topic text, event_type text, keys text[], payloads jsonb[]) RETURNS void
    LANGUAGE sql
    AS $$
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

CREATE FUNCTION public.insert_campaign(given jsonb) RETURNS uuid
    LANGUAGE plpgsql
    AS $_$
DECLARE
  names text := (SELECT string_agg(quote_ident(key), ', ') FROM jsonb_object_keys(given) AS key);
  made uuid;
BEGIN
  EXECUTE format('INSERT INTO public.campaigns (%1$s) SELECT %1$s FROM jsonb_populate_record(NULL::public.campaigns, $1)
                  ON CONFLICT (workspace_id, lower(campaign_name)) DO NOTHING RETURNING id', names) INTO made USING given;
  RETURN made;
END $_$;

CREATE FUNCTION public.inverse_of(changes jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT coalesce(jsonb_agg(e.one || jsonb_build_object('before', e.one -> 'after', 'after', e.one -> 'before') ORDER BY e.n DESC), '[]')
    FROM jsonb_array_elements(changes) WITH ORDINALITY AS e(one, n)
$$;

CREATE FUNCTION public.is_active(status public.prospect_status) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status = ANY (ARRAY['pending'::public.prospect_status, 'approved'::public.prospect_status, 'connection_request_sent'::public.prospect_status, 'connected'::public.prospect_status, 'messaging'::public.prospect_status]));

CREATE FUNCTION public.is_in_hand(status public.send_status) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status = ANY (ARRAY['dispatched'::public.send_status, 'sending'::public.send_status]));

CREATE FUNCTION public.is_live(state public.attempt_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (state = ANY (ARRAY['intent'::public.attempt_state, 'unknown'::public.attempt_state, 'accepted'::public.attempt_state]));

CREATE FUNCTION public.is_open(status public.send_status) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status = ANY (ARRAY['pending'::public.send_status, 'dispatched'::public.send_status, 'sending'::public.send_status]));

CREATE FUNCTION public.is_stoppable(status public.send_status) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status = ANY (ARRAY['pending'::public.send_status, 'dispatched'::public.send_status]));

CREATE FUNCTION public.is_stopping(status public.prospect_status) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status = ANY (ARRAY['replied'::public.prospect_status, 'opted_out'::public.prospect_status, 'converted'::public.prospect_status, 'not_interested'::public.prospect_status]));

CREATE FUNCTION public.is_undecided(state public.attempt_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (state = ANY (ARRAY['intent'::public.attempt_state, 'unknown'::public.attempt_state]));

CREATE FUNCTION public.is_unstarted(status public.prospect_status) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status = ANY (ARRAY['pending'::public.prospect_status, 'approved'::public.prospect_status]));

CREATE FUNCTION public.keep_clock() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.clock_history (anchored_at, business_at, speed) VALUES (OLD.anchored_at, OLD.business_at, OLD.speed) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE FUNCTION public.keep_history() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
  was jsonb := to_jsonb(OLD);
  workspace uuid := was ->> TG_ARGV[0];
BEGIN
  IF TG_ARGV[0] = '' THEN
    SELECT a.workspace_id INTO workspace FROM public.accounts a WHERE a.id = (was ->> 'account_id')::uuid;
  END IF;
  INSERT INTO public.history (workspace_id, table_name, row_id, part, valid_until, was)
  SELECT workspace, TG_TABLE_NAME, (was ->> TG_ARGV[1])::uuid, coalesce(was ->> TG_ARGV[2], ''),
         c.business_at + (clock_timestamp() - c.anchored_at) * c.speed, was - string_to_array(TG_ARGV[3], ',')
    FROM public.stack_clock c;
  RETURN NULL;
END $$;

CREATE FUNCTION public.keep_history_of_prospects() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
          INSERT INTO public.history (workspace_id, table_name, row_id, part, valid_until, was)
          SELECT o.workspace_id, TG_TABLE_NAME, o.id, '', c.business_at + (clock_timestamp() - c.anchored_at) * c.speed, to_jsonb(o) - 'updated_at'
            FROM was o JOIN is_now n USING (id) CROSS JOIN public.stack_clock c
           WHERE o.id IS DISTINCT FROM n.id OR o.workspace_id IS DISTINCT FROM n.workspace_id OR o.campaign_id IS DISTINCT FROM n.campaign_id OR o.lead_id IS DISTINCT FROM n.lead_id OR o.enrolment_no IS DISTINCT FROM n.enrolment_no OR o.status IS DISTINCT FROM n.status OR o.contacted_at IS DISTINCT FROM n.contacted_at OR o.connected_at IS DISTINCT FROM n.connected_at OR o.completed_at IS DISTINCT FROM n.completed_at OR o.withdrawn_at IS DISTINCT FROM n.withdrawn_at OR o.hold_until IS DISTINCT FROM n.hold_until OR o.resumed_at IS DISTINCT FROM n.resumed_at OR o.outcome IS DISTINCT FROM n.outcome OR o.error_message IS DISTINCT FROM n.error_message OR o.created_at IS DISTINCT FROM n.created_at OR (o.account_id IS NOT NULL AND o.account_id IS DISTINCT FROM n.account_id);
          RETURN NULL;
        END $$;

CREATE FUNCTION public.keep_send() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.history (workspace_id, table_name, row_id, valid_until, was)
  SELECT OLD.workspace_id, 'send_queue', OLD.id, c.business_at + (clock_timestamp() - c.anchored_at) * c.speed,
         jsonb_build_object('status', OLD.status, 'scheduled_for', OLD.scheduled_for, 'held_for', OLD.held_for, 'account_id', OLD.account_id,
                            'requires_connection', OLD.requires_connection, 'error_message', OLD.error_message, 'sent_at', OLD.sent_at)
         || CASE WHEN OLD.message_sha256 IS DISTINCT FROM NEW.message_sha256 OR OLD.dispatch_no = 0
              THEN jsonb_build_object('message', OLD.message, 'subject', OLD.subject, 'message_sha256', OLD.message_sha256) ELSE '{}' END
    FROM public.stack_clock c;
  RETURN NULL;
END $$;

CREATE FUNCTION public.keep_spacing() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.account_spacing_history (account_id, valid_until, next_free_at)
  SELECT OLD.id, c.business_at + (clock_timestamp() - c.anchored_at) * c.speed, OLD.next_free_at FROM public.stack_clock c;
  RETURN NULL;
END $$;

CREATE TABLE public.leads (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    identity text NOT NULL,
    campaign_id uuid,
    first_name text DEFAULT ''::text NOT NULL,
    last_name text DEFAULT ''::text NOT NULL,
    company text DEFAULT ''::text NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    location text DEFAULT ''::text NOT NULL,
    linkedin_vanity text,
    linkedin_id text,
    sales_navigator_id text,
    email text,
    connected_on date,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    extra jsonb DEFAULT '{}'::jsonb NOT NULL,
    sms_stop boolean DEFAULT false NOT NULL,
    booked boolean DEFAULT false NOT NULL,
    processing_status text,
    sms_sequence_position integer,
    last_reply_at timestamp with time zone,
    opted_out_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    timezone text
);

ALTER TABLE ONLY public.leads FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.leads_at(the_id uuid, moment timestamp with time zone) RETURNS public.leads
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = 'leads' AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM leads t WHERE t.id = the_id
      $$;

CREATE FUNCTION public.lock_to_mend(people uuid[], leave_busy boolean DEFAULT false) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.mail_domains(address text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
  SELECT array_agg(array_to_string(parts[level:], '.'))
    FROM (SELECT string_to_array(split_part(lower(address), '@', 2), '.') AS parts) split, generate_subscripts(parts, 1) AS level
$$;

CREATE FUNCTION public.may_change(the_table text) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT CASE the_table
    WHEN 'campaign_prospects' THEN ARRAY['status', 'contacted_at', 'connected_at', 'completed_at', 'outcome', 'error_message']
    WHEN 'send_queue' THEN ARRAY['status', 'sent_at', 'error_message', 'held_for', 'scheduled_for']
    WHEN 'send_attempts' THEN ARRAY['send_id'] ELSE '{}' END
$$;

CREATE FUNCTION public.mend_corrupted_prospects(actor text, called_by text, most integer, leave_busy boolean, all_right_at timestamp with time zone) RETURNS TABLE(fixed_count bigint, campaign_ids text[], run_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.next_free_at_then(the_account uuid, moment timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
  SELECT f.next_free_at FROM (
    (SELECT 1 AS place, h.next_free_at FROM account_spacing_history h
      WHERE h.account_id = the_account AND h.valid_until > moment ORDER BY h.valid_until LIMIT 1)
    UNION ALL
    (SELECT 2, a.next_free_at FROM accounts a WHERE a.id = the_account)) f
   ORDER BY f.place LIMIT 1
$$;

CREATE FUNCTION public.note_changed_count() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id) VALUES ('campaign', NEW.id);
  RETURN NULL;
END $$;

CREATE FUNCTION public.note_queue_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.queue_changes (workspace_id, campaign_id, send_id, was, became)
  VALUES (NEW.workspace_id, NEW.campaign_id, NEW.id,
          CASE WHEN is_open(OLD.status) THEN 'open' ELSE OLD.status::text END,
          CASE WHEN is_open(NEW.status) THEN 'open' ELSE NEW.status::text END);
  RETURN NULL;
END $$;

CREATE FUNCTION public.note_queue_gone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.queue_changes (workspace_id, campaign_id, was, sends)
  SELECT workspace_id, campaign_id, CASE WHEN is_open(status) THEN 'open' ELSE status::text END, count(*)
    FROM gone GROUP BY 1, 2, 3;
  RETURN NULL;
END $$;

CREATE FUNCTION public.note_queue_planned() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.queue_changes (workspace_id, campaign_id, became, sends)
  SELECT workspace_id, campaign_id, CASE WHEN is_open(status) THEN 'open' ELSE status::text END, count(*)
    FROM planned GROUP BY 1, 2, 3;
  RETURN NULL;
END $$;

CREATE FUNCTION public.note_relation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id)
  SELECT DISTINCT 'lead', p.lead_id FROM added a
    JOIN recipients r ON r.account_id = a.account_id AND r.provider_id = a.person_id
    JOIN campaign_prospects p ON p.lead_id = r.lead_id AND p.status = 'connection_request_sent'
   WHERE a.kind = 'relation';
  RETURN NULL;
END $$;

CREATE FUNCTION public.note_second_sequence() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id)
  SELECT DISTINCT 'lead', a.lead_id FROM added a
    JOIN campaign_prospects o ON o.lead_id = a.lead_id AND o.campaign_id <> a.campaign_id
     AND is_active(o.status);
  RETURN NULL;
END $$;

CREATE FUNCTION public.note_stopped_prospect() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id) VALUES ('prospect', NEW.id);
  RETURN NULL;
END $$;

CREATE FUNCTION public.opens_again(c jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT coalesce(c ->> 'table' = 'send_queue' AND c -> 'after' ->> 'status' = 'pending' AND c -> 'before' ->> 'status' IN ('failed', 'skipped', 'cancelled', 'sent'), false)
$$;

CREATE TABLE public.account_reads (
    account_id uuid NOT NULL,
    kind text NOT NULL,
    next_at timestamp with time zone NOT NULL,
    cursor jsonb,
    baseline_at timestamp with time zone,
    last_read_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    read_on date,
    reads integer DEFAULT 0 NOT NULL,
    CONSTRAINT account_reads_kind_check CHECK ((kind = ANY (ARRAY['relations'::text, 'chats'::text, 'invitations_sent'::text, 'status'::text]))),
    CONSTRAINT account_reads_reads_check CHECK ((reads >= 0))
);

ALTER TABLE ONLY public.account_reads FORCE ROW LEVEL SECURITY;

CREATE TABLE public.recipients (
    account_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    provider_id text NOT NULL,
    public_identifier text,
    network_distance text,
    invitation_status text,
    resolved_at timestamp with time zone NOT NULL,
    connected_at timestamp with time zone,
    chat_id text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    invitation_ended_at timestamp with time zone
);

ALTER TABLE ONLY public.recipients FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.policy_facts(p public.campaign_prospects, c public.campaigns, w public.workspaces, a public.accounts, l public.leads, r public.recipients, chats public.account_reads, cool_down public.account_cool_downs, the_action public.action, recipient text, at timestamp with time zone, moment timestamp with time zone) RETURNS TABLE(prospect_status public.prospect_status, hold_until timestamp with time zone, resumed_at timestamp with time zone, connected_at timestamp with time zone, contacted_at timestamp with time zone, campaign_status public.campaign_status, campaign_type public.campaign_type, campaign_schedule text, withdraw_after_days integer, workspace_schedule text, workspace_active boolean, tier text, account_limit integer, workspace_limit integer, weekly_limit integer, message_limit integer, lookup_limit integer, email_limit integer, cr_exception integer, warm_up_from date, account_type public.account_type, account_status public.account_status, status_reason text, country text, account_schedule text, next_free_at timestamp with time zone, timezone text, last_reply_at timestamp with time zone, opted_out_at timestamp with time zone, prospect_timezone text, network_distance text, recipient_connected_at timestamp with time zone, invitation_ended_at timestamp with time zone, invited_by_hand_at timestamp with time zone, by_hand_gone_at timestamp with time zone, withdrawn_at timestamp with time zone, used_by_day text, replies_read_at timestamp with time zone, replies_next_read_at timestamp with time zone, cool_down_until timestamp with time zone, cool_down_reason text, other_sequence text)
    LANGUAGE sql STABLE ROWS 1
    AS $$
  SELECT p.status, p.hold_until, p.resumed_at, p.connected_at, p.contacted_at,
         c.status, c.campaign_type, c.schedule_settings::text, c.withdraw_after_days,
         w.schedule_settings::text, w.is_active, limits.tier, limits.account_limit, limits.workspace_limit, limits.weekly_limit,
         limits.message_limit, limits.lookup_limit, limits.email_limit, limits.cr_exception, limits.warm_up_from,
         a.account_type, a.status, a.status_reason, a.country, a.schedule_settings::text,
         CASE WHEN moment IS NULL THEN a.next_free_at ELSE next_free_at_then(a.id, moment) END, account_timezone(a, at),
         l.last_reply_at, l.opted_out_at, l.timezone,
         r.network_distance, r.connected_at, CASE WHEN moment IS NULL OR r.invitation_ended_at <= at THEN r.invitation_ended_at END,
         by_hand.sent_at, by_hand.gone_at,
         CASE WHEN the_action = 'invitation' THEN
           (SELECT max(x.withdrawn_at) FROM send_attempts x
             WHERE x.workspace_id = p.workspace_id AND x.recipient_id = recipient AND x.withdrawn_at IS NOT NULL
               AND (moment IS NULL OR x.withdrawn_at <= at)) END,
         CASE WHEN moment IS NULL THEN
           (SELECT json_object_agg(u.local_date, u.used)::text FROM account_usage u
             WHERE u.account_id = a.id AND u.action = the_action
               AND u.local_date BETWEEN (at AT TIME ZONE 'UTC')::date - 1 AND (at AT TIME ZONE 'UTC')::date + 1)
              ELSE
           (SELECT json_object_agg(d.day, used_at(a.id, the_action, d.day, moment))::text
              FROM (SELECT (at AT TIME ZONE 'UTC')::date + n AS day FROM generate_series(-1, 1) n) d) END,
         chats.last_read_at, chats.next_at, cool_down.until, cool_down.reason,
         CASE WHEN l.campaign_id <> p.campaign_id THEN
           CASE WHEN moment IS NULL THEN earlier_sequence(p.id) ELSE earlier_sequence_at(p.id, moment) END END
    FROM account_limits(a, w) AS limits
   CROSS JOIN LATERAL ( -- what members of the workspace sent this person by hand; two probes, by id and by vanity
     SELECT max(f.sent_at) FILTER (WHERE f.gone_at IS NULL OR (moment IS NOT NULL AND f.gone_at > at)) AS sent_at,
            max(f.gone_at) FILTER (WHERE moment IS NULL OR f.gone_at <= at) AS gone_at
       FROM (SELECT i.sent_at, i.gone_at, i.created_at FROM foreign_invitations i
              WHERE the_action = 'invitation' AND i.workspace_id = p.workspace_id AND i.recipient_id = recipient AND i.attempt_id IS NULL
             UNION ALL
             SELECT i.sent_at, i.gone_at, i.created_at FROM foreign_invitations i
              WHERE the_action = 'invitation' AND i.workspace_id = p.workspace_id AND i.recipient_id IS NULL
                AND i.public_identifier = coalesce(r.public_identifier, l.linkedin_vanity) AND i.attempt_id IS NULL) f
      WHERE moment IS NULL OR business_then(f.created_at) <= moment) by_hand
$$;

CREATE FUNCTION public.process_de_enrollment_batch(the_run uuid, batch_size integer DEFAULT 500, the_workspace uuid DEFAULT NULL::uuid, after_lead uuid DEFAULT NULL::uuid) RETURNS TABLE(candidates integer, de_enrolled integer, skipped integer, last_lead uuid)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
  chosen uuid[];
  r record;
  out_now integer := 0;
  passed_by integer := 0;
BEGIN
  SELECT coalesce(array_agg(DISTINCT g.lead_id ORDER BY g.lead_id), '{}') INTO chosen
    FROM get_leads_for_de_enrollment(batch_size, the_workspace, after_lead) g;
  PERFORM FROM leads WHERE id = ANY(chosen) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM send_queue WHERE lead_id = ANY(chosen) AND is_open(status) ORDER BY id FOR NO KEY UPDATE;
  FOR r IN -- read again under the locks
    SELECT g.lead_id, g.prospect_id, g.campaign_id, g.workspace_id, g.status, g.reason, p.account_id,
           EXISTS (SELECT FROM send_queue s WHERE s.lead_id = g.lead_id AND s.prospect_id = g.prospect_id AND s.status = 'sending') AS under_way
      FROM get_leads_for_de_enrollment(batch_size * 10, the_workspace, NULL, chosen) g
      JOIN campaign_prospects p ON p.id = g.prospect_id
     ORDER BY g.lead_id, g.prospect_id
  LOOP
    IF r.under_way THEN
      passed_by := passed_by + 1;
      CONTINUE;
    END IF;
    UPDATE send_queue SET status = 'cancelled', error_message = 'de-enrolled: ' || r.reason
     WHERE lead_id = r.lead_id AND prospect_id = r.prospect_id AND is_stoppable(status);
    UPDATE leads SET campaign_id = NULL WHERE id = r.lead_id AND campaign_id = r.campaign_id;
    INSERT INTO de_enrollment_lead_log (run_id, workspace_id, lead_id, prospect_id, campaign_id, reason, status_before)
         VALUES (the_run, r.workspace_id, r.lead_id, r.prospect_id, r.campaign_id, r.reason, r.status)
    ON CONFLICT (run_id, prospect_id) DO NOTHING;
    PERFORM healer_says('prospects.left', 'tact.prospect.left.v1', coalesce(r.account_id, r.prospect_id)::text,
                        jsonb_build_object('prospect_id', r.prospect_id, 'campaign_id', r.campaign_id, 'workspace_id', r.workspace_id,
                                           'reason', r.reason));
    out_now := out_now + 1;
  END LOOP;
  UPDATE de_enrollment_runs u
     SET candidates = u.candidates + out_now + passed_by, de_enrolled = u.de_enrolled + out_now, skipped = u.skipped + passed_by
   WHERE u.id = the_run;
  RETURN QUERY SELECT out_now + passed_by, out_now, passed_by, chosen[cardinality(chosen)];
END $$;

CREATE FUNCTION public.prospect_change(p public.campaign_prospects, new_status public.prospect_status, new_contacted_at timestamp with time zone, new_outcome text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET "TimeZone" TO 'UTC'
    AS $$
  SELECT jsonb_build_array(jsonb_build_object('table', 'campaign_prospects', 'id', p.id, 'before', jsonb_object_agg(d.name, d.was), 'after', jsonb_object_agg(d.name, d.is_now)))
    FROM (VALUES ('status', to_jsonb(p.status), to_jsonb(new_status)),
                 ('contacted_at', to_jsonb(p.contacted_at), to_jsonb(new_contacted_at)),
                 ('outcome', to_jsonb(p.outcome), to_jsonb(coalesce(new_outcome, p.outcome))),
                 ('completed_at', to_jsonb(p.completed_at), to_jsonb(CASE WHEN new_status = 'completed' THEN coalesce(p.completed_at, business_now()) ELSE p.completed_at END)))
         AS d(name, was, is_now)
   WHERE d.was IS DISTINCT FROM d.is_now OR d.name IN ('status', 'contacted_at')
$$;

CREATE FUNCTION public.prospect_of(c jsonb) RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
  SELECT CASE c ->> 'table' WHEN 'campaign_prospects' THEN (c ->> 'id')::uuid
                            WHEN 'send_queue' THEN coalesce((c -> 'before' ->> 'prospect_id')::uuid, (c -> 'after' ->> 'prospect_id')::uuid,
                                                            (SELECT s.prospect_id FROM send_queue s WHERE s.id = (c ->> 'id')::uuid)) END
$$;

CREATE FUNCTION public.prospect_transition(old_status public.prospect_status, new_status public.prospect_status) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE
    WHEN new_status = 'replied' THEN
      CASE WHEN is_stopping(old_status) THEN NULL ELSE 'reply_named' END
    WHEN new_status IN ('converted', 'not_interested') THEN
      CASE WHEN old_status IN ('opted_out', 'converted', 'not_interested') THEN NULL ELSE 'always' END
    WHEN new_status = 'opted_out' THEN CASE WHEN old_status = 'opted_out' THEN NULL ELSE 'always' END
    WHEN is_unstarted(old_status) THEN
      CASE WHEN new_status <> old_status
            AND new_status IN ('pending', 'approved', 'connection_request_sent', 'connected', 'messaging', 'failed') THEN 'always' END
    WHEN old_status = 'connection_request_sent' THEN
      CASE WHEN new_status IN ('connected', 'completed', 'withdrawn') THEN 'always' WHEN new_status = 'pending' THEN 'uncontacted' END
    WHEN old_status = 'connected' THEN
      CASE WHEN new_status IN ('messaging', 'completed') THEN 'always' WHEN new_status = 'failed' THEN 'uncontacted' END
    WHEN old_status = 'messaging' THEN CASE WHEN new_status = 'completed' THEN 'always' END
    WHEN old_status = 'replied' THEN CASE WHEN new_status = 'messaging' THEN 'resumed' END
    WHEN old_status = 'failed' THEN CASE WHEN new_status = 'connected' THEN 'always' WHEN new_status = 'pending' THEN 'uncontacted' END
    WHEN old_status = 'withdrawn' THEN CASE WHEN new_status = 'connected' THEN 'always' END
  END
$$;

CREATE FUNCTION public.reads_at(the_account uuid, the_kind text, moment timestamp with time zone) RETURNS public.account_reads
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                    WHERE h.row_id = the_account AND h.table_name = 'account_reads' AND h.part = the_kind AND h.valid_until > moment
                    ORDER BY h.valid_until, h.id LIMIT 1), t)
    FROM account_reads t WHERE t.account_id = the_account AND t.kind = the_kind
$$;

CREATE FUNCTION public.recipients_at(the_account uuid, the_lead uuid, moment timestamp with time zone) RETURNS public.recipients
    LANGUAGE sql STABLE
    AS $$
  SELECT f.r FROM (
    SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                      WHERE h.row_id = the_lead AND h.table_name = 'recipients' AND h.part = the_account::text AND h.valid_until > moment
                      ORDER BY h.valid_until, h.id LIMIT 1), t) AS r
      FROM recipients t WHERE t.account_id = the_account AND t.lead_id = the_lead) f
   WHERE moment IS NULL OR (f.r).resolved_at <= moment
$$;

CREATE FUNCTION public.refuse_change_of_seals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'A seal is never changed or deleted; what changed later is a further link.'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'seals_are_append_only';
END $$;

CREATE FUNCTION public.reopen(the_send uuid, actor text, reason text, due timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  SELECT reopen_together(ARRAY[the_send], actor, ARRAY[reason], due) = 1
$$;

CREATE FUNCTION public.reopen_together(sends uuid[], actor text, reasons text[], due timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
  live uuid;
  ended jsonb; -- [{"id", "workspace_id", "account_id", "was", "error", "reason", "at"}]
BEGIN
  PERFORM FROM send_queue WHERE id = ANY(sends) ORDER BY id FOR NO KEY UPDATE;
  SELECT jsonb_agg(jsonb_build_object('id', s.id, 'workspace_id', s.workspace_id, 'account_id', s.account_id, 'was', s.status, 'error', s.error_message,
                                      'reason', u.reason, 'at', greatest(s.scheduled_for, coalesce(due, s.scheduled_for))) ORDER BY u.n) INTO ended
    FROM unnest(sends, reasons) WITH ORDINALITY AS u(id, reason, n) JOIN send_queue s ON s.id = u.id
   WHERE s.status IN ('failed', 'skipped', 'cancelled', 'sent');
  IF ended IS NULL THEN
    RETURN 0;
  END IF;
  SELECT e.id INTO live FROM jsonb_to_recordset(ended) AS e(id uuid)
   WHERE EXISTS (SELECT FROM send_attempts a WHERE a.send_id = e.id AND a.action <> 'profile_lookup' AND is_live(a.state)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'Cannot reopen send %: an attempt has left or may have left', live USING ERRCODE = 'check_violation';
  END IF;
  PERFORM set_config('tact.reopening', 'on', true);
  UPDATE send_queue s
     SET status = 'pending', held_for = NULL, error_message = NULL, retries = 0, dispatches_in_vain = 0, sent_at = NULL, scheduled_for = e.at
    FROM jsonb_to_recordset(ended) AS e(id uuid, at timestamptz) WHERE s.id = e.id;
  PERFORM set_config('tact.reopening', 'off', true);
  PERFORM wake_accounts(array_agg(e.account_id), array_agg(e.at)) FROM jsonb_to_recordset(ended) AS e(account_id uuid, at timestamptz);
  INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
  SELECT e.workspace_id, reopen_together.actor, 'reopen', 'send', e.id::text, jsonb_build_object('reason', e.reason, 'was', e.was, 'error', e.error)
    FROM jsonb_to_recordset(ended) AS e(id uuid, workspace_id uuid, was text, error text, reason text);
  RETURN jsonb_array_length(ended);
END $$;

CREATE FUNCTION public.reopened_sends(the_prospect uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET "TimeZone" TO 'UTC'
    AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('table', 'send_queue', 'id', s.id,
           'before', jsonb_build_object('status', s.status, 'sent_at', s.sent_at, 'error_message', s.error_message, 'held_for', s.held_for),
           'after', jsonb_build_object('status', 'pending', 'sent_at', NULL, 'error_message', NULL, 'held_for', NULL)) ORDER BY s.step_position, s.id), '[]')
    FROM send_queue s
   WHERE s.prospect_id = the_prospect AND s.action::text <> 'withdrawal'
     AND (s.status = 'sent' OR (s.status IN ('failed', 'skipped', 'cancelled')
                                AND s.step_position = (SELECT min(f.step_position) FROM send_queue f WHERE f.prospect_id = the_prospect)))
     AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup' AND is_live(a.state))
$$;

CREATE FUNCTION public.seal_again() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO public.seal_queue (attempt_id, account_id) VALUES (OLD.id, OLD.account_id);
  RETURN NULL;
END $$;

CREATE TABLE public.send_queue (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    prospect_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    account_id uuid NOT NULL,
    message_type text NOT NULL,
    step_position integer NOT NULL,
    action public.action NOT NULL,
    next_action public.action NOT NULL,
    linkedin_user_id text,
    subject text,
    message text NOT NULL,
    message_sha256 bytea NOT NULL,
    scheduled_for timestamp with time zone NOT NULL,
    status public.send_status DEFAULT 'pending'::public.send_status NOT NULL,
    held_for text,
    requires_connection boolean DEFAULT false NOT NULL,
    dispatch_no integer DEFAULT 0 NOT NULL,
    dispatches_in_vain integer DEFAULT 0 NOT NULL,
    retries integer DEFAULT 0 NOT NULL,
    sent_at timestamp with time zone,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT send_queue_action_check CHECK ((action <> 'profile_lookup'::public.action)),
    CONSTRAINT send_queue_check CHECK (((next_action = action) OR (next_action = 'profile_lookup'::public.action))),
    CONSTRAINT send_queue_message_sha256_check CHECK ((length(message_sha256) = 32))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.send_queue FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.send_queue_at(the_id uuid, moment timestamp with time zone) RETURNS public.send_queue
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = 'send_queue' AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM send_queue t WHERE t.id = the_id
      $$;

CREATE FUNCTION public.status_when_given_up(contacted_at timestamp with time zone) RETURNS public.prospect_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (CASE WHEN (contacted_at IS NULL) THEN 'failed'::text ELSE 'completed'::text END)::public.prospect_status;

CREATE FUNCTION public.suppressed_by(the_workspace uuid, identity text, vanity text, classic_id text, navigator_id text, email text, company text, moment timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  WITH meant AS MATERIALIZED (
    SELECT 'person' AS kind, name AS value FROM unnest(ARRAY[identity, 'in:' || vanity, 'id:' || classic_id, 'sn:' || navigator_id]) AS name
    UNION SELECT 'email', lower(email)
    UNION SELECT 'company', fold_company(company)
    UNION SELECT 'domain', name FROM unnest(mail_domains(email)) AS name)
  SELECT f.kind || ' ' || f.value || CASE WHEN f.workspace_id IS NULL THEN ' (everywhere)' ELSE '' END FROM (
    SELECT x.kind, x.value, x.workspace_id, x.created_at FROM meant m JOIN suppressions x ON x.kind = m.kind AND x.value = m.value
    UNION ALL
    SELECT m.kind, m.value, h.workspace_id, (h.was ->> 'created_at')::timestamptz
      FROM meant m JOIN history h ON (h.was ->> 'value') = m.value AND (h.was ->> 'kind') = m.kind
     WHERE h.table_name = 'suppressions' AND h.valid_until > moment) f
   WHERE (f.workspace_id IS NULL OR f.workspace_id = the_workspace)
     AND coalesce(nullif(current_setting('tact.workspace', true), '')::uuid, the_workspace) = the_workspace
     AND (moment IS NULL OR business_then(f.created_at) <= moment)
   LIMIT 1
$$;

CREATE FUNCTION public.take_alarms(most integer, lease interval) RETURNS TABLE(id uuid, attempts integer, workspace_id uuid, kind public.notice_kind, dedupe_key text, about uuid, subject text, text text, details jsonb, happened_at timestamp with time zone, medium public.notice_medium, target text, secret text, enabled boolean)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  UPDATE notice_deliveries d
     SET attempts = d.attempts + 1, next_at = clock_timestamp() + take_alarms.lease
    FROM notices n, notice_channels c
   WHERE d.id IN (SELECT w.id FROM notice_deliveries w JOIN notices k ON k.id = w.notice_id
                   WHERE w.state = 'waiting' AND w.next_at <= clock_timestamp() AND k.kind = 'integrity_alert' AND k.details ->> 'alert' = 'healer_silent'
                   ORDER BY w.next_at LIMIT most FOR UPDATE OF w SKIP LOCKED)
     AND NOT EXISTS (SELECT FROM heartbeats h WHERE h.service = 'healer' AND h.beaten_at > clock_timestamp() - interval '30 seconds')
     AND d.state = 'waiting' AND n.id = d.notice_id AND c.id = d.channel_id
  RETURNING d.id, d.attempts, n.workspace_id, n.kind, n.dedupe_key, n.about, n.subject, n.text, n.details, n.happened_at,
            c.medium, c.target, c.secret, c.enabled
$$;

CREATE FUNCTION public.tell_of_findings(findings bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM healer_says_all('integrity.events', 'tact.integrity.found.v1',
                          array_agg(coalesce(f.workspace_id, '00000000-0000-0000-0000-000000000000')::text ORDER BY f.id),
                          array_agg(jsonb_build_object('workspace_id', f.workspace_id, 'kind', f.kind, 'severity', f.severity, 'table_name', f.table_name,
                                                       'row_id', f.row_id, 'evidence', f.evidence) ORDER BY f.id))
    FROM integrity_findings f WHERE f.id = ANY(findings) HAVING count(*) > 0;
END $$;

CREATE FUNCTION public.tell_of_repair(changes jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;

CREATE FUNCTION public.used_at(the_account uuid, the_action public.action, the_day date, moment timestamp with time zone) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
  SELECT greatest(coalesce((SELECT u.used FROM account_usage u
                             WHERE u.account_id = the_account AND u.action = the_action AND u.local_date = the_day), 0)
                  - coalesce((SELECT sum(CASE WHEN a.decided_at > moment AND NOT a.given_back THEN 1
                                              WHEN a.decided_at <= moment AND a.given_back AND a.given_back_at > moment THEN -1 ELSE 0 END)
                                FROM send_attempts a
                               WHERE a.account_id = the_account AND a.action = the_action AND a.counted_on = the_day
                                 AND a.decided_at BETWEEN moment - interval '3 days' AND moment + interval '3 days'), 0)
                  - (SELECT count(*) FROM foreign_invitations f -- by hand, and seen only later
                      WHERE f.account_id = the_account AND the_action = 'invitation' AND f.counted AND f.counted_on = the_day
                        AND business_then(f.created_at) > moment), 0)::integer
$$;

CREATE FUNCTION public.validate_prospect_status_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE condition text;
BEGIN
  -- The one way around: apply_together(), which runs as the owner of the table and leaves an audited trace.
  IF current_setting('tact.mending', true) = 'on'
     AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.contacted_at IS NOT NULL AND NEW.contacted_at IS NULL THEN
    RAISE EXCEPTION 'Cannot remove contacted_at timestamp once set (prospect %)', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'validate_prospect_status';
  END IF;
  IF NEW.status = 'connection_request_sent' AND NEW.contacted_at IS NULL THEN
    RAISE EXCEPTION 'Cannot set status to connection_request_sent without contacted_at timestamp (prospect %)', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'validate_prospect_status';
  END IF;
  IF NEW.contacted_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.contacted_at IS NULL) AND is_unstarted(NEW.status) THEN
    RAISE EXCEPTION 'Setting contacted_at requires status to be connection_request_sent, connected, messaging, replied, or failed, or one that follows them; prospect % is %', NEW.id, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'validate_prospect_status';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.status IS DISTINCT FROM OLD.status THEN
    condition := prospect_transition(OLD.status, NEW.status);
    IF condition IS NULL
       OR (condition = 'uncontacted' AND (OLD.contacted_at IS NOT NULL OR NEW.contacted_at IS NOT NULL))
       OR (condition = 'resumed' AND (NEW.resumed_at IS NULL OR NEW.resumed_at IS NOT DISTINCT FROM OLD.resumed_at))
       OR (condition = 'reply_named' AND (NEW.reply_message_id IS NULL OR NEW.reply_message_id IS NOT DISTINCT FROM OLD.reply_message_id)) THEN
      RAISE EXCEPTION 'Cannot change prospect status from % to % (prospect %)%', OLD.status, NEW.status, NEW.id,
          CASE condition WHEN 'uncontacted' THEN ': only while contacted_at is empty'
                         WHEN 'resumed' THEN ': only when a person resumes, with resumed_at set in the same update'
                         WHEN 'reply_named' THEN ': the stored reply must be named in the same update (reply_message_id)' ELSE '' END
        USING ERRCODE = 'check_violation', CONSTRAINT = 'validate_prospect_status';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION public.validate_send_status_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF (OLD.status = 'dispatched' AND NEW.status IN ('sending', 'pending', 'skipped', 'failed', 'cancelled'))
     OR (OLD.status = 'pending' AND NEW.status IN ('dispatched', 'skipped', 'failed', 'cancelled'))
     OR (OLD.status = 'sending' AND NEW.status IN ('sent', 'failed', 'skipped', 'pending'))
     OR (OLD.status = 'failed' AND NEW.status = 'cancelled') THEN -- a person has given it up
    RETURN NEW;
  END IF;
  -- What apply_together() takes back, or puts in step with the ledger, may go any way: it has compared the rows and leaves its trace.
  IF current_setting('tact.mending', true) = 'on'
     AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF OLD.status IN ('failed', 'skipped', 'cancelled', 'sent') AND NEW.status = 'pending'
     AND current_setting('tact.reopening', true) = 'on'
     AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'Cannot change send status from % to % (send %)', OLD.status, NEW.status, NEW.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'validate_send_status',
          HINT = CASE WHEN NEW.status = 'pending' THEN 'Use reopen(send_id, actor, reason).' ELSE '' END;
END $$;

CREATE FUNCTION public.wake_accounts(account_ids uuid[], moments timestamp with time zone[] DEFAULT NULL::timestamp with time zone[]) RETURNS void
    LANGUAGE sql
    AS $$
  UPDATE accounts a SET wake_at = w.at
    FROM (SELECT u.id, min(coalesce(u.at, clock.now)) AS at
            FROM (SELECT business_now() AS now) AS clock, unnest(account_ids, moments) AS u(id, at) GROUP BY u.id) AS w
   WHERE a.id = w.id AND (a.wake_at IS NULL OR a.wake_at > w.at)
$$;

CREATE FUNCTION public.wilson_interval(hits numeric, chances numeric, OUT low double precision, OUT high double precision) RETURNS record
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT greatest(0, middle - half), least(1, middle + half)
    FROM (SELECT (p + z2 / (2 * n)) / (1 + z2 / n) AS middle, sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n) AS half
            FROM (SELECT hits::float8 / nullif(chances, 0)::float8 AS p, nullif(chances, 0)::float8 AS n, 2.5758 ^ 2::float8 AS z2) v) w
$$;

CREATE FUNCTION public.workspaces_at(the_id uuid, moment timestamp with time zone) RETURNS public.workspaces
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = 'workspaces' AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM workspaces t WHERE t.id = the_id
      $$;

CREATE TABLE public.account_seals (
    account_id uuid NOT NULL,
    links bigint NOT NULL,
    head bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT account_seals_head_check CHECK ((length(head) = 32))
)
WITH (fillfactor='70');

CREATE TABLE public.account_spacing_history (
    account_id uuid NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    next_free_at timestamp with time zone
);

ALTER TABLE ONLY public.account_spacing_history FORCE ROW LEVEL SECURITY;

CREATE TABLE public.account_usage (
    account_id uuid NOT NULL,
    local_date date NOT NULL,
    action public.action NOT NULL,
    used integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_usage_used_check CHECK ((used >= 0))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.account_usage FORCE ROW LEVEL SECURITY;

CREATE TABLE public.api_tokens (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid,
    role public.role NOT NULL,
    name text NOT NULL,
    token_sha256 bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT api_tokens_token_sha256_check CHECK ((length(token_sha256) = 32))
);

ALTER TABLE ONLY public.api_tokens FORCE ROW LEVEL SECURITY;

CREATE TABLE public.send_attempts (
    id bigint NOT NULL,
    workspace_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    prospect_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    account_id uuid NOT NULL,
    send_id uuid NOT NULL,
    action public.action NOT NULL,
    state public.attempt_state DEFAULT 'intent'::public.attempt_state NOT NULL,
    owner text NOT NULL,
    dispatch_no integer NOT NULL,
    recipient_id text,
    message_sha256 bytea,
    decided_at timestamp with time zone NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    act_by timestamp with time zone NOT NULL,
    counted_on date NOT NULL,
    given_back boolean DEFAULT false NOT NULL,
    answered_at timestamp with time zone,
    http_status integer,
    error_type text,
    error_detail text,
    provider_ref text,
    chat_id text,
    picture jsonb,
    evidence jsonb,
    look_after timestamp with time zone,
    looks integer DEFAULT 0 NOT NULL,
    needs_person boolean DEFAULT false NOT NULL,
    withdrawn_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    given_back_at timestamp with time zone
)
WITH (fillfactor='80');

ALTER TABLE ONLY public.send_attempts FORCE ROW LEVEL SECURITY;

CREATE VIEW public.attempt_facts WITH (security_invoker='true') AS
 SELECT id,
    workspace_id,
    campaign_id,
    prospect_id,
    lead_id,
    account_id,
    send_id,
    (action)::text AS action,
    (state)::text AS state,
    owner,
    dispatch_no,
    recipient_id,
    encode(message_sha256, 'hex'::text) AS message_sha256,
    decided_at,
    valid_until,
    act_by,
    counted_on,
    given_back,
    answered_at,
    http_status,
    error_type,
    encode(sha256(convert_to(error_detail, 'UTF8'::name)), 'hex'::text) AS error_detail,
    provider_ref,
    chat_id,
    encode(sha256(convert_to((picture)::text, 'UTF8'::name)), 'hex'::text) AS picture,
        CASE
            WHEN (evidence IS NOT NULL) THEN ( SELECT array_agg(encode(sha256(convert_to((parts.part)::text, 'UTF8'::name)), 'hex'::text) ORDER BY parts.n) AS array_agg
               FROM jsonb_array_elements(
                    CASE jsonb_typeof(a.evidence)
                        WHEN 'array'::text THEN a.evidence
                        ELSE jsonb_build_array(a.evidence)
                    END) WITH ORDINALITY parts(part, n))
            ELSE NULL::text[]
        END AS evidence,
    withdrawn_at
   FROM public.send_attempts a;

CREATE TABLE public.attempt_seals (
    account_id uuid NOT NULL,
    link_no bigint NOT NULL,
    attempt_id bigint NOT NULL,
    form smallint NOT NULL,
    facts text NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT attempt_seals_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT attempt_seals_link_no_check CHECK ((link_no > 0))
);

CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    workspace_id uuid,
    actor text NOT NULL,
    verb text NOT NULL,
    object text NOT NULL,
    object_id text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.audit_log FORCE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.campaign_accounts (
    campaign_id uuid NOT NULL,
    account_id uuid NOT NULL,
    "position" integer NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    credit double precision DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY public.campaign_accounts FORCE ROW LEVEL SECURITY;

CREATE TABLE public.campaign_counter_deltas (
    id bigint NOT NULL,
    campaign_id uuid NOT NULL,
    counter text NOT NULL,
    delta integer NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT campaign_counter_deltas_counter_check CHECK ((counter = ANY (ARRAY['prospects'::text, 'active_leads'::text, 'completed_leads'::text, 'opted_out'::text, 'booked'::text, 'emails_scheduled'::text, 'emails_sent'::text])))
);

ALTER TABLE ONLY public.campaign_counter_deltas FORCE ROW LEVEL SECURITY;

ALTER TABLE public.campaign_counter_deltas ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaign_counter_deltas_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.campaign_messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    campaign_id uuid,
    prospect_id uuid,
    send_id uuid,
    attempt_id bigint,
    direction text NOT NULL,
    message_type text,
    provider_message_id text,
    chat_id text,
    text text NOT NULL,
    reply public.reply,
    said_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT campaign_messages_check CHECK (((reply IS NOT NULL) = (direction = 'in'::text))),
    CONSTRAINT campaign_messages_direction_check CHECK ((direction = ANY (ARRAY['out'::text, 'in'::text])))
);

ALTER TABLE ONLY public.campaign_messages FORCE ROW LEVEL SECURITY;

CREATE TABLE public.cause_days (
    campaign_id uuid NOT NULL,
    day date NOT NULL,
    cause text NOT NULL,
    value text NOT NULL,
    workspace_id uuid NOT NULL,
    exposed bigint DEFAULT 0 NOT NULL,
    corrupted bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT cause_days_cause_check CHECK ((cause = ANY (ARRAY['source'::text, 'account'::text, 'error'::text, 'version'::text])))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.cause_days FORCE ROW LEVEL SECURITY;

CREATE TABLE public.changed_rows (
    id bigint NOT NULL,
    what text NOT NULL,
    row_id uuid NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT changed_rows_what_check CHECK ((what = ANY (ARRAY['prospect'::text, 'lead'::text, 'campaign'::text])))
);

ALTER TABLE public.changed_rows ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.changed_rows_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cleanup_runs (
    id bigint NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    trigger text NOT NULL,
    fixed_count bigint,
    campaign_ids text[] DEFAULT '{}'::text[] NOT NULL,
    before jsonb,
    after jsonb,
    error text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    chosen integer DEFAULT 0 NOT NULL,
    for_person integer DEFAULT 0 NOT NULL,
    measured_at timestamp with time zone
);

ALTER TABLE public.cleanup_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cleanup_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.clients WITH (security_invoker='true') AS
 SELECT id,
    company_name,
    email,
    airtable_base_id,
    is_active,
    tier,
    daily_cr_limit,
    created_at,
    updated_at
   FROM public.workspaces;

CREATE TABLE public.clock_history (
    anchored_at timestamp with time zone NOT NULL,
    business_at timestamp with time zone NOT NULL,
    speed double precision NOT NULL
);

CREATE TABLE public.consumer_stops (
    id bigint NOT NULL,
    instance text NOT NULL,
    topic text NOT NULL,
    group_name text NOT NULL,
    why text NOT NULL,
    stopped_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    resumed_at timestamp with time zone,
    resumed_by text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT consumer_stops_check CHECK (((resumed_at IS NULL) = (resumed_by IS NULL)))
);

ALTER TABLE public.consumer_stops ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.consumer_stops_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.corrupted_prospects WITH (security_invoker='true') AS
 SELECT campaign_prospects.id,
    campaign_prospects.workspace_id,
    campaign_prospects.campaign_id,
    campaign_prospects.updated_at,
    'corrupted_sent'::text AS kind
   FROM public.campaign_prospects
  WHERE ((campaign_prospects.status = 'connection_request_sent'::public.prospect_status) AND (campaign_prospects.contacted_at IS NULL))
UNION ALL
 SELECT campaign_prospects.id,
    campaign_prospects.workspace_id,
    campaign_prospects.campaign_id,
    campaign_prospects.updated_at,
    'corrupted_failed'::text AS kind
   FROM public.campaign_prospects
  WHERE ((campaign_prospects.status = 'failed'::public.prospect_status) AND (campaign_prospects.contacted_at IS NOT NULL))
UNION ALL
 SELECT campaign_prospects.id,
    campaign_prospects.workspace_id,
    campaign_prospects.campaign_id,
    campaign_prospects.updated_at,
    'corrupted_pending'::text AS kind
   FROM public.campaign_prospects
  WHERE ((campaign_prospects.status = 'pending'::public.prospect_status) AND (campaign_prospects.contacted_at IS NOT NULL));

CREATE TABLE public.integrity_findings (
    id bigint NOT NULL,
    workspace_id uuid,
    kind text NOT NULL,
    severity text DEFAULT 'warning'::text NOT NULL,
    table_name text NOT NULL,
    row_id text NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    found_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    campaign_id uuid,
    repair text,
    changes jsonb DEFAULT '[]'::jsonb NOT NULL,
    why text,
    occurred_at timestamp with time zone,
    decided_by text,
    decided_at timestamp with time zone,
    counted_at timestamp with time zone,
    CONSTRAINT integrity_findings_changes_check CHECK ((jsonb_typeof(changes) = 'array'::text)),
    CONSTRAINT integrity_findings_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))),
    CONSTRAINT integrity_findings_state_check CHECK ((state = ANY (ARRAY['open'::text, 'proposed'::text, 'repaired'::text, 'refused'::text, 'gone'::text, 'undone'::text])))
);

ALTER TABLE ONLY public.integrity_findings FORCE ROW LEVEL SECURITY;

CREATE VIEW public.corrupted_to_repair WITH (security_invoker='true') AS
 SELECT id,
    workspace_id,
    campaign_id,
    updated_at,
    kind
   FROM public.corrupted_prospects c
  WHERE (NOT (EXISTS ( SELECT
           FROM public.integrity_findings f
          WHERE ((f.table_name = 'campaign_prospects'::text) AND (f.row_id = (c.id)::text) AND (f.kind = ANY (ARRAY['corrupted_sent'::text, 'corrupted_failed'::text, 'corrupted_pending'::text])) AND (((f.state = ANY (ARRAY['open'::text, 'proposed'::text])) AND (f.why IS NOT NULL)) OR ((f.state = ANY (ARRAY['undone'::text, 'refused'::text])) AND (f.closed_at >= c.updated_at)))))));

CREATE TABLE public.de_enrollment_runs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    status text DEFAULT 'running'::text NOT NULL,
    candidates integer DEFAULT 0 NOT NULL,
    de_enrolled integer DEFAULT 0 NOT NULL,
    skipped integer DEFAULT 0 NOT NULL,
    error text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT de_enrollment_runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.de_enrollment_runs FORCE ROW LEVEL SECURITY;

CREATE VIEW public.de_enrollment_health WITH (security_invoker='true') AS
 SELECT ( SELECT count(*) AS count
           FROM public.get_leads_for_de_enrollment(10000) get_leads_for_de_enrollment(lead_id, prospect_id, campaign_id, workspace_id, status, reason)) AS leads_waiting,
    ( SELECT max(de_enrollment_runs.started_at) AS max
           FROM public.de_enrollment_runs) AS last_run_at,
    ( SELECT de_enrollment_runs.status
           FROM public.de_enrollment_runs
          ORDER BY de_enrollment_runs.started_at DESC
         LIMIT 1) AS last_run_status,
    ( SELECT count(*) AS count
           FROM public.de_enrollment_runs
          WHERE (de_enrollment_runs.started_at > (clock_timestamp() - '24:00:00'::interval))) AS runs_24h,
    ( SELECT count(*) AS count
           FROM public.de_enrollment_runs
          WHERE ((de_enrollment_runs.status = 'failed'::text) AND (de_enrollment_runs.started_at > (clock_timestamp() - '24:00:00'::interval)))) AS failed_runs_24h,
    ( SELECT count(*) AS count
           FROM public.de_enrollment_runs
          WHERE ((de_enrollment_runs.status = 'running'::text) AND (de_enrollment_runs.started_at < (clock_timestamp() - '01:00:00'::interval)))) AS stuck_runs,
    ( SELECT COALESCE(sum(de_enrollment_runs.de_enrolled), (0)::bigint) AS "coalesce"
           FROM public.de_enrollment_runs
          WHERE (de_enrollment_runs.started_at > (clock_timestamp() - '24:00:00'::interval))) AS de_enrolled_24h;

CREATE TABLE public.de_enrollment_lead_log (
    id bigint NOT NULL,
    run_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    prospect_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    reason text NOT NULL,
    status_before public.prospect_status NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.de_enrollment_lead_log FORCE ROW LEVEL SECURITY;

ALTER TABLE public.de_enrollment_lead_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.de_enrollment_lead_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.email_templates (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.email_templates FORCE ROW LEVEL SECURITY;

CREATE TABLE public.foreign_invitations (
    account_id uuid NOT NULL,
    invitation_id text NOT NULL,
    workspace_id uuid NOT NULL,
    recipient_id text,
    public_identifier text,
    sent_at timestamp with time zone NOT NULL,
    counted_on date,
    counted boolean NOT NULL,
    attempt_id bigint,
    listed_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT foreign_invitations_check CHECK (((NOT counted) OR (counted_on IS NOT NULL)))
);

ALTER TABLE ONLY public.foreign_invitations FORCE ROW LEVEL SECURITY;

CREATE TABLE public.health_alerts (
    id bigint NOT NULL,
    workspace_id uuid,
    kind text NOT NULL,
    about text DEFAULT ''::text NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    closed_at timestamp with time zone,
    told boolean DEFAULT false NOT NULL,
    over_told boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.health_alerts FORCE ROW LEVEL SECURITY;

ALTER TABLE public.health_alerts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.health_alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.health_history (
    id bigint NOT NULL,
    workspace_id uuid,
    measured_at timestamp with time zone NOT NULL,
    score numeric(5,2) NOT NULL,
    status text NOT NULL,
    figures jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT health_history_status_check CHECK ((status = ANY (ARRAY['healthy'::text, 'degraded'::text, 'critical'::text])))
);

ALTER TABLE ONLY public.health_history FORCE ROW LEVEL SECURITY;

ALTER TABLE public.health_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.health_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.health_state (
    only_row boolean DEFAULT true NOT NULL,
    measured_at timestamp with time zone,
    recounted_at timestamp with time zone,
    predicted_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT health_state_only_row_check CHECK (only_row)
);

CREATE TABLE public.heartbeats (
    service text NOT NULL,
    instance text NOT NULL,
    leads boolean DEFAULT false NOT NULL,
    beaten_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.history (
    id bigint NOT NULL,
    workspace_id uuid,
    table_name text NOT NULL,
    row_id uuid NOT NULL,
    part text DEFAULT ''::text NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    was jsonb NOT NULL
);

ALTER TABLE ONLY public.history FORCE ROW LEVEL SECURITY;

CREATE TABLE public.history_floor (
    only_row boolean DEFAULT true NOT NULL,
    since timestamp with time zone,
    CONSTRAINT history_floor_only_row_check CHECK (only_row)
);

ALTER TABLE public.history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.integrity_findings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.integrity_findings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.integrity_history (
    id bigint NOT NULL,
    finding_id bigint,
    run_id bigint,
    kind text NOT NULL,
    table_name text NOT NULL,
    row_id text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    done_by text NOT NULL,
    done_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    workspace_id uuid,
    campaign_id uuid,
    repair text,
    changes jsonb DEFAULT '[]'::jsonb NOT NULL,
    occurred_at timestamp with time zone,
    undoes bigint,
    undone_at timestamp with time zone,
    measured_at timestamp with time zone
);

ALTER TABLE ONLY public.integrity_history FORCE ROW LEVEL SECURITY;

ALTER TABLE public.integrity_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.integrity_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.lanes (
    account_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    action public.action NOT NULL,
    closed_until timestamp with time zone,
    condition text,
    reason text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.lanes FORCE ROW LEVEL SECURITY;

CREATE TABLE public.lead_batches (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    file_name text NOT NULL,
    file_format text NOT NULL,
    rows_in bigint DEFAULT 0 NOT NULL,
    rows_stored bigint DEFAULT 0 NOT NULL,
    rows_known bigint DEFAULT 0 NOT NULL,
    rows_refused bigint DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.lead_batches FORCE ROW LEVEL SECURITY;

CREATE TABLE public.ledger_seal (
    only_row boolean DEFAULT true NOT NULL,
    sealed_to bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ledger_seal_only_row_check CHECK (only_row)
);

CREATE TABLE public.merged_sends (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    prospect_id uuid NOT NULL,
    kept_id uuid NOT NULL,
    message_type text NOT NULL,
    status public.send_status NOT NULL,
    sent_at timestamp with time zone,
    was jsonb NOT NULL,
    merged_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.merged_sends FORCE ROW LEVEL SECURITY;

CREATE TABLE public.notice_channels (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    medium public.notice_medium NOT NULL,
    target text NOT NULL,
    secret text,
    kinds public.notice_kind[] NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    removed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    every_kind boolean DEFAULT false NOT NULL,
    CONSTRAINT notice_channels_check CHECK ((((medium = 'webhook'::public.notice_medium) AND (removed_at IS NULL)) = (secret IS NOT NULL))),
    CONSTRAINT notice_channels_kinds_check CHECK ((cardinality(kinds) > 0)),
    CONSTRAINT notice_channels_name_check CHECK ((btrim(name) <> ''::text))
);

ALTER TABLE ONLY public.notice_channels FORCE ROW LEVEL SECURITY;

CREATE TABLE public.notice_deliveries (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    notice_id bigint NOT NULL,
    channel_id uuid NOT NULL,
    state public.delivery_state DEFAULT 'waiting'::public.delivery_state NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_status integer,
    last_error text,
    delivered_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT notice_deliveries_check CHECK (((state = 'delivered'::public.delivery_state) = (delivered_at IS NOT NULL)))
);

ALTER TABLE ONLY public.notice_deliveries FORCE ROW LEVEL SECURITY;

CREATE TABLE public.notices (
    id bigint NOT NULL,
    workspace_id uuid NOT NULL,
    kind public.notice_kind NOT NULL,
    dedupe_key text NOT NULL,
    about uuid NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    told boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.notices FORCE ROW LEVEL SECURITY;

ALTER TABLE public.notices ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.observations (
    id bigint NOT NULL,
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    provider_key text NOT NULL,
    person_id text,
    source text NOT NULL,
    happened_at timestamp with time zone,
    observed_at timestamp with time zone NOT NULL,
    payload jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT observations_kind_check CHECK ((kind = ANY (ARRAY['relation'::text, 'invitation'::text, 'message'::text, 'profile'::text, 'status'::text]))),
    CONSTRAINT observations_source_check CHECK ((source = ANY (ARRAY['webhook'::text, 'poll'::text, 'lookup'::text, 'baseline'::text])))
);

ALTER TABLE ONLY public.observations FORCE ROW LEVEL SECURITY;

ALTER TABLE public.observations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.observations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    service text NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    payload text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    published_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outbox_service_check CHECK ((service = ANY (ARRAY['queuer'::text, 'sender'::text, 'poller'::text, 'healer'::text])))
);

ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.prospect_approval_data (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    line bigint NOT NULL,
    status public.approval_status DEFAULT 'waiting'::public.approval_status NOT NULL,
    decided_at timestamp with time zone,
    decided_by text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.prospect_approval_data FORCE ROW LEVEL SECURITY;

CREATE TABLE public.prospect_totals (
    workspace_id uuid NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.prospect_totals FORCE ROW LEVEL SECURITY;

CREATE VIEW public.prospect_data_integrity WITH (security_invoker='true') AS
 WITH found AS (
         SELECT ( SELECT count(*) AS count
                   FROM public.corrupted_prospects
                  WHERE (corrupted_prospects.kind = 'corrupted_sent'::text)) AS corrupted_sent,
            ( SELECT count(*) AS count
                   FROM public.corrupted_prospects
                  WHERE (corrupted_prospects.kind = 'corrupted_failed'::text)) AS corrupted_failed,
            ( SELECT count(*) AS count
                   FROM public.corrupted_prospects
                  WHERE (corrupted_prospects.kind = 'corrupted_pending'::text)) AS corrupted_pending,
            ( SELECT GREATEST((0)::bigint, (COALESCE(( SELECT prospect_totals.total
                           FROM public.prospect_totals
                          WHERE (prospect_totals.workspace_id = (COALESCE(NULLIF(current_setting('tact.workspace'::text, true), ''::text), '00000000-0000-0000-0000-000000000000'::text))::uuid)), (0)::bigint) + ( SELECT COALESCE(sum(campaign_counter_deltas.delta), (0)::bigint) AS "coalesce"
                           FROM public.campaign_counter_deltas
                          WHERE (campaign_counter_deltas.counter = 'prospects'::text)))) AS "greatest") AS total_prospects
        )
 SELECT corrupted_sent,
    corrupted_failed,
    corrupted_pending,
    total_prospects,
        CASE
            WHEN (total_prospects = 0) THEN (0)::numeric(5,2)
            ELSE round(((100.0 * (corrupted_sent)::numeric) / (total_prospects)::numeric), 2)
        END AS corruption_percentage
   FROM found;

CREATE VIEW public.prospect_data_integrity_by_workspace WITH (security_invoker='true') AS
 WITH parts AS (
         SELECT corrupted_prospects.workspace_id,
            count(*) FILTER (WHERE (corrupted_prospects.kind = 'corrupted_sent'::text)) AS sent,
            count(*) FILTER (WHERE (corrupted_prospects.kind = 'corrupted_failed'::text)) AS failed,
            count(*) FILTER (WHERE (corrupted_prospects.kind = 'corrupted_pending'::text)) AS pending,
            0 AS total
           FROM public.corrupted_prospects
          GROUP BY corrupted_prospects.workspace_id
        UNION ALL
         SELECT prospect_totals.workspace_id,
            0,
            0,
            0,
            prospect_totals.total
           FROM public.prospect_totals
          WHERE (prospect_totals.workspace_id <> '00000000-0000-0000-0000-000000000000'::uuid)
        UNION ALL
         SELECT c.workspace_id,
            0,
            0,
            0,
            d.delta
           FROM (public.campaign_counter_deltas d
             JOIN public.campaigns c ON ((c.id = d.campaign_id)))
          WHERE (d.counter = 'prospects'::text)
        ), found AS (
         SELECT parts.workspace_id,
            (sum(parts.sent))::bigint AS corrupted_sent,
            (sum(parts.failed))::bigint AS corrupted_failed,
            (sum(parts.pending))::bigint AS corrupted_pending,
            (GREATEST((0)::numeric, sum(parts.total)))::bigint AS total_prospects
           FROM parts
          GROUP BY parts.workspace_id
        )
 SELECT workspace_id,
    corrupted_sent,
    corrupted_failed,
    corrupted_pending,
    total_prospects,
        CASE
            WHEN (total_prospects = 0) THEN (0)::numeric(5,2)
            ELSE round(((100.0 * (corrupted_sent)::numeric) / (total_prospects)::numeric), 2)
        END AS corruption_percentage
   FROM found;

CREATE TABLE public.queue_changes (
    id bigint NOT NULL,
    workspace_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    send_id uuid,
    was text,
    became text,
    sends integer DEFAULT 1 NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY public.queue_changes FORCE ROW LEVEL SECURITY;

ALTER TABLE public.queue_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.queue_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.queue_counts (
    campaign_id uuid NOT NULL,
    status text NOT NULL,
    workspace_id uuid NOT NULL,
    sends bigint DEFAULT 0 NOT NULL,
    earliest_at timestamp with time zone,
    latest_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT queue_counts_status_check CHECK ((status = ANY (ARRAY['open'::text, 'sent'::text, 'failed'::text, 'skipped'::text, 'cancelled'::text])))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.queue_counts FORCE ROW LEVEL SECURITY;

CREATE TABLE public.queue_hours (
    workspace_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    sent bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.queue_hours FORCE ROW LEVEL SECURITY;

CREATE TABLE public.reconcile_runs (
    id bigint NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    walking text DEFAULT 'prospects'::text NOT NULL,
    cursor uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    looked_at bigint DEFAULT 0 NOT NULL,
    found bigint DEFAULT 0 NOT NULL,
    error text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.reconcile_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reconcile_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.redriven_letters (
    topic text NOT NULL,
    partition_no integer NOT NULL,
    offset_no bigint NOT NULL,
    record_ms bigint NOT NULL,
    times integer DEFAULT 0 NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    put_offset bigint,
    actor text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.repair_times (
    workspace_id uuid,
    day date NOT NULL,
    kind text NOT NULL,
    bucket integer NOT NULL,
    repaired bigint DEFAULT 0 NOT NULL,
    within bigint DEFAULT 0 NOT NULL,
    seconds double precision DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.repair_times FORCE ROW LEVEL SECURITY;

CREATE TABLE public.replay_runs (
    id bigint NOT NULL,
    topic text NOT NULL,
    asked text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    reason text NOT NULL,
    started_by text NOT NULL,
    ends jsonb NOT NULL,
    positions jsonb NOT NULL,
    published bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.replay_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.replay_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.risk_reports (
    workspace_id uuid NOT NULL,
    made_at timestamp with time zone NOT NULL,
    report jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.risk_reports FORCE ROW LEVEL SECURITY;

CREATE VIEW public.scheduled_emails WITH (security_invoker='true') AS
 SELECT s.id,
    s.campaign_id,
    s.prospect_id,
    s.lead_id,
    s.account_id,
    s.subject,
    s.message AS body,
    s.scheduled_for,
    s.sent_at,
        CASE
            WHEN ((s.status = 'pending'::public.send_status) AND (c.status = 'paused'::public.campaign_status)) THEN 'cancelled'::text
            ELSE (s.status)::text
        END AS status,
    s.error_message,
    s.created_at,
    s.updated_at
   FROM (public.send_queue s
     JOIN public.campaigns c ON ((c.id = s.campaign_id)))
  WHERE (s.action = 'email'::public.action);

CREATE TABLE public.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.schema_routines (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.seal_queue (
    attempt_id bigint NOT NULL,
    account_id uuid NOT NULL
);

ALTER TABLE public.send_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.send_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.service_versions (
    instance text NOT NULL,
    service text NOT NULL,
    version text NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.stack_adoption_accounts (
    adoption_id bigint NOT NULL,
    account_id uuid NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    why text,
    tries integer DEFAULT 0 NOT NULL,
    invitations integer DEFAULT 0 NOT NULL,
    messages integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stack_adoption_accounts_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'read'::text, 'unreadable'::text])))
);

CREATE TABLE public.stack_adoptions (
    id bigint NOT NULL,
    requested_by text NOT NULL,
    differences text[] NOT NULL,
    lost_from timestamp with time zone NOT NULL,
    lost_until timestamp with time zone NOT NULL,
    head jsonb,
    webhooks text,
    state text DEFAULT 'reading'::text NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stack_adoptions_state_check CHECK ((state = ANY (ARRAY['reading'::text, 'done'::text]))),
    CONSTRAINT stack_adoptions_webhooks_check CHECK ((webhooks = ANY (ARRAY['keep'::text, 'remove'::text])))
);

ALTER TABLE public.stack_adoptions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stack_adoptions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stack_fence (
    only_row boolean DEFAULT true NOT NULL,
    stack_id uuid,
    epoch integer DEFAULT 0 NOT NULL,
    system_identifier bigint,
    timeline integer,
    kafka_cluster text,
    seq bigint DEFAULT 0 NOT NULL,
    token uuid,
    previous uuid,
    attempt_id bigint DEFAULT 0 NOT NULL,
    beat_at timestamp with time zone,
    business_at timestamp with time zone,
    read_only_since timestamp with time zone,
    read_only_why text,
    neighbours text[] DEFAULT '{}'::text[] NOT NULL,
    foreign_webhooks text[] DEFAULT '{}'::text[] NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT stack_fence_check CHECK (((read_only_since IS NULL) = (read_only_why IS NULL))),
    CONSTRAINT stack_fence_check1 CHECK (((seq > 0) = (token IS NOT NULL))),
    CONSTRAINT stack_fence_only_row_check CHECK (only_row)
)
WITH (fillfactor='50');

CREATE VIEW public.stack_fence_now WITH (security_invoker='true') AS
 SELECT stack_id,
    epoch,
    system_identifier,
    timeline,
    kafka_cluster,
    seq,
    token,
    previous,
    attempt_id,
    beat_at,
    business_at,
    read_only_since,
    read_only_why,
    neighbours,
    ( SELECT c.system_identifier
           FROM pg_control_system() c(pg_control_version, catalog_version_no, system_identifier, pg_control_last_modified)) AS own_system_identifier,
        CASE
            WHEN (NOT pg_is_in_recovery()) THEN ((('x'::text || "left"(pg_walfile_name(pg_current_wal_insert_lsn()), 8)))::bit(32))::integer
            ELSE NULL::integer
        END AS own_timeline,
    ((current_setting('fsync'::text) = 'on'::text) AND (current_setting('synchronous_commit'::text) <> 'off'::text)) AS durable
   FROM public.stack_fence f;

CREATE TABLE public.suppressions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid,
    kind text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    added_by text,
    CONSTRAINT suppressions_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'email'::text, 'company'::text, 'domain'::text])))
);

ALTER TABLE ONLY public.suppressions FORCE ROW LEVEL SECURITY;

CREATE TABLE public.unsettled_observations (
    observation_id bigint NOT NULL,
    look_at timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.workflow_steps (
    workflow_id uuid NOT NULL,
    "position" integer NOT NULL,
    message_type text NOT NULL,
    action public.action NOT NULL,
    delay interval DEFAULT '00:00:00'::interval NOT NULL,
    requires_connection boolean NOT NULL,
    template text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workflow_steps_action_check CHECK ((action <> 'profile_lookup'::public.action)),
    CONSTRAINT workflow_steps_message_type_check CHECK ((message_type ~ '^(connection_request|(direct_message|follow_up|email)_[1-9][0-9]?)$'::text)),
    CONSTRAINT workflow_steps_position_check CHECK (("position" >= 1))
);

ALTER TABLE ONLY public.workflow_steps FORCE ROW LEVEL SECURITY;

CREATE TABLE public.workflows (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    campaign_id uuid NOT NULL,
    version integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workflows_version_check CHECK ((version >= 1))
);

ALTER TABLE ONLY public.workflows FORCE ROW LEVEL SECURITY;

ALTER TABLE ONLY public.account_cool_downs
    ADD CONSTRAINT account_cool_downs_pkey PRIMARY KEY (account_id, action);

ALTER TABLE ONLY public.account_reads
    ADD CONSTRAINT account_reads_pkey PRIMARY KEY (account_id, kind);

ALTER TABLE ONLY public.account_seals
    ADD CONSTRAINT account_seals_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY public.account_usage
    ADD CONSTRAINT account_usage_pkey PRIMARY KEY (account_id, local_date, action);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_provider_account_id_key UNIQUE (provider_account_id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_provider_user_id_key UNIQUE (provider_user_id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_token_sha256_key UNIQUE (token_sha256);

ALTER TABLE ONLY public.attempt_seals
    ADD CONSTRAINT attempt_seals_pkey PRIMARY KEY (account_id, link_no);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaign_accounts
    ADD CONSTRAINT campaign_accounts_campaign_id_position_key UNIQUE (campaign_id, "position");

ALTER TABLE ONLY public.campaign_accounts
    ADD CONSTRAINT campaign_accounts_pkey PRIMARY KEY (campaign_id, account_id);

ALTER TABLE ONLY public.campaign_counter_deltas
    ADD CONSTRAINT campaign_counter_deltas_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaign_messages
    ADD CONSTRAINT campaign_messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_enrolment_unique UNIQUE (campaign_id, lead_id, enrolment_no);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cause_days
    ADD CONSTRAINT cause_days_pkey PRIMARY KEY (campaign_id, day, cause, value);

ALTER TABLE ONLY public.changed_rows
    ADD CONSTRAINT changed_rows_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cleanup_runs
    ADD CONSTRAINT cleanup_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.clock_history
    ADD CONSTRAINT clock_history_pkey PRIMARY KEY (anchored_at);

ALTER TABLE ONLY public.consumer_stops
    ADD CONSTRAINT consumer_stops_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_run_id_prospect_id_key UNIQUE (run_id, prospect_id);

ALTER TABLE ONLY public.de_enrollment_runs
    ADD CONSTRAINT de_enrollment_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.email_templates
    ADD CONSTRAINT email_templates_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.email_templates
    ADD CONSTRAINT email_templates_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.foreign_invitations
    ADD CONSTRAINT foreign_invitations_pkey PRIMARY KEY (account_id, invitation_id);

ALTER TABLE ONLY public.health_alerts
    ADD CONSTRAINT health_alerts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.health_history
    ADD CONSTRAINT health_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.health_state
    ADD CONSTRAINT health_state_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.heartbeats
    ADD CONSTRAINT heartbeats_pkey PRIMARY KEY (service, instance);

ALTER TABLE ONLY public.history_floor
    ADD CONSTRAINT history_floor_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.integrity_findings
    ADD CONSTRAINT integrity_findings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.integrity_history
    ADD CONSTRAINT integrity_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (account_id, campaign_id, action);

ALTER TABLE ONLY public.lead_batches
    ADD CONSTRAINT lead_batches_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_workspace_id_identity_key UNIQUE (workspace_id, identity);

ALTER TABLE ONLY public.ledger_seal
    ADD CONSTRAINT ledger_seal_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.merged_sends
    ADD CONSTRAINT merged_sends_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notice_channels
    ADD CONSTRAINT notice_channels_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notice_deliveries
    ADD CONSTRAINT notice_deliveries_once UNIQUE (notice_id, channel_id);

ALTER TABLE ONLY public.notice_deliveries
    ADD CONSTRAINT notice_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_dedupe_unique UNIQUE (dedupe_key);

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.observations
    ADD CONSTRAINT observations_account_id_kind_provider_key_key UNIQUE (account_id, kind, provider_key);

ALTER TABLE ONLY public.observations
    ADD CONSTRAINT observations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.prospect_approval_data
    ADD CONSTRAINT prospect_approval_data_campaign_id_lead_id_key UNIQUE (campaign_id, lead_id);

ALTER TABLE ONLY public.prospect_approval_data
    ADD CONSTRAINT prospect_approval_data_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.prospect_totals
    ADD CONSTRAINT prospect_totals_pkey PRIMARY KEY (workspace_id);

ALTER TABLE ONLY public.queue_changes
    ADD CONSTRAINT queue_changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.queue_counts
    ADD CONSTRAINT queue_counts_pkey PRIMARY KEY (campaign_id, status);

ALTER TABLE ONLY public.queue_hours
    ADD CONSTRAINT queue_hours_pkey PRIMARY KEY (workspace_id, hour);

ALTER TABLE ONLY public.recipients
    ADD CONSTRAINT recipients_pkey PRIMARY KEY (account_id, lead_id);

ALTER TABLE ONLY public.reconcile_runs
    ADD CONSTRAINT reconcile_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.redriven_letters
    ADD CONSTRAINT redriven_letters_pkey PRIMARY KEY (topic, partition_no, offset_no, record_ms);

ALTER TABLE ONLY public.repair_times
    ADD CONSTRAINT repair_times_once UNIQUE NULLS NOT DISTINCT (workspace_id, day, kind, bucket);

ALTER TABLE ONLY public.replay_runs
    ADD CONSTRAINT replay_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.risk_reports
    ADD CONSTRAINT risk_reports_pkey PRIMARY KEY (workspace_id);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.schema_routines
    ADD CONSTRAINT schema_routines_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.send_attempts
    ADD CONSTRAINT send_attempts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_campaign_prospect_unique UNIQUE (prospect_id, message_type);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.service_versions
    ADD CONSTRAINT service_versions_pkey PRIMARY KEY (instance);

ALTER TABLE ONLY public.stack_adoption_accounts
    ADD CONSTRAINT stack_adoption_accounts_pkey PRIMARY KEY (adoption_id, account_id);

ALTER TABLE ONLY public.stack_adoptions
    ADD CONSTRAINT stack_adoptions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stack_clock
    ADD CONSTRAINT stack_clock_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.stack_fence
    ADD CONSTRAINT stack_fence_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT suppressions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.unsettled_observations
    ADD CONSTRAINT unsettled_observations_pkey PRIMARY KEY (observation_id);

ALTER TABLE ONLY public.workflow_steps
    ADD CONSTRAINT workflow_steps_pkey PRIMARY KEY (workflow_id, "position");

ALTER TABLE ONLY public.workflow_steps
    ADD CONSTRAINT workflow_steps_workflow_id_message_type_key UNIQUE (workflow_id, message_type);

ALTER TABLE ONLY public.workflows
    ADD CONSTRAINT workflows_campaign_id_version_key UNIQUE (campaign_id, version);

ALTER TABLE ONLY public.workflows
    ADD CONSTRAINT workflows_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_pkey PRIMARY KEY (id);

CREATE INDEX account_reads_due ON public.account_reads USING btree (next_at);

CREATE INDEX account_spacing_history_age ON public.account_spacing_history USING brin (valid_until);

CREATE INDEX account_spacing_history_of ON public.account_spacing_history USING btree (account_id, valid_until);

CREATE INDEX accounts_asleep ON public.accounts USING btree (id) WHERE ((wake_at IS NULL) AND (lease_until IS NULL) AND (status = 'usable'::public.account_status));

CREATE INDEX accounts_awake ON public.accounts USING btree (wake_at) WHERE ((wake_at IS NOT NULL) AND (lease_until IS NULL) AND (status = 'usable'::public.account_status));

CREATE INDEX accounts_leased ON public.accounts USING btree (lease_until) WHERE (lease_until IS NOT NULL);

CREATE INDEX accounts_lost ON public.accounts USING btree (status_changed_at) WHERE (status = 'disconnected'::public.account_status);

CREATE INDEX accounts_workspace ON public.accounts USING btree (workspace_id);

CREATE UNIQUE INDEX attempt_seals_attempt ON public.attempt_seals USING btree (account_id, attempt_id, link_no);

CREATE INDEX audit_log_object ON public.audit_log USING btree (object, object_id);

CREATE INDEX campaign_accounts_account ON public.campaign_accounts USING btree (account_id);

CREATE UNIQUE INDEX campaign_messages_attempt_unique ON public.campaign_messages USING btree (attempt_id) WHERE (attempt_id IS NOT NULL);

CREATE INDEX campaign_messages_lead ON public.campaign_messages USING btree (lead_id, said_at);

CREATE UNIQUE INDEX campaign_messages_provider_unique ON public.campaign_messages USING btree (account_id, provider_message_id) WHERE (provider_message_id IS NOT NULL);

CREATE INDEX campaign_prospects_account_invited ON public.campaign_prospects USING btree (account_id, contacted_at) WHERE (status = 'connection_request_sent'::public.prospect_status);

CREATE INDEX campaign_prospects_corrupted_failed ON public.campaign_prospects USING btree (workspace_id) WHERE ((status = 'failed'::public.prospect_status) AND (contacted_at IS NOT NULL));

CREATE INDEX campaign_prospects_corrupted_pending ON public.campaign_prospects USING btree (workspace_id) WHERE ((status = 'pending'::public.prospect_status) AND (contacted_at IS NOT NULL));

CREATE INDEX campaign_prospects_corrupted_sent ON public.campaign_prospects USING btree (workspace_id) WHERE ((status = 'connection_request_sent'::public.prospect_status) AND (contacted_at IS NULL));

CREATE INDEX campaign_prospects_lead ON public.campaign_prospects USING btree (lead_id);

CREATE UNIQUE INDEX campaign_prospects_one_active ON public.campaign_prospects USING btree (campaign_id, lead_id) WHERE (status = ANY (ARRAY['pending'::public.prospect_status, 'approved'::public.prospect_status, 'connection_request_sent'::public.prospect_status, 'connected'::public.prospect_status, 'messaging'::public.prospect_status]));

CREATE INDEX campaign_prospects_to_withdraw ON public.campaign_prospects USING btree (campaign_id, contacted_at) WHERE ((status = 'connection_request_sent'::public.prospect_status) AND (withdraw_planned_at IS NULL));

CREATE INDEX campaign_prospects_under_way ON public.campaign_prospects USING btree (id) WHERE (status = ANY (ARRAY['connected'::public.prospect_status, 'messaging'::public.prospect_status]));

CREATE INDEX campaign_prospects_unplanned ON public.campaign_prospects USING btree (campaign_id, id) WHERE ((status = ANY (ARRAY['pending'::public.prospect_status, 'approved'::public.prospect_status])) AND (account_id IS NULL));

CREATE INDEX campaigns_completed_by_itself ON public.campaigns USING btree (completed_at) WHERE completed_by_itself;

CREATE UNIQUE INDEX campaigns_name_unique ON public.campaigns USING btree (workspace_id, lower(campaign_name));

CREATE INDEX campaigns_running ON public.campaigns USING btree (id) INCLUDE (turn_length) WHERE (status = 'running'::public.campaign_status);

CREATE INDEX cause_days_workspace ON public.cause_days USING btree (workspace_id, day);

CREATE INDEX cleanup_runs_started ON public.cleanup_runs USING btree (started_at);

CREATE INDEX cleanup_runs_unmeasured ON public.cleanup_runs USING btree (id) WHERE ((finished_at IS NOT NULL) AND (measured_at IS NULL));

CREATE UNIQUE INDEX consumer_stops_open ON public.consumer_stops USING btree (instance, group_name) WHERE (resumed_at IS NULL);

CREATE INDEX foreign_invitations_person ON public.foreign_invitations USING btree (workspace_id, recipient_id) WHERE (attempt_id IS NULL);

CREATE INDEX foreign_invitations_vanity ON public.foreign_invitations USING btree (workspace_id, public_identifier) WHERE (attempt_id IS NULL);

CREATE INDEX foreign_invitations_week ON public.foreign_invitations USING btree (account_id, sent_at) WHERE counted;

CREATE INDEX health_alerts_now ON public.health_alerts USING btree (id) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX health_alerts_open ON public.health_alerts USING btree (workspace_id, kind, about) NULLS NOT DISTINCT WHERE (closed_at IS NULL);

CREATE INDEX health_alerts_untold ON public.health_alerts USING btree (id) WHERE ((NOT told) OR ((closed_at IS NOT NULL) AND (NOT over_told)));

CREATE INDEX health_alerts_workspace ON public.health_alerts USING btree (workspace_id, id);

CREATE INDEX health_history_old ON public.health_history USING btree (measured_at);

CREATE INDEX health_history_workspace ON public.health_history USING btree (workspace_id, measured_at);

CREATE INDEX history_age ON public.history USING brin (valid_until);

CREATE INDEX history_of_row ON public.history USING btree (row_id, table_name, part, valid_until);

CREATE INDEX history_of_suppression ON public.history USING btree (((was ->> 'value'::text)), valid_until) WHERE (table_name = 'suppressions'::text);

CREATE INDEX integrity_findings_kind_open ON public.integrity_findings USING btree (kind, id) WHERE (state = ANY (ARRAY['open'::text, 'proposed'::text]));

CREATE UNIQUE INDEX integrity_findings_open_unique ON public.integrity_findings USING btree (kind, table_name, row_id) WHERE (state = ANY (ARRAY['open'::text, 'proposed'::text]));

CREATE INDEX integrity_findings_open_workspace ON public.integrity_findings USING btree (workspace_id, kind) WHERE (state = ANY (ARRAY['open'::text, 'proposed'::text]));

CREATE INDEX integrity_findings_row ON public.integrity_findings USING btree (table_name, row_id, kind);

CREATE INDEX integrity_findings_uncounted ON public.integrity_findings USING btree (id) WHERE (counted_at IS NULL);

CREATE INDEX integrity_findings_workspace ON public.integrity_findings USING btree (workspace_id, id);

CREATE INDEX integrity_history_done ON public.integrity_history USING btree (done_at);

CREATE INDEX integrity_history_finding ON public.integrity_history USING btree (finding_id);

CREATE INDEX integrity_history_row ON public.integrity_history USING btree (table_name, row_id, done_at);

CREATE INDEX integrity_history_run ON public.integrity_history USING btree (run_id);

CREATE INDEX integrity_history_unmeasured ON public.integrity_history USING btree (id) WHERE (measured_at IS NULL);

CREATE INDEX lanes_campaign ON public.lanes USING btree (campaign_id);

CREATE INDEX leads_email ON public.leads USING btree (workspace_id, lower(email)) WHERE (email IS NOT NULL);

CREATE INDEX leads_linkedin_id ON public.leads USING btree (linkedin_id) WHERE (linkedin_id IS NOT NULL);

CREATE INDEX leads_linkedin_vanity ON public.leads USING btree (linkedin_vanity) WHERE (linkedin_vanity IS NOT NULL);

CREATE INDEX leads_sales_navigator_id ON public.leads USING btree (sales_navigator_id) WHERE (sales_navigator_id IS NOT NULL);

CREATE INDEX leads_without_timezone ON public.leads USING btree (id) WHERE ((timezone IS NULL) AND (location <> ''::text));

CREATE INDEX merged_sends_prospect ON public.merged_sends USING btree (prospect_id);

CREATE UNIQUE INDEX notice_channels_name_unique ON public.notice_channels USING btree (workspace_id, lower(name)) WHERE (removed_at IS NULL);

CREATE INDEX notice_channels_workspace ON public.notice_channels USING btree (workspace_id);

CREATE INDEX notice_deliveries_channel ON public.notice_deliveries USING btree (channel_id) WHERE (state = 'waiting'::public.delivery_state);

CREATE INDEX notice_deliveries_due ON public.notice_deliveries USING btree (next_at) WHERE (state = 'waiting'::public.delivery_state);

CREATE INDEX notices_told ON public.notices USING btree (about, kind, created_at) WHERE told;

CREATE INDEX notices_workspace ON public.notices USING btree (workspace_id, id);

CREATE INDEX observations_invitations ON public.observations USING btree (account_id, observed_at, id) WHERE (kind = 'invitation'::text);

CREATE INDEX observations_person ON public.observations USING btree (account_id, person_id) WHERE (person_id IS NOT NULL);

CREATE INDEX outbox_published ON public.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);

CREATE INDEX outbox_unpublished ON public.outbox USING btree (service, id) WHERE (published_at IS NULL);

CREATE INDEX prospect_approval_data_waiting ON public.prospect_approval_data USING btree (campaign_id, batch_id, id) WHERE (status = 'waiting'::public.approval_status);

CREATE INDEX queue_counts_workspace ON public.queue_counts USING btree (workspace_id);

CREATE INDEX queue_hours_failed ON public.queue_hours USING btree (hour) WHERE (failed > 0);

CREATE INDEX recipients_lead ON public.recipients USING btree (lead_id);

CREATE INDEX recipients_provider_id ON public.recipients USING btree (account_id, provider_id);

CREATE UNIQUE INDEX reconcile_runs_one_open ON public.reconcile_runs USING btree ((true)) WHERE (finished_at IS NULL);

CREATE UNIQUE INDEX replay_runs_under_way ON public.replay_runs USING btree (topic, asked) WHERE (finished_at IS NULL);

CREATE INDEX risk_reports_alarming ON public.risk_reports USING btree (workspace_id) WHERE (((report ->> 'alarming'::text))::integer > 0);

CREATE INDEX send_attempts_account ON public.send_attempts USING btree (account_id, decided_at);

CREATE INDEX send_attempts_intents ON public.send_attempts USING btree (act_by) WHERE (state = 'intent'::public.attempt_state);

CREATE INDEX send_attempts_needs_person ON public.send_attempts USING btree (account_id) WHERE ((state = 'unknown'::public.attempt_state) AND needs_person);

CREATE UNIQUE INDEX send_attempts_one_intent_per_account ON public.send_attempts USING btree (account_id) WHERE (state = 'intent'::public.attempt_state);

CREATE UNIQUE INDEX send_attempts_one_live_invitation ON public.send_attempts USING btree (workspace_id, recipient_id) WHERE ((action = 'invitation'::public.action) AND (state = ANY (ARRAY['intent'::public.attempt_state, 'unknown'::public.attempt_state, 'accepted'::public.attempt_state])) AND (withdrawn_at IS NULL));

CREATE UNIQUE INDEX send_attempts_one_live_per_send ON public.send_attempts USING btree (send_id) WHERE ((state = ANY (ARRAY['intent'::public.attempt_state, 'unknown'::public.attempt_state, 'accepted'::public.attempt_state])) AND (action <> 'profile_lookup'::public.action));

CREATE INDEX send_attempts_send ON public.send_attempts USING btree (send_id);

CREATE INDEX send_attempts_unknown ON public.send_attempts USING btree (look_after) WHERE ((state = 'unknown'::public.attempt_state) AND (NOT needs_person));

CREATE INDEX send_attempts_unknown_of_account ON public.send_attempts USING btree (account_id) WHERE ((state = 'unknown'::public.attempt_state) AND (NOT needs_person));

CREATE INDEX send_attempts_week ON public.send_attempts USING btree (account_id, decided_at) WHERE ((action = 'invitation'::public.action) AND (NOT given_back));

CREATE INDEX send_attempts_withdrawn ON public.send_attempts USING btree (workspace_id, recipient_id) WHERE (withdrawn_at IS NOT NULL);

CREATE INDEX send_queue_campaign_pending ON public.send_queue USING btree (campaign_id) WHERE (status = 'pending'::public.send_status);

CREATE INDEX send_queue_due ON public.send_queue USING btree (account_id, campaign_id, next_action, scheduled_for) WHERE ((status = 'pending'::public.send_status) AND (held_for IS NULL));

CREATE INDEX send_queue_failed ON public.send_queue USING btree (workspace_id, updated_at, id) INCLUDE (account_id, campaign_id) WHERE (status = 'failed'::public.send_status);

CREATE INDEX send_queue_first_steps ON public.send_queue USING btree (account_id, action, scheduled_for) WHERE ((status = 'pending'::public.send_status) AND (step_position = 1));

CREATE INDEX send_queue_in_hand ON public.send_queue USING btree (account_id) WHERE (status = ANY (ARRAY['dispatched'::public.send_status, 'sending'::public.send_status]));

CREATE INDEX send_queue_other_sequence ON public.send_queue USING btree (id) WHERE ((status = 'pending'::public.send_status) AND (held_for = 'other_sequence'::text));

CREATE INDEX send_queue_planned ON public.send_queue USING btree (account_id, scheduled_for) WHERE (status = 'pending'::public.send_status);

CREATE INDEX send_queue_sent ON public.send_queue USING btree (account_id, sent_at) INCLUDE (campaign_id) WHERE (status = 'sent'::public.send_status);

CREATE INDEX send_queue_stoppable ON public.send_queue USING btree (lead_id) WHERE (status = ANY (ARRAY['pending'::public.send_status, 'dispatched'::public.send_status]));

CREATE UNIQUE INDEX stack_adoptions_one_at_a_time ON public.stack_adoptions USING btree ((true)) WHERE (state = 'reading'::text);

CREATE UNIQUE INDEX suppressions_unique ON public.suppressions USING btree (kind, value, COALESCE(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid));

CREATE INDEX unsettled_observations_due ON public.unsettled_observations USING btree (look_at);

CREATE UNIQUE INDEX workspaces_company_name_unique ON public.workspaces USING btree (lower(company_name));

CREATE TRIGGER count_prospect_status AFTER UPDATE OF status ON public.campaign_prospects FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND ((public.is_active(old.status) <> public.is_active(new.status)) OR (new.status = ANY (ARRAY['completed'::public.prospect_status, 'opted_out'::public.prospect_status])) OR (old.status = 'completed'::public.prospect_status)))) EXECUTE FUNCTION public.count_prospect_status();

CREATE TRIGGER count_prospects_added AFTER INSERT ON public.campaign_prospects REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.count_prospects_added();

CREATE TRIGGER count_prospects_removed AFTER DELETE ON public.campaign_prospects REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.count_prospects_removed();

CREATE TRIGGER date_given_back BEFORE UPDATE ON public.send_attempts FOR EACH ROW WHEN ((new.given_back AND (NOT old.given_back))) EXECUTE FUNCTION public.date_given_back();

CREATE TRIGGER keep_clock AFTER UPDATE ON public.stack_clock FOR EACH ROW WHEN ((old.anchored_at IS DISTINCT FROM new.anchored_at)) EXECUTE FUNCTION public.keep_clock();

CREATE TRIGGER keep_history AFTER UPDATE ON public.account_cool_downs FOR EACH ROW WHEN (((old.account_id IS DISTINCT FROM new.account_id) OR (old.action IS DISTINCT FROM new.action) OR (old.until IS DISTINCT FROM new.until) OR (old.level IS DISTINCT FROM new.level) OR (old.reason IS DISTINCT FROM new.reason) OR (old.set_at IS DISTINCT FROM new.set_at))) EXECUTE FUNCTION public.keep_history('', 'account_id', 'action', 'updated_at,tags,extra');

CREATE TRIGGER keep_history AFTER UPDATE ON public.account_reads FOR EACH ROW WHEN (((old.kind = 'chats'::text) AND ((old.last_read_at IS DISTINCT FROM new.last_read_at) OR (old.next_at IS DISTINCT FROM new.next_at)))) EXECUTE FUNCTION public.keep_history('', 'account_id', 'kind', 'updated_at,cursor');

CREATE TRIGGER keep_history AFTER UPDATE ON public.accounts FOR EACH ROW WHEN (((old.id IS DISTINCT FROM new.id) OR (old.workspace_id IS DISTINCT FROM new.workspace_id) OR (old.channel IS DISTINCT FROM new.channel) OR (old.provider_account_id IS DISTINCT FROM new.provider_account_id) OR (old.provider_user_id IS DISTINCT FROM new.provider_user_id) OR (old.name IS DISTINCT FROM new.name) OR (old.account_type IS DISTINCT FROM new.account_type) OR (old.country IS DISTINCT FROM new.country) OR (old.timezone IS DISTINCT FROM new.timezone) OR (old.timezone_next IS DISTINCT FROM new.timezone_next) OR (old.timezone_from IS DISTINCT FROM new.timezone_from) OR (old.status IS DISTINCT FROM new.status) OR (old.status_reason IS DISTINCT FROM new.status_reason) OR (old.status_changed_at IS DISTINCT FROM new.status_changed_at) OR (old.schedule_settings IS DISTINCT FROM new.schedule_settings) OR (old.daily_cr_limit IS DISTINCT FROM new.daily_cr_limit) OR (old.created_at IS DISTINCT FROM new.created_at) OR (old.weekly_cr_limit IS DISTINCT FROM new.weekly_cr_limit) OR (old.daily_message_limit IS DISTINCT FROM new.daily_message_limit) OR (old.daily_lookup_limit IS DISTINCT FROM new.daily_lookup_limit) OR (old.daily_email_limit IS DISTINCT FROM new.daily_email_limit) OR (old.warm_up_from IS DISTINCT FROM new.warm_up_from) OR (old.cr_exception IS DISTINCT FROM new.cr_exception) OR (old.cr_exception_by IS DISTINCT FROM new.cr_exception_by) OR (old.cr_exception_reason IS DISTINCT FROM new.cr_exception_reason) OR (old.cr_exception_at IS DISTINCT FROM new.cr_exception_at))) EXECUTE FUNCTION public.keep_history('workspace_id', 'id', '', 'updated_at,tags,extra');

CREATE TRIGGER keep_history AFTER UPDATE ON public.campaign_prospects REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION public.keep_history_of_prospects();

CREATE TRIGGER keep_history AFTER UPDATE ON public.campaigns FOR EACH ROW WHEN (((old.id IS DISTINCT FROM new.id) OR (old.workspace_id IS DISTINCT FROM new.workspace_id) OR (old.campaign_name IS DISTINCT FROM new.campaign_name) OR (old.campaign_type IS DISTINCT FROM new.campaign_type) OR (old.status IS DISTINCT FROM new.status) OR (old.linkedin_account_id IS DISTINCT FROM new.linkedin_account_id) OR (old.message_templates IS DISTINCT FROM new.message_templates) OR (old.step_delays IS DISTINCT FROM new.step_delays) OR (old.schedule_settings IS DISTINCT FROM new.schedule_settings) OR (old.on_missing IS DISTINCT FROM new.on_missing) OR (old.actual_started_at IS DISTINCT FROM new.actual_started_at) OR (old.paused_at IS DISTINCT FROM new.paused_at) OR (old.resumed_at IS DISTINCT FROM new.resumed_at) OR (old.completed_at IS DISTINCT FROM new.completed_at) OR (old.deactivated_at IS DISTINCT FROM new.deactivated_at) OR (old.created_at IS DISTINCT FROM new.created_at) OR (old.withdraw_after_days IS DISTINCT FROM new.withdraw_after_days) OR (old.allow_parallel IS DISTINCT FROM new.allow_parallel) OR (old.turn_length IS DISTINCT FROM new.turn_length) OR (old.completed_by_itself IS DISTINCT FROM new.completed_by_itself))) EXECUTE FUNCTION public.keep_history('workspace_id', 'id', '', 'updated_at,tags,extra');

CREATE TRIGGER keep_history AFTER UPDATE ON public.leads FOR EACH ROW WHEN (((old.id IS DISTINCT FROM new.id) OR (old.workspace_id IS DISTINCT FROM new.workspace_id) OR (old.identity IS DISTINCT FROM new.identity) OR (old.first_name IS DISTINCT FROM new.first_name) OR (old.last_name IS DISTINCT FROM new.last_name) OR (old.company IS DISTINCT FROM new.company) OR (old.title IS DISTINCT FROM new.title) OR (old.location IS DISTINCT FROM new.location) OR (old.linkedin_vanity IS DISTINCT FROM new.linkedin_vanity) OR (old.sales_navigator_id IS DISTINCT FROM new.sales_navigator_id) OR (old.email IS DISTINCT FROM new.email) OR (old.connected_on IS DISTINCT FROM new.connected_on) OR (old.sms_stop IS DISTINCT FROM new.sms_stop) OR (old.booked IS DISTINCT FROM new.booked) OR (old.last_reply_at IS DISTINCT FROM new.last_reply_at) OR (old.opted_out_at IS DISTINCT FROM new.opted_out_at) OR (old.created_at IS DISTINCT FROM new.created_at) OR (old.timezone IS DISTINCT FROM new.timezone) OR ((old.campaign_id IS NOT NULL) AND (old.campaign_id IS DISTINCT FROM new.campaign_id)))) EXECUTE FUNCTION public.keep_history('workspace_id', 'id', '', 'updated_at,tags,extra');

CREATE TRIGGER keep_history AFTER UPDATE ON public.recipients FOR EACH ROW WHEN (((old.network_distance IS DISTINCT FROM new.network_distance) OR (old.connected_at IS DISTINCT FROM new.connected_at) OR (old.provider_id IS DISTINCT FROM new.provider_id))) EXECUTE FUNCTION public.keep_history('workspace_id', 'lead_id', 'account_id', 'updated_at');

CREATE TRIGGER keep_history AFTER UPDATE ON public.send_queue FOR EACH ROW WHEN (((old.scheduled_for IS DISTINCT FROM new.scheduled_for) OR (old.held_for IS DISTINCT FROM new.held_for) OR (old.message_sha256 IS DISTINCT FROM new.message_sha256) OR (old.account_id IS DISTINCT FROM new.account_id) OR (old.requires_connection IS DISTINCT FROM new.requires_connection) OR ((old.status IS DISTINCT FROM new.status) AND ((old.status = ANY (ARRAY['sent'::public.send_status, 'failed'::public.send_status, 'skipped'::public.send_status, 'cancelled'::public.send_status])) OR (new.status = ANY (ARRAY['failed'::public.send_status, 'skipped'::public.send_status, 'cancelled'::public.send_status])))))) EXECUTE FUNCTION public.keep_send();

CREATE TRIGGER keep_history AFTER UPDATE ON public.suppressions FOR EACH ROW WHEN (((old.id IS DISTINCT FROM new.id) OR (old.workspace_id IS DISTINCT FROM new.workspace_id) OR (old.kind IS DISTINCT FROM new.kind) OR (old.value IS DISTINCT FROM new.value) OR (old.reason IS DISTINCT FROM new.reason) OR (old.created_at IS DISTINCT FROM new.created_at) OR (old.added_by IS DISTINCT FROM new.added_by))) EXECUTE FUNCTION public.keep_history('workspace_id', 'id', '', 'updated_at,tags,extra');

CREATE TRIGGER keep_history AFTER UPDATE ON public.workspaces FOR EACH ROW WHEN (((old.id IS DISTINCT FROM new.id) OR (old.company_name IS DISTINCT FROM new.company_name) OR (old.email IS DISTINCT FROM new.email) OR (old.airtable_base_id IS DISTINCT FROM new.airtable_base_id) OR (old.is_active IS DISTINCT FROM new.is_active) OR (old.tier IS DISTINCT FROM new.tier) OR (old.daily_cr_limit IS DISTINCT FROM new.daily_cr_limit) OR (old.schedule_settings IS DISTINCT FROM new.schedule_settings) OR (old.created_at IS DISTINCT FROM new.created_at) OR (old.weekly_cr_limit IS DISTINCT FROM new.weekly_cr_limit) OR (old.daily_message_limit IS DISTINCT FROM new.daily_message_limit) OR (old.daily_lookup_limit IS DISTINCT FROM new.daily_lookup_limit) OR (old.daily_email_limit IS DISTINCT FROM new.daily_email_limit) OR (old.repair_objective IS DISTINCT FROM new.repair_objective) OR (old.withdraw_after_days IS DISTINCT FROM new.withdraw_after_days))) EXECUTE FUNCTION public.keep_history('id', 'id', '', 'updated_at,tags,extra');

CREATE TRIGGER keep_history_gone AFTER DELETE ON public.account_cool_downs FOR EACH ROW EXECUTE FUNCTION public.keep_history('', 'account_id', 'action', 'updated_at');

CREATE TRIGGER keep_history_gone AFTER DELETE ON public.suppressions FOR EACH ROW EXECUTE FUNCTION public.keep_history('workspace_id', 'id', '', 'updated_at');

CREATE TRIGGER keep_spacing AFTER UPDATE ON public.accounts FOR EACH ROW WHEN ((old.next_free_at IS DISTINCT FROM new.next_free_at)) EXECUTE FUNCTION public.keep_spacing();

CREATE TRIGGER note_changed_count AFTER UPDATE OF prospects_count, active_leads_count, completed_leads_count, opted_out_count ON public.campaigns FOR EACH ROW WHEN (((CURRENT_USER <> 'tact_queuer'::name) AND ((((old.prospects_count IS DISTINCT FROM new.prospects_count) OR (old.active_leads_count IS DISTINCT FROM new.active_leads_count)) OR (old.completed_leads_count IS DISTINCT FROM new.completed_leads_count)) OR (old.opted_out_count IS DISTINCT FROM new.opted_out_count)))) EXECUTE FUNCTION public.note_changed_count();

CREATE TRIGGER note_queue_change AFTER UPDATE OF status ON public.send_queue FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (NOT (public.is_open(old.status) AND public.is_open(new.status))))) EXECUTE FUNCTION public.note_queue_change();

CREATE TRIGGER note_queue_gone AFTER DELETE ON public.send_queue REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.note_queue_gone();

CREATE TRIGGER note_queue_planned AFTER INSERT ON public.send_queue REFERENCING NEW TABLE AS planned FOR EACH STATEMENT EXECUTE FUNCTION public.note_queue_planned();

CREATE TRIGGER note_relation AFTER INSERT ON public.observations REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.note_relation();

CREATE TRIGGER note_second_sequence AFTER INSERT ON public.campaign_prospects REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.note_second_sequence();

CREATE TRIGGER note_stopped_prospect AFTER UPDATE OF status ON public.campaign_prospects FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND public.is_stopping(new.status))) EXECUTE FUNCTION public.note_stopped_prospect();

CREATE TRIGGER seal_again AFTER UPDATE ON public.send_attempts FOR EACH ROW WHEN ((old.state <> 'intent'::public.attempt_state)) EXECUTE FUNCTION public.seal_again();

CREATE TRIGGER seals_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.attempt_seals FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_seals();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.account_cool_downs FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.account_reads FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.account_usage FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.accounts FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.api_tokens FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.campaign_accounts FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.campaign_counter_deltas FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.campaign_messages FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.campaign_prospects FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.campaigns FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.cause_days FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.cleanup_runs FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.consumer_stops FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.de_enrollment_lead_log FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.de_enrollment_runs FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.email_templates FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.foreign_invitations FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.health_alerts FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.health_history FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.health_state FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.heartbeats FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.integrity_findings FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.integrity_history FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.lanes FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.lead_batches FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.leads FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.merged_sends FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.notice_channels FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.notice_deliveries FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.notices FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.observations FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.outbox FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.prospect_approval_data FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.prospect_totals FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.queue_counts FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.queue_hours FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.recipients FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.reconcile_runs FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.redriven_letters FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.repair_times FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.replay_runs FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.risk_reports FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.schema_migrations FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.schema_routines FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.send_attempts FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.send_queue FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.stack_adoption_accounts FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.stack_adoptions FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.stack_clock FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.stack_fence FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.suppressions FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.unsettled_observations FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.workflow_steps FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.workflows FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.workspaces FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();

CREATE TRIGGER validate_prospect_status BEFORE INSERT OR UPDATE OF status, contacted_at ON public.campaign_prospects FOR EACH ROW EXECUTE FUNCTION public.validate_prospect_status_update();

CREATE TRIGGER validate_send_status BEFORE UPDATE OF status ON public.send_queue FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION public.validate_send_status_update();

ALTER TABLE ONLY public.account_cool_downs
    ADD CONSTRAINT account_cool_downs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.account_reads
    ADD CONSTRAINT account_reads_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.account_seals
    ADD CONSTRAINT account_seals_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.account_usage
    ADD CONSTRAINT account_usage_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.attempt_seals
    ADD CONSTRAINT attempt_seals_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.campaign_accounts
    ADD CONSTRAINT campaign_accounts_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.campaign_accounts
    ADD CONSTRAINT campaign_accounts_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.campaign_counter_deltas
    ADD CONSTRAINT campaign_counter_deltas_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.campaign_messages
    ADD CONSTRAINT campaign_messages_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES public.send_attempts(id);

ALTER TABLE ONLY public.campaign_messages
    ADD CONSTRAINT campaign_messages_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_reply_message FOREIGN KEY (reply_message_id) REFERENCES public.campaign_messages(id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflows(id);

ALTER TABLE ONLY public.campaign_prospects
    ADD CONSTRAINT campaign_prospects_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_linkedin_account_id_fkey FOREIGN KEY (linkedin_account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.cause_days
    ADD CONSTRAINT cause_days_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.cause_days
    ADD CONSTRAINT cause_days_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_prospect_id_fkey FOREIGN KEY (prospect_id) REFERENCES public.campaign_prospects(id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.de_enrollment_runs(id);

ALTER TABLE ONLY public.de_enrollment_lead_log
    ADD CONSTRAINT de_enrollment_lead_log_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.de_enrollment_runs
    ADD CONSTRAINT de_enrollment_runs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.email_templates
    ADD CONSTRAINT email_templates_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.foreign_invitations
    ADD CONSTRAINT foreign_invitations_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.foreign_invitations
    ADD CONSTRAINT foreign_invitations_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES public.send_attempts(id);

ALTER TABLE ONLY public.foreign_invitations
    ADD CONSTRAINT foreign_invitations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.health_alerts
    ADD CONSTRAINT health_alerts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.health_history
    ADD CONSTRAINT health_history_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.integrity_findings
    ADD CONSTRAINT integrity_findings_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.integrity_history
    ADD CONSTRAINT integrity_history_finding_id_fkey FOREIGN KEY (finding_id) REFERENCES public.integrity_findings(id);

ALTER TABLE ONLY public.integrity_history
    ADD CONSTRAINT integrity_history_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.cleanup_runs(id);

ALTER TABLE ONLY public.integrity_history
    ADD CONSTRAINT integrity_history_undoes_fkey FOREIGN KEY (undoes) REFERENCES public.integrity_history(id);

ALTER TABLE ONLY public.lanes
    ADD CONSTRAINT lanes_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.lanes
    ADD CONSTRAINT lanes_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.lead_batches
    ADD CONSTRAINT lead_batches_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.lead_batches
    ADD CONSTRAINT lead_batches_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.leads
    ADD CONSTRAINT leads_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.notice_channels
    ADD CONSTRAINT notice_channels_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.notice_deliveries
    ADD CONSTRAINT notice_deliveries_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notice_channels(id);

ALTER TABLE ONLY public.notice_deliveries
    ADD CONSTRAINT notice_deliveries_notice_id_fkey FOREIGN KEY (notice_id) REFERENCES public.notices(id);

ALTER TABLE ONLY public.notice_deliveries
    ADD CONSTRAINT notice_deliveries_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.observations
    ADD CONSTRAINT observations_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.observations
    ADD CONSTRAINT observations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.prospect_approval_data
    ADD CONSTRAINT prospect_approval_data_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.lead_batches(id);

ALTER TABLE ONLY public.prospect_approval_data
    ADD CONSTRAINT prospect_approval_data_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.prospect_approval_data
    ADD CONSTRAINT prospect_approval_data_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id);

ALTER TABLE ONLY public.prospect_approval_data
    ADD CONSTRAINT prospect_approval_data_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.queue_counts
    ADD CONSTRAINT queue_counts_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.queue_counts
    ADD CONSTRAINT queue_counts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.queue_hours
    ADD CONSTRAINT queue_hours_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.recipients
    ADD CONSTRAINT recipients_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id);

ALTER TABLE ONLY public.repair_times
    ADD CONSTRAINT repair_times_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.risk_reports
    ADD CONSTRAINT risk_reports_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.send_attempts
    ADD CONSTRAINT send_attempts_send_id_fkey FOREIGN KEY (send_id) REFERENCES public.send_queue(id);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES public.leads(id);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_prospect_id_fkey FOREIGN KEY (prospect_id) REFERENCES public.campaign_prospects(id);

ALTER TABLE ONLY public.send_queue
    ADD CONSTRAINT send_queue_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.stack_adoption_accounts
    ADD CONSTRAINT stack_adoption_accounts_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.stack_adoption_accounts
    ADD CONSTRAINT stack_adoption_accounts_adoption_id_fkey FOREIGN KEY (adoption_id) REFERENCES public.stack_adoptions(id);

ALTER TABLE ONLY public.suppressions
    ADD CONSTRAINT suppressions_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.unsettled_observations
    ADD CONSTRAINT unsettled_observations_observation_id_fkey FOREIGN KEY (observation_id) REFERENCES public.observations(id);

ALTER TABLE ONLY public.workflow_steps
    ADD CONSTRAINT workflow_steps_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflows(id);

ALTER TABLE ONLY public.workflows
    ADD CONSTRAINT workflows_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id);

ALTER TABLE public.account_cool_downs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.account_reads ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.account_spacing_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.account_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.api_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.campaign_accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.campaign_counter_deltas ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.campaign_messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.campaign_prospects ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.campaigns ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cause_days ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.de_enrollment_lead_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.de_enrollment_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.email_templates ENABLE ROW LEVEL SECURITY;

CREATE POLICY everything ON public.account_cool_downs TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.account_reads TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.account_spacing_history TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.account_usage TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.accounts TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.api_tokens TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.audit_log TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.campaign_accounts TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.campaign_counter_deltas TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.campaign_messages TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.campaign_prospects TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.campaigns TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.cause_days TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.de_enrollment_lead_log TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.de_enrollment_runs TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.email_templates TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.foreign_invitations TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.health_alerts TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.health_history TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.history TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.integrity_findings TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.integrity_history TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.lanes TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.lead_batches TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.leads TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.merged_sends TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.notice_channels TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.notice_deliveries TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.notices TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.observations TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.prospect_approval_data TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.prospect_totals TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.queue_changes TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.queue_counts TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.queue_hours TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.recipients TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.repair_times TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.risk_reports TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.send_attempts TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.send_queue TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.suppressions TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.workflow_steps TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.workflows TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

CREATE POLICY everything ON public.workspaces TO postgres, tact_queuer, tact_sender, tact_poller, tact_healer USING (true) WITH CHECK (true);

ALTER TABLE public.foreign_invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.health_alerts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.health_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.history ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.integrity_findings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.integrity_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lanes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lead_batches ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.leads ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.merged_sends ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.notice_channels ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.notice_deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.notices ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.observations ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_workspace ON public.account_cool_downs TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.accounts p
  WHERE (p.id = account_cool_downs.account_id))));

CREATE POLICY own_workspace ON public.account_reads TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.accounts p
  WHERE (p.id = account_reads.account_id))));

CREATE POLICY own_workspace ON public.account_spacing_history TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.accounts p
  WHERE (p.id = account_spacing_history.account_id))));

CREATE POLICY own_workspace ON public.account_usage TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.accounts p
  WHERE (p.id = account_usage.account_id))));

CREATE POLICY own_workspace ON public.accounts TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.api_tokens TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.audit_log TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.campaign_accounts TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.campaigns p
  WHERE (p.id = campaign_accounts.campaign_id))));

CREATE POLICY own_workspace ON public.campaign_counter_deltas TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.campaigns p
  WHERE (p.id = campaign_counter_deltas.campaign_id))));

CREATE POLICY own_workspace ON public.campaign_messages TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.campaign_prospects TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.campaigns TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.cause_days TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.de_enrollment_lead_log TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.de_enrollment_runs TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.email_templates TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.foreign_invitations TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.health_alerts TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.health_history TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.history TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.integrity_findings TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.integrity_history TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.lanes TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.campaigns p
  WHERE (p.id = lanes.campaign_id))));

CREATE POLICY own_workspace ON public.lead_batches TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.leads TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.merged_sends TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.notice_channels TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.notice_deliveries TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.notices TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.observations TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.prospect_approval_data TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.prospect_totals TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.queue_changes TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.queue_counts TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.queue_hours TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.recipients TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.repair_times TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.risk_reports TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.send_attempts TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.send_queue TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.suppressions TO tact_tenant USING ((workspace_id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

CREATE POLICY own_workspace ON public.workflow_steps TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.workflows p
  WHERE (p.id = workflow_steps.workflow_id))));

CREATE POLICY own_workspace ON public.workflows TO tact_tenant USING ((EXISTS ( SELECT
   FROM public.campaigns p
  WHERE (p.id = workflows.campaign_id))));

CREATE POLICY own_workspace ON public.workspaces TO tact_tenant USING ((id = (NULLIF(current_setting('tact.workspace'::text, true), ''::text))::uuid));

ALTER TABLE public.prospect_approval_data ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.prospect_totals ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.queue_changes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.queue_counts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.queue_hours ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recipients ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.repair_times ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.risk_reports ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.send_attempts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.send_queue ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.suppressions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.workflow_steps ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.workflows ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.workspaces ENABLE ROW LEVEL SECURITY;
