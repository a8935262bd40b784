-- name: set_clock!
-- A Tuesday at 11:00 in New York, at real speed: every account is inside its hours for the whole run.
UPDATE stack_clock SET anchored_at = clock_timestamp(), business_at = :at, speed = 1, leaps = false, version = version + 1;

-- name: leap!
-- Over the accounts' spacing; the only time a run does not wait out.
UPDATE stack_clock SET business_at = business_at + :over::interval, version = version + 1;

-- name: seed_workspaces!
INSERT INTO workspaces (id, company_name, email)
SELECT md5('workspace ' || n)::uuid, 'Company ' || n, 'owner@company.example' FROM generate_series(0, (:accounts::int - 1) / 200) n;

-- name: seed_accounts!
-- Asleep until they are released.
INSERT INTO accounts (id, workspace_id, provider_account_id, name, account_type)
SELECT md5('account ' || n)::uuid, md5('workspace ' || n / 200)::uuid, 'bench-account-' || n, 'Account ' || n, 'premium'
  FROM generate_series(0, :accounts::int - 1) n;

-- name: seed_campaigns!
INSERT INTO campaigns (id, workspace_id, campaign_name, campaign_type, status, linkedin_account_id, message_templates)
SELECT md5('campaign ' || n)::uuid, md5('workspace ' || n / 4)::uuid, 'Campaign ' || n, 'connector', 'running', md5('account ' || n * 50)::uuid,
       '{"connection_request": "Hi {first_name|there}"}'
  FROM generate_series(0, (:accounts::int - 1) / 50) n;

-- name: seed_campaign_accounts!
INSERT INTO campaign_accounts (campaign_id, account_id, position)
SELECT md5('campaign ' || n / 50)::uuid, md5('account ' || n)::uuid, n % 50 + 1 FROM generate_series(0, :accounts::int - 1) n;

-- name: seed_workflows!
INSERT INTO workflows (id, campaign_id, version)
SELECT md5('workflow ' || n)::uuid, md5('campaign ' || n)::uuid, 1 FROM generate_series(0, (:accounts::int - 1) / 50) n;

-- name: seed_steps!
INSERT INTO workflow_steps (workflow_id, position, message_type, action, requires_connection, template)
SELECT md5('workflow ' || n)::uuid, 1, 'connection_request', 'invitation', false, 'Hi {first_name|there}'
  FROM generate_series(0, (:accounts::int - 1) / 50) n;

-- name: seed_lanes!
INSERT INTO lanes (account_id, campaign_id, action)
SELECT md5('account ' || n)::uuid, md5('campaign ' || n / 50)::uuid, 'invitation' FROM generate_series(0, :accounts::int - 1) n;

-- name: seed_leads!
-- One person per account and turn; the classic id is known, so no profile is looked up first.
INSERT INTO leads (id, workspace_id, identity, linkedin_id, first_name, last_name, campaign_id)
SELECT md5('lead ' || :turn::int || ' ' || n)::uuid, md5('workspace ' || n / 200)::uuid, 'id:' || person.id, person.id, 'Ana', 'Prova',
       md5('campaign ' || n / 50)::uuid
  FROM generate_series(:first::int, :last::int) n CROSS JOIN LATERAL (SELECT 'ACoAAB' || lpad(:turn::int::text, 4, '0') || lpad(n::text, 12, '0') AS id) person;

-- name: seed_prospects!
INSERT INTO campaign_prospects (id, workspace_id, campaign_id, lead_id, account_id, workflow_id)
SELECT md5('prospect ' || :turn::int || ' ' || n)::uuid, md5('workspace ' || n / 200)::uuid, md5('campaign ' || n / 50)::uuid,
       md5('lead ' || :turn::int || ' ' || n)::uuid, md5('account ' || n)::uuid, md5('workflow ' || n / 50)::uuid
  FROM generate_series(:first::int, :last::int) n;

-- name: seed_sends!
-- The nth falls due `apart` times n after `due`.
INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action, next_action,
                        linkedin_user_id, message, message_sha256, scheduled_for)
SELECT md5('send ' || :turn::int || ' ' || n)::uuid, p.workspace_id, p.campaign_id, p.id, p.lead_id, p.account_id, 'connection_request', 1, 'invitation',
       'invitation', l.linkedin_id, said.words, sha256(convert_to(said.words, 'UTF8')), :due::timestamptz + :apart::interval * (n - :first::int)
  FROM generate_series(:first::int, :last::int) n
  JOIN campaign_prospects p ON p.id = md5('prospect ' || :turn::int || ' ' || n)::uuid
  JOIN leads l ON l.id = p.lead_id
 CROSS JOIN (SELECT 'Hi Ana, good to meet you.' AS words) said;

-- name: wake!
-- As planning does: the account looks at itself again when its send is due.
WITH due AS MATERIALIZED (
  SELECT account_id, scheduled_for FROM send_queue WHERE status = 'pending' AND scheduled_for >= :since AND scheduled_for <= :until
), mine AS MATERIALIZED (
  SELECT md5('account ' || n)::uuid AS id FROM generate_series(:first::int, :last::int) n
)
UPDATE accounts a SET wake_at = least(coalesce(a.wake_at, 'infinity'), due.scheduled_for)
  FROM due JOIN mine ON mine.id = due.account_id
 WHERE a.id = due.account_id;

-- name: awake$
-- Accounts that would be looked at now, or are in hand.
SELECT count(*) FROM accounts WHERE wake_at <= business_now() OR lease_until IS NOT NULL;

-- name: burst^
-- From the first decision to the last answer, by the database's own clock, over the attempts decided since a moment.
SELECT count(*) FILTER (WHERE state = 'accepted')::int AS accepted, count(*)::int AS attempts,
       extract(epoch FROM max(updated_at) - min(created_at))::float8 AS seconds
  FROM send_attempts WHERE decided_at >= :since;

-- name: lateness
-- How long after its planned moment each was decided, in seconds of business time (the clock runs at real speed).
SELECT extract(epoch FROM a.decided_at - s.scheduled_for)::float8 AS late, extract(epoch FROM a.answered_at - s.scheduled_for)::float8 AS answered
  FROM send_attempts a JOIN send_queue s ON s.id = a.send_id
 WHERE s.scheduled_for >= :since AND a.state = 'accepted';

-- name: states
SELECT status::text AS status, count(*)::int AS many FROM send_queue GROUP BY status ORDER BY status;

-- name: statements
SELECT s.query, r.rolname AS role, s.total_exec_time::float8 / 1000 AS seconds
  FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid JOIN pg_database d ON d.oid = s.dbid
 WHERE d.datname = current_database() AND r.rolname <> current_user;
