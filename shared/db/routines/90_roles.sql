-- A role per service with the least it needs, and one for requests of a workspace under row-level security. They
-- cannot log in by themselves: a connection takes one on (setting TACT_DATABASE_ROLE), or a login of yours is a member.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['tact_queuer', 'tact_sender', 'tact_poller', 'tact_healer', 'tact_tenant'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- roles belong to the cluster; another database made it
    END;
    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', r, current_user);
    END IF;
  END LOOP;
END $$;

-- The services see every workspace anyway. Under a policy that says so the planner may not look at a column's statistics and
-- guesses, at 100,000 accounts into whole scans (docs/adr/0012). Who migrates without the right to give this (PostgreSQL
-- asks for a superuser, from 16 on for CREATEROLE with BYPASSRLS) keeps the policy of 91_row_level_security.sql instead.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['tact_queuer', 'tact_sender', 'tact_poller', 'tact_healer'] LOOP
    IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = r) THEN
      BEGIN
        EXECUTE format('ALTER ROLE %I BYPASSRLS', r);
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE NOTICE 'The role % stays under row-level security: this login may not give BYPASSRLS. Plans of large tables cost more.', r;
      END;
    END IF;
  END LOOP;
END $$;

-- Requests of a workspace are served by these in the tenant's role, local to the transaction.
GRANT tact_tenant TO tact_queuer, tact_poller, tact_healer;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tact_queuer, tact_sender, tact_poller, tact_healer, tact_tenant;
GRANT USAGE ON SCHEMA public TO tact_queuer, tact_sender, tact_poller, tact_healer, tact_tenant;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO tact_queuer, tact_sender, tact_poller, tact_healer;
REVOKE SELECT ON api_tokens FROM tact_sender, tact_poller;
REVOKE SELECT ON notice_channels FROM tact_queuer, tact_sender, tact_poller; -- it holds secrets
GRANT INSERT ON outbox, audit_log TO tact_queuer, tact_sender, tact_poller, tact_healer;
GRANT UPDATE (published_at), DELETE ON outbox TO tact_queuer, tact_sender, tact_poller, tact_healer;
GRANT INSERT ON integrity_findings TO tact_queuer, tact_sender, tact_poller, tact_healer;

-- The fence: whichever process finds a head due writes it, and whichever finds a difference says so.
GRANT UPDATE ON stack_fence TO tact_queuer, tact_sender, tact_poller, tact_healer;
GRANT INSERT, UPDATE ON stack_adoptions, stack_adoption_accounts TO tact_healer;

-- queuer: campaigns, prospects, planning, the moment a send becomes due; and the clock's leaps.
GRANT INSERT, UPDATE ON campaigns, campaign_accounts, workflows, workflow_steps, email_templates, leads, lead_batches,
  prospect_approval_data, campaign_prospects, send_queue, lanes, suppressions, workspaces, api_tokens, accounts, account_reads TO tact_queuer;
GRANT DELETE ON campaign_accounts, suppressions TO tact_queuer;
GRANT INSERT, UPDATE, DELETE ON campaign_counter_deltas TO tact_queuer;
GRANT INSERT, UPDATE ON prospect_totals TO tact_queuer;
GRANT UPDATE (anchored_at, business_at, version) ON stack_clock TO tact_queuer;
GRANT INSERT, UPDATE ON replay_runs TO tact_queuer; -- an operator's command works in its role

-- sender: the ledger and the account's limits.
GRANT INSERT, UPDATE ON send_attempts, account_usage, account_cool_downs, lanes, recipients, campaign_messages, observations TO tact_sender;
GRANT UPDATE ON send_queue, campaign_prospects, accounts TO tact_sender;
GRANT DELETE ON account_cool_downs TO tact_sender;
GRANT UPDATE (linkedin_id, updated_at) ON leads TO tact_sender;

-- sender: the ledger's seals; a component that settles late queues the attempt, by a trigger that runs in that component's role.
GRANT INSERT ON attempt_seals TO tact_sender;
GRANT INSERT, UPDATE ON account_seals TO tact_sender;
GRANT UPDATE ON ledger_seal TO tact_sender;
GRANT INSERT, DELETE ON seal_queue TO tact_sender;
GRANT INSERT ON seal_queue TO tact_poller, tact_healer;

