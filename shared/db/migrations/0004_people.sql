CREATE TABLE lead_batches (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES workspaces,
  campaign_id  uuid NOT NULL REFERENCES campaigns,
  file_name    text NOT NULL,
  file_format  text NOT NULL,
  rows_in      bigint NOT NULL DEFAULT 0,
  rows_stored  bigint NOT NULL DEFAULT 0,
  rows_known   bigint NOT NULL DEFAULT 0, -- of the stored ones, those that were here already
  rows_refused bigint NOT NULL DEFAULT 0,
  finished_at  timestamptz,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE leads (
  id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id          uuid NOT NULL REFERENCES workspaces,
  identity              text NOT NULL, -- in:<vanity>, id:<ACo…>, sn:<ACw…> or mail:<address>: the best one the import had
  campaign_id           uuid REFERENCES campaigns, -- of the one active prospect
  first_name            text NOT NULL DEFAULT '',
  last_name             text NOT NULL DEFAULT '',
  company               text NOT NULL DEFAULT '',
  title                 text NOT NULL DEFAULT '',
  location              text NOT NULL DEFAULT '',
  linkedin_vanity       text,
  linkedin_id           text, -- classic, ACo… or ADo…
  sales_navigator_id    text, -- ACw…
  email                 text,
  connected_on          date, -- LinkedIn's own export says since when
  tags                  text[] NOT NULL DEFAULT '{}',
  extra                 jsonb NOT NULL DEFAULT '{}',
  sms_stop              boolean NOT NULL DEFAULT false,
  booked                boolean NOT NULL DEFAULT false,
  processing_status     text,
  sms_sequence_position integer,
  last_reply_at         timestamptz, -- business; the policy reads it, so a step planned at the same moment stops too
  opted_out_at          timestamptz,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, identity)
);
CREATE INDEX leads_linkedin_id ON leads (linkedin_id) WHERE linkedin_id IS NOT NULL;
CREATE INDEX leads_linkedin_vanity ON leads (linkedin_vanity) WHERE linkedin_vanity IS NOT NULL;
CREATE INDEX leads_email ON leads (workspace_id, lower(email)) WHERE email IS NOT NULL;

CREATE TABLE prospect_approval_data (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES workspaces,
  batch_id     uuid NOT NULL REFERENCES lead_batches,
  campaign_id  uuid NOT NULL REFERENCES campaigns,
  lead_id      uuid NOT NULL REFERENCES leads,
  line         bigint NOT NULL, -- of the file
  status       approval_status NOT NULL DEFAULT 'waiting',
  decided_at   timestamptz,
  decided_by   text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (campaign_id, lead_id)
);
CREATE INDEX prospect_approval_data_waiting ON prospect_approval_data (campaign_id, batch_id, id) WHERE status = 'waiting';

-- Who a lead is to one account: provider ids may differ by viewer, so they are resolved and kept per account.
CREATE TABLE recipients (
  account_id        uuid NOT NULL REFERENCES accounts,
  lead_id           uuid NOT NULL REFERENCES leads,
  workspace_id      uuid NOT NULL REFERENCES workspaces,
  provider_id       text NOT NULL,
  public_identifier text,
  network_distance  text,  -- as the provider said it at resolved_at
  invitation_status text,
  resolved_at       timestamptz NOT NULL,
  connected_at      timestamptz, -- seen as a relation of this account
  chat_id           text,
  updated_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, lead_id)
);
CREATE INDEX recipients_provider_id ON recipients (account_id, provider_id);
CREATE INDEX recipients_lead ON recipients (lead_id);

CREATE TABLE suppressions (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid REFERENCES workspaces, -- NULL: everywhere
  kind         text NOT NULL CHECK (kind IN ('person', 'email', 'company', 'domain')),
  value        text NOT NULL, -- a lead's identity, or the lower-cased e-mail, company or domain
  reason       text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX suppressions_unique ON suppressions (kind, value, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'));
