-- A row as it was at a business moment; NULL: as it is now. Each is one probe of history_of_row, then the row itself. A
-- column that a later migration added has today's value in older rows.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['workspaces', 'accounts', 'campaigns', 'leads', 'campaign_prospects', 'send_queue'] LOOP
    EXECUTE format($f$
      CREATE OR REPLACE FUNCTION %1$I(the_id uuid, moment timestamptz) RETURNS %2$I LANGUAGE sql STABLE AS $body$
        SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                          WHERE h.row_id = the_id AND h.table_name = %2$L AND h.part = '' AND h.valid_until > moment
                          ORDER BY h.valid_until, h.id LIMIT 1), t)
          FROM %2$I t WHERE t.id = the_id
      $body$ $f$, t || '_at', t);
  END LOOP;
END $$;

-- Tables with a key of two columns; `recipients` exist from the look-up that resolved them on.
CREATE OR REPLACE FUNCTION recipients_at(the_account uuid, the_lead uuid, moment timestamptz) RETURNS recipients LANGUAGE sql STABLE AS $$
  SELECT f.r FROM (
    SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                      WHERE h.row_id = the_lead AND h.table_name = 'recipients' AND h.part = the_account::text AND h.valid_until > moment
                      ORDER BY h.valid_until, h.id LIMIT 1), t) AS r
      FROM recipients t WHERE t.account_id = the_account AND t.lead_id = the_lead) f
   WHERE moment IS NULL OR (f.r).resolved_at <= moment
$$;

CREATE OR REPLACE FUNCTION reads_at(the_account uuid, the_kind text, moment timestamptz) RETURNS account_reads LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT jsonb_populate_record(t, h.was) FROM history h
                    WHERE h.row_id = the_account AND h.table_name = 'account_reads' AND h.part = the_kind AND h.valid_until > moment
                    ORDER BY h.valid_until, h.id LIMIT 1), t)
    FROM account_reads t WHERE t.account_id = the_account AND t.kind = the_kind
$$;

-- A cool-down goes when the action went through again, so it may stand in the history alone.
CREATE OR REPLACE FUNCTION cool_down_at(the_account uuid, the_action action, moment timestamptz) RETURNS account_cool_downs LANGUAGE sql STABLE AS $$
  SELECT f.r FROM (
    SELECT coalesce((SELECT jsonb_populate_record(NULL::account_cool_downs, h.was) FROM history h
                      WHERE h.row_id = the_account AND h.table_name = 'account_cool_downs' AND h.part = the_action::text AND h.valid_until > moment
                      ORDER BY h.valid_until, h.id LIMIT 1),
                    (SELECT t FROM account_cool_downs t WHERE t.account_id = the_account AND t.action = the_action)) AS r) f
   WHERE (f.r).account_id IS NOT NULL AND (moment IS NULL OR (f.r).set_at IS NULL OR (f.r).set_at <= moment)
$$;

CREATE OR REPLACE FUNCTION next_free_at_then(the_account uuid, moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT f.next_free_at FROM (
    (SELECT 1 AS place, h.next_free_at FROM account_spacing_history h
      WHERE h.account_id = the_account AND h.valid_until > moment ORDER BY h.valid_until LIMIT 1)
    UNION ALL
    (SELECT 2, a.next_free_at FROM accounts a WHERE a.id = the_account)) f
   ORDER BY f.place LIMIT 1
$$;

-- Business time at a technical moment of the past, by the clock as it ran then.
CREATE OR REPLACE FUNCTION business_then(technical timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT c.business_at + (technical - c.anchored_at) * c.speed
    FROM (SELECT anchored_at, business_at, speed FROM stack_clock
          UNION ALL
          (SELECT anchored_at, business_at, speed FROM clock_history WHERE anchored_at <= technical ORDER BY anchored_at DESC LIMIT 1)) c
   ORDER BY c.anchored_at <= technical DESC, CASE WHEN c.anchored_at <= technical THEN c.anchored_at END DESC
   LIMIT 1
$$;

-- Which do-not-contact list holds a person; NULL: none. Lists for everywhere belong to no workspace, so a workspace learns of
-- them through here, and of another workspace's never.
-- The same names and spellings as do_not_contact, and its words.
DROP FUNCTION IF EXISTS suppressed_by(uuid, text, text, text, timestamptz);
CREATE OR REPLACE FUNCTION suppressed_by(
  the_workspace uuid, identity text, vanity text, classic_id text, navigator_id text, email text, company text, moment timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
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

-- As earlier_sequence, at a moment; NULL: now. The other enrolments are looked for today: none of them goes.
CREATE OR REPLACE FUNCTION earlier_sequence_at(the_prospect uuid, moment timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
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

-- How many of an action an account had done of one of its own days' budget. The day's figure is the sender's own; what the
-- ledger shows after the moment is taken off it again.
CREATE OR REPLACE FUNCTION used_at(the_account uuid, the_action action, the_day date, moment timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
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
