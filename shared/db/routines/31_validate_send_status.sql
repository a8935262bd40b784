-- Which send status may follow which. The way back from an end is open to reopen() alone: events never reopen anything.
CREATE OR REPLACE FUNCTION validate_send_status_update() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE TRIGGER validate_send_status BEFORE UPDATE OF status ON send_queue
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION validate_send_status_update();
