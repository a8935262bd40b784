-- Keeps a row as it was before it changed or went. Arguments: the columns of the workspace, the row's id and the rest of its
-- key ('' for none), then columns that are not worth keeping. The clock is read here and not through business_now(), and
-- the functions run in the role that changes the row: with every send's own, both were half of their cost.
CREATE OR REPLACE FUNCTION keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- Only what may change: a step's words are frozen once it was dispatched.
CREATE OR REPLACE FUNCTION keep_send() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION keep_spacing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.account_spacing_history (account_id, valid_until, next_free_at)
  SELECT OLD.id, c.business_at + (clock_timestamp() - c.anchored_at) * c.speed, OLD.next_free_at FROM public.stack_clock c;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION keep_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.clock_history (anchored_at, business_at, speed) VALUES (OLD.anchored_at, OLD.business_at, OLD.speed) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION date_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.given_back_at := business_now();
  RETURN NEW;
END $$;

-- The triggers' conditions name the columns that matter, so that what changes with every send (leases, wakes, dispatches)
-- costs a comparison and no row. All columns of settings matter but those named here: one that a later migration adds is
-- kept from its first day on.
DO $$
DECLARE
  t text;
  workspace text;
  key text;
  part text;
  bookkeeping text[];
  changed text;
BEGIN
  FOR t, workspace, key, part, bookkeeping IN VALUES
    ('workspaces', 'id', 'id', '', ARRAY['updated_at']),
    ('accounts', 'workspace_id', 'id', '', ARRAY['updated_at', 'status_version', 'next_free_at', 'wake_at', 'lease_until', 'lease_holder',
      'turn_of', 'turn_left']),
    ('campaigns', 'workspace_id', 'id', '', ARRAY['updated_at', 'prospects_count', 'active_leads_count', 'completed_leads_count', 'opted_out_count',
      'booked_count', 'emails_scheduled_count', 'emails_sent_count', 'auto_discovered', 'last_enrollment_at']),
    ('leads', 'workspace_id', 'id', '', ARRAY['updated_at', 'campaign_id', 'linkedin_id', 'processing_status', 'sms_sequence_position', 'tags', 'extra']),
    ('campaign_prospects', 'workspace_id', 'id', '', ARRAY['updated_at', 'account_id', 'workflow_id', 'follow_up_due_at', 'last_follow_up_at',
      'reply_message_id', 'withdraw_planned_at']),
    ('suppressions', 'workspace_id', 'id', '', ARRAY['updated_at']),
    ('account_cool_downs', '', 'account_id', 'action', ARRAY['updated_at'])
  LOOP
    SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', a.attname), ' OR ' ORDER BY a.attnum) INTO changed
      FROM pg_attribute a
     WHERE a.attrelid = t::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> ALL(bookkeeping);
    IF t = 'campaign_prospects' THEN
      -- The first account is part of being planned, another one is a change. Nearly every statement changes the status of a
      -- whole batch, so its rows are kept with one INSERT: row by row they were a third of what recording an answer cost.
      changed := replace(replace(changed || ' OR (OLD.account_id IS NOT NULL AND OLD.account_id IS DISTINCT FROM NEW.account_id)', 'OLD.', 'o.'), 'NEW.', 'n.');
      EXECUTE format($f$
        CREATE OR REPLACE FUNCTION keep_history_of_prospects() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
          INSERT INTO public.history (workspace_id, table_name, row_id, part, valid_until, was)
          SELECT o.workspace_id, TG_TABLE_NAME, o.id, '', c.business_at + (clock_timestamp() - c.anchored_at) * c.speed, to_jsonb(o) - 'updated_at'
            FROM was o JOIN is_now n USING (id) CROSS JOIN public.stack_clock c
           WHERE %s;
          RETURN NULL;
        END $body$ $f$, changed);
      CREATE OR REPLACE TRIGGER keep_history AFTER UPDATE ON campaign_prospects REFERENCING OLD TABLE AS was NEW TABLE AS is_now
        FOR EACH STATEMENT EXECUTE FUNCTION keep_history_of_prospects();
      CONTINUE;
    END IF;
    IF t = 'leads' THEN -- the first campaign is part of being enrolled, another one says whose sequence comes first
      changed := changed || ' OR (OLD.campaign_id IS NOT NULL AND OLD.campaign_id IS DISTINCT FROM NEW.campaign_id)';
    END IF;
    EXECUTE format('CREATE OR REPLACE TRIGGER keep_history AFTER UPDATE ON %I FOR EACH ROW WHEN (%s) EXECUTE FUNCTION keep_history(%L, %L, %L, %L)',
                   t, changed, workspace, key, part, 'updated_at,tags,extra');
  END LOOP;
