CREATE TABLE campaigns (
  id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id           uuid NOT NULL REFERENCES workspaces,
  campaign_name          text NOT NULL CHECK (btrim(campaign_name) <> ''),
  campaign_type          campaign_type NOT NULL,
  status                 campaign_status NOT NULL DEFAULT 'draft',
  is_active              boolean GENERATED ALWAYS AS (status = 'running') STORED,
  linkedin_account_id    uuid REFERENCES accounts, -- the first of campaign_accounts
  message_templates      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(message_templates) = 'object'), -- message_type -> text
  step_delays            jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(step_delays) = 'object'),       -- message_type -> hours
  schedule_settings      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(schedule_settings) = 'object'),
  on_missing             missing_value NOT NULL DEFAULT 'block',
  next_account           integer NOT NULL DEFAULT 0, -- round robin over campaign_accounts
  prospects_count        integer NOT NULL DEFAULT 0,
  active_leads_count     integer NOT NULL DEFAULT 0,
  completed_leads_count  integer NOT NULL DEFAULT 0,
  opted_out_count        integer NOT NULL DEFAULT 0,
  booked_count           integer NOT NULL DEFAULT 0,
  emails_scheduled_count integer NOT NULL DEFAULT 0,
  emails_sent_count      integer NOT NULL DEFAULT 0,
  auto_discovered        boolean NOT NULL DEFAULT false,
  last_enrollment_at     timestamptz,
  actual_started_at      timestamptz,
  paused_at              timestamptz,
  resumed_at             timestamptz,
  completed_at           timestamptz,
  deactivated_at         timestamptz,
  created_at             timestamptz NOT NULL DEFAULT now(),
  updated_at             timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX campaigns_name_unique ON campaigns (workspace_id, lower(campaign_name));
CREATE INDEX campaigns_running ON campaigns (id) WHERE status = 'running';

CREATE TABLE campaign_accounts (
  campaign_id uuid NOT NULL REFERENCES campaigns,
  account_id  uuid NOT NULL REFERENCES accounts,
  position    integer NOT NULL,
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, account_id),
  UNIQUE (campaign_id, position)
);
CREATE INDEX campaign_accounts_account ON campaign_accounts (account_id);

-- Concurrent increments of one counter row deadlocked, so counts arrive as rows and one job folds them (docs/adr/0006).
CREATE TABLE campaign_counter_deltas (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign_id uuid NOT NULL REFERENCES campaigns,
  counter     text NOT NULL CHECK (counter IN ('prospects', 'active_leads', 'completed_leads', 'opted_out', 'booked', 'emails_scheduled', 'emails_sent')),
  delta       integer NOT NULL,
  updated_at  timestamptz NOT NULL DEFAULT now()
);

-- The steps of a campaign. A prospect keeps the version it was enrolled with; a change of steps makes the next version.
CREATE TABLE workflows (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  campaign_id uuid NOT NULL REFERENCES campaigns,
  version     integer NOT NULL CHECK (version >= 1),
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (campaign_id, version)
);
CREATE TABLE workflow_steps (
  workflow_id         uuid NOT NULL REFERENCES workflows,
  position            integer NOT NULL CHECK (position >= 1),
  message_type        text NOT NULL CHECK (message_type ~ '^(connection_request|(direct_message|follow_up|email)_[1-9][0-9]?)$'),
  action              action NOT NULL CHECK (action <> 'profile_lookup'),
  delay               interval NOT NULL DEFAULT '0', -- after the acceptance or the step before
  requires_connection boolean NOT NULL,
  template            text NOT NULL,
  updated_at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workflow_id, position),
  UNIQUE (workflow_id, message_type)
);
CREATE TABLE email_templates (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES workspaces,
  name         text NOT NULL,
  subject      text NOT NULL,
  body         text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, name)
);
