-- What people are told: one row per thing that happened, one per way it is told to each of them.
CREATE TYPE notice_kind AS ENUM ('send_failed', 'account_paused', 'account_disconnected', 'test');
CREATE TYPE notice_medium AS ENUM ('webhook', 'slack', 'email');
CREATE TYPE delivery_state AS ENUM ('waiting', 'delivered', 'given_up', 'held_back');

CREATE TABLE notice_channels (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES workspaces,
  name         text NOT NULL CHECK (btrim(name) <> ''),
  medium       notice_medium NOT NULL,
  target       text NOT NULL, -- an address, of the web or of mail; Slack's is a secret by itself
  secret       text,          -- signs a webhook's requests, so it is kept as it is; the healer's role alone may read it
  kinds        notice_kind[] NOT NULL CHECK (cardinality(kinds) > 0),
  enabled      boolean NOT NULL DEFAULT true,
  removed_at   timestamptz,   -- the log of what went through it stays
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CHECK ((medium = 'webhook' AND removed_at IS NULL) = (secret IS NOT NULL))
);
CREATE UNIQUE INDEX notice_channels_name_unique ON notice_channels (workspace_id, lower(name)) WHERE removed_at IS NULL;
CREATE INDEX notice_channels_workspace ON notice_channels (workspace_id);

CREATE TABLE notices (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces,
  kind         notice_kind NOT NULL,
  dedupe_key   text NOT NULL, -- names the one thing that happened, so that an event told again is no second notice
  about        uuid NOT NULL, -- the campaign, the account or the channel that a flood would be of
  subject      text NOT NULL,
  text         text NOT NULL,
  details      jsonb NOT NULL DEFAULT '{}',
  happened_at  timestamptz NOT NULL, -- business
  told         boolean NOT NULL,     -- or only kept: too old, or one of a flood
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notices_dedupe_unique UNIQUE (dedupe_key)
);
CREATE INDEX notices_workspace ON notices (workspace_id, id);
CREATE INDEX notices_told ON notices (about, kind, created_at) WHERE told; -- counting a flood costs what was told of it

CREATE TABLE notice_deliveries (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(), -- the same on every try: the receiver knows a repetition by it
  workspace_id uuid NOT NULL REFERENCES workspaces,
  notice_id    bigint NOT NULL REFERENCES notices,
  channel_id   uuid NOT NULL REFERENCES notice_channels,
  state        delivery_state NOT NULL DEFAULT 'waiting',
  attempts     integer NOT NULL DEFAULT 0,
  next_at      timestamptz NOT NULL DEFAULT clock_timestamp(), -- technical: the next try, or the end of the lease of the one under way
  last_status  integer,     -- what the receiver's server answered, of HTTP or of SMTP
  last_error   text,
  delivered_at timestamptz, -- technical
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT notice_deliveries_once UNIQUE (notice_id, channel_id),
  CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX notice_deliveries_due ON notice_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX notice_deliveries_channel ON notice_deliveries (channel_id) WHERE state = 'waiting';