END $$;

CREATE OR REPLACE TRIGGER keep_history_gone AFTER DELETE ON suppressions FOR EACH ROW EXECUTE FUNCTION keep_history('workspace_id', 'id', '', 'updated_at');
CREATE OR REPLACE TRIGGER keep_history_gone AFTER DELETE ON account_cool_downs FOR EACH ROW EXECUTE FUNCTION keep_history('', 'account_id', 'action', 'updated_at');
-- From the ledger and `sent_at` it is known when a send was looked up, in hand and gone; its plan, its words and its ends are
-- not. A row for each look-up would be one for nearly every send.
CREATE OR REPLACE TRIGGER keep_history AFTER UPDATE ON send_queue FOR EACH ROW
  WHEN (OLD.scheduled_for IS DISTINCT FROM NEW.scheduled_for OR OLD.held_for IS DISTINCT FROM NEW.held_for
        OR OLD.message_sha256 IS DISTINCT FROM NEW.message_sha256
        OR OLD.account_id IS DISTINCT FROM NEW.account_id OR OLD.requires_connection IS DISTINCT FROM NEW.requires_connection
        OR (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status IN ('sent', 'failed', 'skipped', 'cancelled') OR NEW.status IN ('failed', 'skipped', 'cancelled'))))
  EXECUTE FUNCTION keep_send();
CREATE OR REPLACE TRIGGER keep_history AFTER UPDATE ON recipients FOR EACH ROW
  WHEN (OLD.network_distance IS DISTINCT FROM NEW.network_distance OR OLD.connected_at IS DISTINCT FROM NEW.connected_at
        OR OLD.provider_id IS DISTINCT FROM NEW.provider_id)
  EXECUTE FUNCTION keep_history('workspace_id', 'lead_id', 'account_id', 'updated_at');
-- Of the reads only those of replies delay a send.
CREATE OR REPLACE TRIGGER keep_history AFTER UPDATE ON account_reads FOR EACH ROW
  WHEN (OLD.kind = 'chats' AND (OLD.last_read_at IS DISTINCT FROM NEW.last_read_at OR OLD.next_at IS DISTINCT FROM NEW.next_at))
  EXECUTE FUNCTION keep_history('', 'account_id', 'kind', 'updated_at,cursor');
CREATE OR REPLACE TRIGGER keep_spacing AFTER UPDATE ON accounts FOR EACH ROW
  WHEN (OLD.next_free_at IS DISTINCT FROM NEW.next_free_at) EXECUTE FUNCTION keep_spacing();
CREATE OR REPLACE TRIGGER keep_clock AFTER UPDATE ON stack_clock FOR EACH ROW
  WHEN (OLD.anchored_at IS DISTINCT FROM NEW.anchored_at) EXECUTE FUNCTION keep_clock();
CREATE OR REPLACE TRIGGER date_given_back BEFORE UPDATE ON send_attempts FOR EACH ROW
  WHEN (NEW.given_back AND NOT OLD.given_back) EXECUTE FUNCTION date_given_back();
-- Here and not in the migration, because a migration runs before the routines are there.
ALTER TABLE account_cool_downs ALTER COLUMN set_at SET DEFAULT business_now();
