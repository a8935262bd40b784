-- Make an ended send pending again: part of every repair, and of a person's retry. Refused while an attempt is live,
-- because then the message has left or may have. True when it was reopened, false when there was nothing to reopen.
CREATE OR REPLACE FUNCTION reopen(the_send uuid, actor text, reason text, due timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s send_queue;
BEGIN
  SELECT * INTO s FROM send_queue WHERE id = the_send FOR NO KEY UPDATE;
  IF NOT FOUND OR s.status NOT IN ('failed', 'skipped', 'cancelled', 'sent') THEN
    RETURN false;
  END IF;
  IF EXISTS (SELECT FROM send_attempts a WHERE a.send_id = the_send AND a.action <> 'profile_lookup'
                AND a.state IN ('intent', 'unknown', 'accepted')) THEN
    RAISE EXCEPTION 'Cannot reopen send %: an attempt has left or may have left', the_send USING ERRCODE = 'check_violation';
  END IF;
  PERFORM set_config('tact.reopening', 'on', true);
  UPDATE send_queue SET status = 'pending', held_for = NULL, error_message = NULL, retries = 0, dispatches_in_vain = 0, sent_at = NULL,
                        scheduled_for = greatest(scheduled_for, coalesce(due, scheduled_for))
   WHERE id = the_send;
  PERFORM set_config('tact.reopening', 'off', true);
  UPDATE accounts SET wake_at = least(coalesce(wake_at, 'infinity'), greatest(s.scheduled_for, coalesce(due, s.scheduled_for)))
   WHERE id = s.account_id -- many sends of one account are reopened together: one version of its row is enough
     AND (wake_at IS NULL OR wake_at > greatest(s.scheduled_for, coalesce(due, s.scheduled_for)));
  INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
       VALUES (s.workspace_id, actor, 'reopen', 'send', the_send::text, jsonb_build_object('reason', reason, 'was', s.status, 'error', s.error_message));
  RETURN true;
END $$;