-- poller: what came back.
GRANT INSERT, UPDATE ON observations, campaign_messages, recipients, account_reads, suppressions, account_usage, foreign_invitations TO tact_poller;
GRANT UPDATE ON campaign_prospects, leads, accounts, send_queue, send_attempts, lanes TO tact_poller;
GRANT INSERT, UPDATE, DELETE ON unsettled_observations TO tact_poller;

-- healer: repairs.
GRANT INSERT, UPDATE ON integrity_findings, integrity_history, cleanup_runs, de_enrollment_runs, de_enrollment_lead_log, observations,
  campaign_messages, recipients, account_usage, account_reads, lanes TO tact_healer;
GRANT UPDATE ON send_attempts, send_queue, campaign_prospects, accounts, leads TO tact_healer;
GRANT UPDATE, DELETE ON changed_rows TO tact_healer;
GRANT INSERT, UPDATE ON reconcile_runs TO tact_healer;
GRANT INSERT ON campaign_counter_deltas TO tact_healer; -- a count is put right like it is kept: by a delta
GRANT INSERT, UPDATE ON prospect_totals TO tact_healer;
GRANT INSERT, UPDATE, DELETE ON heartbeats TO tact_healer;
GRANT UPDATE ON integrity_findings TO tact_queuer; -- it watches the healer, and takes back what it said when the healer is there again
GRANT INSERT ON send_attempts, send_queue TO tact_healer; -- what an adoption finds at the provider and not in the ledger

-- Every service says which of its consumers stopped; the healer ends what a dead process said.
GRANT INSERT, UPDATE ON consumer_stops TO tact_queuer, tact_sender, tact_poller, tact_healer;
-- A person's command remembers what it put back into its topic.
GRANT INSERT, UPDATE ON redriven_letters TO tact_queuer, tact_healer;

-- healer: notices.
GRANT INSERT, UPDATE ON notices, notice_channels, notice_deliveries TO tact_healer;

-- queuer: one notice, that no healer lives. Of a channel it sees what it needs to choose; the secret only for that notice, through take_alarms().
GRANT SELECT (id, workspace_id, name, kinds, every_kind, enabled, removed_at) ON notice_channels TO tact_queuer;
GRANT INSERT (workspace_id, name, medium, target, kinds, every_kind) ON notice_channels TO tact_queuer;
GRANT INSERT ON notices, notice_deliveries, health_alerts TO tact_queuer;
GRANT UPDATE (state, next_at, last_status, last_error, delivered_at) ON notice_deliveries TO tact_queuer;
GRANT UPDATE (told) ON health_alerts TO tact_queuer;
GRANT EXECUTE ON FUNCTION take_alarms(integer, interval) TO tact_queuer;
REVOKE EXECUTE ON FUNCTION take_alarms(integer, interval) FROM PUBLIC;

-- history: kept by triggers that run in the role that changes a row, pruned by the healer.
GRANT INSERT ON history, account_spacing_history, clock_history TO tact_queuer, tact_sender, tact_poller, tact_healer;
GRANT DELETE ON history, account_spacing_history TO tact_healer;
GRANT UPDATE ON history_floor TO tact_healer;

-- health: a component that changes the queue notes the change, the healer counts.
GRANT INSERT ON queue_changes TO tact_queuer, tact_sender, tact_poller, tact_healer;
GRANT UPDATE, DELETE ON queue_changes TO tact_healer;
GRANT INSERT, UPDATE, DELETE ON queue_counts, queue_hours, health_history, repair_times TO tact_healer;
GRANT INSERT, UPDATE, DELETE ON cause_days, risk_reports TO tact_healer;
GRANT INSERT, UPDATE ON service_versions TO tact_queuer, tact_sender, tact_poller, tact_healer;
GRANT DELETE ON service_versions TO tact_healer;
GRANT INSERT, UPDATE ON health_alerts TO tact_healer;
GRANT UPDATE ON health_state TO tact_healer;
GRANT UPDATE (repair_objective) ON workspaces TO tact_healer;

GRANT EXECUTE ON FUNCTION apply_repair(bigint, text, bigint, boolean) TO tact_healer;
REVOKE EXECUTE ON FUNCTION apply_repair(bigint, text, bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION apply_together(bigint[], text, bigint, boolean) TO tact_healer;
REVOKE EXECUTE ON FUNCTION apply_together(bigint[], text, bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reopen(uuid, text, text, timestamptz) TO tact_queuer, tact_healer;
REVOKE EXECUTE ON FUNCTION reopen(uuid, text, text, timestamptz) FROM PUBLIC;
