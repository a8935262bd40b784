-- name: seed_workspaces!
INSERT INTO workspaces (id, company_name, email)
SELECT md5('workspace ' || n)::uuid, 'Company ' || n, 'owner@company.example' FROM generate_series(0, :campaigns::int / 20) n;

-- name: seed_accounts!
-- Account n belongs to campaign n modulo their number, so that each campaign has its share of the accounts from the beginning.
INSERT INTO accounts (id, workspace_id, provider_account_id, name, account_type, country, timezone)
SELECT md5('account ' || n)::uuid, md5('workspace ' || n % :campaigns::int / 20)::uuid, 'chaos-account-' || n, 'Account ' || n, 'premium', 'US',
       'America/New_York'
  FROM generate_series(0, :accounts::int - 1) n;

-- name: seed_campaigns!
INSERT INTO campaigns (id, workspace_id, campaign_name, campaign_type, status, linkedin_account_id, message_templates)
SELECT md5('campaign ' || n)::uuid, md5('workspace ' || n / 20)::uuid, 'Campaign ' || n, 'connector', 'draft', md5('account ' || n)::uuid,
       '{"connection_request": "Hi {first_name|there}", "direct_message_1": "Thanks, {first_name|friend}"}'
  FROM generate_series(0, :campaigns::int - 1) n;

-- name: seed_campaign_accounts!
INSERT INTO campaign_accounts (campaign_id, account_id, position)
SELECT md5('campaign ' || n % :campaigns::int)::uuid, md5('account ' || n)::uuid, n / :campaigns::int + 1
  FROM generate_series(0, :accounts::int - 1) n;

-- name: seed_workflows!
INSERT INTO workflows (id, campaign_id, version)
SELECT md5('workflow ' || n)::uuid, md5('campaign ' || n)::uuid, 1 FROM generate_series(0, :campaigns::int - 1) n;

-- name: seed_steps!
INSERT INTO workflow_steps (workflow_id, position, message_type, action, delay, requires_connection, template)
SELECT md5('workflow ' || n)::uuid, step.position, step.message_type, step.action::action, step.delay, step.position > 1, step.template
  FROM generate_series(0, :campaigns::int - 1) n
 CROSS JOIN (VALUES (1, 'connection_request', 'invitation', interval '0', 'Hi {first_name|there}'),
                    (2, 'direct_message_1', 'message', :follow_up_after::interval, 'Thanks, {first_name|friend}'))
         AS step(position, message_type, action, delay, template);

-- name: seed_leads!
-- One of ten is known by the vanity alone, so that look-ups are killed and cut as well.
INSERT INTO leads (id, workspace_id, identity, linkedin_id, linkedin_vanity, first_name, last_name, campaign_id)
SELECT md5('lead ' || n)::uuid, md5('workspace ' || n % :campaigns::int / 20)::uuid,
       CASE WHEN n % 10 = 9 THEN 'in:chaos-person-' || n ELSE 'id:' || who.id END, CASE WHEN n % 10 = 9 THEN NULL ELSE who.id END,
       'chaos-person-' || n, 'Ana', 'Prova', md5('campaign ' || n % :campaigns::int)::uuid
  FROM generate_series(0, :people::int - 1) n CROSS JOIN LATERAL (SELECT 'ACoAACha' || lpad(n::text, 10, '0') AS id) who;

-- name: seed_prospects!
INSERT INTO campaign_prospects (id, workspace_id, campaign_id, lead_id)
SELECT md5('prospect ' || n)::uuid, md5('workspace ' || n % :campaigns::int / 20)::uuid, md5('campaign ' || n % :campaigns::int)::uuid,
       md5('lead ' || n)::uuid
  FROM generate_series(0, :people::int - 1) n;

-- name: campaigns
SELECT id FROM campaigns WHERE status = 'draft' ORDER BY campaign_name;

-- name: under_way^
-- What a run still waits for, and what it cannot: a send held for a connection, or one that waits for a person.
SELECT business_now() AS now,
       (SELECT count(*) FROM send_attempts WHERE state = 'intent')::int AS intents,
       (SELECT count(*) FROM send_attempts WHERE state = 'unknown' AND NOT needs_person)::int AS unknown,
       (SELECT coalesce(sum(CASE WHEN action = 'invitation' AND right(recipient_id, 10)::int % 5 < :accept_of_five THEN 2 ELSE 1 END), 0)
          FROM send_attempts WHERE state = 'unknown' AND needs_person)::int AS for_a_person, -- an invitation keeps its follow-up back
       (SELECT count(*) FROM send_queue WHERE is_open(status))::int AS planned,
       (SELECT count(*) FROM outbox WHERE published_at IS NULL)::int AS outbox;

-- name: waiting
-- Attempts of unknown outcome, with what the provider's lists said.
SELECT a.action::text AS action, coalesce(a.recipient_id, s.linkedin_user_id) AS recipient, a.needs_person,
       jsonb_array_length(coalesce(a.evidence, '[]')) AS looks, a.error_detail
  FROM send_attempts a JOIN send_queue s ON s.id = a.send_id
 WHERE a.state = 'unknown' ORDER BY a.id;

-- name: ends
-- How sends ended, for the report.
SELECT status::text AS status, coalesce(error_message, '') AS why, count(*)::int AS many FROM send_queue GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;

-- name: states
SELECT state::text AS state, count(*)::int AS many FROM send_attempts WHERE action <> 'profile_lookup' GROUP BY 1 ORDER BY 1;
