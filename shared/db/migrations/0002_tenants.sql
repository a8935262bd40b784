CREATE TABLE workspaces (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  company_name      text NOT NULL CHECK (btrim(company_name) <> ''),
  email             text NOT NULL CHECK (email LIKE '%_@_%'),
  airtable_base_id  text NOT NULL DEFAULT '', -- callers of older versions always send it, often empty
  is_active         boolean NOT NULL DEFAULT true,
  tier              text NOT NULL DEFAULT 'standard',
  daily_cr_limit    integer CHECK (daily_cr_limit BETWEEN 1 AND 100), -- per account, within the type's maximum
  schedule_settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(schedule_settings) = 'object'),
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX workspaces_company_name_unique ON workspaces (lower(company_name));

CREATE TABLE api_tokens (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid REFERENCES workspaces, -- NULL: every workspace (the operators of the platform)
  role         role NOT NULL,
  name         text NOT NULL,
  token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32), -- the token itself is shown once and never stored
  created_at   timestamptz NOT NULL DEFAULT now(),
  revoked_at   timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE accounts (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id        uuid NOT NULL REFERENCES workspaces,
  channel             channel NOT NULL DEFAULT 'linkedin',
  provider_account_id text NOT NULL UNIQUE, -- Unipile's account id
  provider_user_id    text UNIQUE,          -- /users/me: one member is one account, under whatever name it was connected again
  name                text NOT NULL,
  account_type        account_type NOT NULL DEFAULT 'free',
  country             text NOT NULL DEFAULT 'US', -- as the holidays library spells it: US, DE-BY
  timezone            text NOT NULL DEFAULT 'America/New_York',
  timezone_next       text,        -- a new zone waits until both have passed midnight, else a day would count twice
  timezone_from       timestamptz, -- business time from which timezone_next holds
  status              account_status NOT NULL DEFAULT 'usable',
  status_reason       text,
  status_version      bigint NOT NULL DEFAULT 0,
  status_changed_at   timestamptz NOT NULL DEFAULT now(),
  schedule_settings   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(schedule_settings) = 'object'),
  daily_cr_limit      integer CHECK (daily_cr_limit BETWEEN 1 AND 100),
  next_free_at        timestamptz, -- business: the spacing after the last answer is over
  wake_at             timestamptz, -- business: the earliest moment at which this account may have something to do; NULL: nothing, or in hand
  lease_until         timestamptz, -- technical: in somebody's hand (a dispatch, an intent, a read) until then
  lease_holder        text,
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CHECK ((timezone_next IS NULL) = (timezone_from IS NULL)),
  CHECK ((lease_until IS NULL) = (lease_holder IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX accounts_workspace ON accounts (workspace_id);
CREATE INDEX accounts_awake ON accounts (wake_at) WHERE wake_at IS NOT NULL AND lease_until IS NULL AND status = 'usable';
CREATE INDEX accounts_leased ON accounts (lease_until) WHERE lease_until IS NOT NULL;

-- What an account did on one of its own days. Counted in the transaction that commits the intent, given back to the same day.
CREATE TABLE account_usage (
  account_id uuid NOT NULL REFERENCES accounts,
  local_date date NOT NULL,
  action     action NOT NULL,
  used       integer NOT NULL DEFAULT 0 CHECK (used >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, local_date, action)
) WITH (fillfactor = 70);

-- After a limit signal of the provider one kind of action rests; `level` doubles the rest each time.
CREATE TABLE account_cool_downs (
  account_id uuid NOT NULL REFERENCES accounts,
  action     action NOT NULL,
  until      timestamptz NOT NULL,
  level      integer NOT NULL DEFAULT 1 CHECK (level >= 1),
  reason     text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, action)
);

-- Reads of the provider (relations, chats, sent invitations) that the poller and the healer pace by account.
CREATE TABLE account_reads (
  account_id   uuid NOT NULL REFERENCES accounts,
  kind         text NOT NULL CHECK (kind IN ('relations', 'chats', 'invitations_sent', 'status')),
  next_at      timestamptz NOT NULL, -- business
  cursor       jsonb,
  baseline_at  timestamptz,          -- business: the first read was a baseline, not a wave of news
  last_read_at timestamptz,          -- business
  failures     integer NOT NULL DEFAULT 0,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, kind)
);
CREATE INDEX account_reads_due ON account_reads (next_at);
