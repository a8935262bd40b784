-- Make ended sends pending again: part of every repair, and of a person's retry. Refused while an attempt is live, because then the
-- message has left or may have. Each has its reason, in the same order; `due`: not before then. How many were reopened. The caller
-- needs the rights of the tables' owner, for the triggers ask (see reopen and apply_together).
CREATE OR REPLACE FUNCTION reopen_together(sends uuid[], actor text, reasons text[], due timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_seqscan = off AS $$
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

-- The same for one. True when it was reopened, false when there was nothing to reopen.
CREATE OR REPLACE FUNCTION reopen(the_send uuid, actor text, reason text, due timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT reopen_together(ARRAY[the_send], actor, ARRAY[reason], due) = 1
$$;
