-- Requests of a workspace see and touch its rows alone. The services' own roles see all; so does the owner.
GRANT SELECT ON workspaces, accounts, account_usage, account_cool_downs, campaigns, campaign_accounts, workflows, workflow_steps,
  lead_batches, leads, prospect_approval_data, campaign_prospects, send_queue, lanes, campaign_messages, suppressions, audit_log,
  account_reads, send_attempts, observations, recipients, foreign_invitations, stack_clock, clients, scheduled_emails, notices, notice_deliveries,
  integrity_findings, integrity_history, merged_sends, prospect_totals, campaign_counter_deltas, corrupted_prospects, corrupted_to_repair,
  prospect_data_integrity, prospect_data_integrity_by_workspace TO tact_tenant;
GRANT SELECT (id, workspace_id, name, medium, target, kinds, every_kind, enabled, removed_at, created_at) ON notice_channels TO tact_tenant; -- not the secret
GRANT SELECT ON queue_counts, queue_changes, queue_hours, health_history, health_state, repair_times, health_alerts, risk_reports TO tact_tenant; -- how healthy its data is
GRANT SELECT ON history, account_spacing_history, clock_history, history_floor TO tact_tenant; -- what explaining the past reads

DO $$
DECLARE
  t text;
  own text;
BEGIN
  FOR t, own IN
    SELECT c.relname, CASE WHEN c.relname = 'workspaces' THEN 'id' ELSE 'workspace_id' END
      FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
       AND (c.relname = 'workspaces' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped))
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('DROP POLICY IF EXISTS everything ON %I', t);
    EXECUTE format('CREATE POLICY everything ON %I TO tact_queuer, tact_sender, tact_poller, tact_healer, %I USING (true) WITH CHECK (true)', t, current_user);
    EXECUTE format('DROP POLICY IF EXISTS own_workspace ON %I', t);
    EXECUTE format('CREATE POLICY own_workspace ON %I TO tact_tenant USING (%I = nullif(current_setting(''tact.workspace'', true), '''')::uuid)', t, own);
  END LOOP;
END $$;

-- Rows that carry no workspace of their own belong to the campaign's or the account's.
DO $$
DECLARE
  t text;
  parent text;
  key text;
BEGIN
  FOR t, parent, key IN VALUES ('campaign_accounts', 'campaigns', 'campaign_id'), ('workflows', 'campaigns', 'campaign_id'),
                               ('lanes', 'campaigns', 'campaign_id'), ('campaign_counter_deltas', 'campaigns', 'campaign_id'), ('account_usage', 'accounts', 'account_id'),
                               ('account_cool_downs', 'accounts', 'account_id'), ('account_reads', 'accounts', 'account_id'),
                               ('account_spacing_history', 'accounts', 'account_id'), ('workflow_steps', 'workflows', 'workflow_id')
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('DROP POLICY IF EXISTS everything ON %I', t);
    EXECUTE format('CREATE POLICY everything ON %I TO tact_queuer, tact_sender, tact_poller, tact_healer, %I USING (true) WITH CHECK (true)', t, current_user);
    EXECUTE format('DROP POLICY IF EXISTS own_workspace ON %I', t);
    EXECUTE format('CREATE POLICY own_workspace ON %I TO tact_tenant USING (EXISTS (SELECT FROM %I p WHERE p.id = %I.%I))', t, parent, t, key);
  END LOOP;
END $$;
