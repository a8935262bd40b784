-- What a restored database, or a second stack on a copy, cannot have right at the same time: who PostgreSQL and Kafka were when
-- the stack was adopted, and the ledger's head as it was last written to both (docs/adr/0023).
CREATE TABLE stack_fence (
  only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  stack_id          uuid,                        -- key of its heads in Kafka; NULL until the stack is adopted for the first time
  epoch             integer NOT NULL DEFAULT 0,  -- how often it was adopted
  system_identifier bigint,                      -- PostgreSQL's, when it was adopted
  timeline          integer,
  kafka_cluster     text,
  seq               bigint NOT NULL DEFAULT 0,   -- the head: one more every second
  token             uuid,                        -- drawn for each head, so that two databases never write the same one
  previous          uuid,                        -- the token of the head before
  attempt_id        bigint NOT NULL DEFAULT 0,   -- the newest attempt of the ledger at that moment
  beat_at           timestamptz,                 -- technical
  business_at       timestamptz,
  read_only_since   timestamptz,                 -- technical; nothing leaves until `tact adopt --apply` clears it
  read_only_why     text,
  neighbours        text[] NOT NULL DEFAULT '{}', -- webhook addresses of other stacks that a person said may stand beside ours
  foreign_webhooks  text[] NOT NULL DEFAULT '{}', -- those that were found and nobody has decided about
  updated_at        timestamptz NOT NULL DEFAULT now(),
  CHECK ((read_only_since IS NULL) = (read_only_why IS NULL)),
  CHECK ((seq > 0) = (token IS NOT NULL))
) WITH (fillfactor = 50);
INSERT INTO stack_fence DEFAULT VALUES;

-- Adoptions that a person asked for, and how far the healer is with reading the provider's evidence.
CREATE TABLE stack_adoptions (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  requested_by text NOT NULL,
  differences  text[] NOT NULL,
  lost_from    timestamptz NOT NULL, -- business: the ledger knows what left before
  lost_until   timestamptz NOT NULL, -- business
  head         jsonb,                -- the last one that Kafka knows of this stack
  webhooks     text CHECK (webhooks IN ('keep', 'remove')), -- what becomes of other stacks' registrations at the provider
  state        text NOT NULL DEFAULT 'reading' CHECK (state IN ('reading', 'done')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX stack_adoptions_one_at_a_time ON stack_adoptions ((true)) WHERE state = 'reading';

CREATE TABLE stack_adoption_accounts (
  adoption_id bigint NOT NULL REFERENCES stack_adoptions,
  account_id  uuid NOT NULL REFERENCES accounts,
  state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'read', 'unreadable')),
  why         text,              -- it could not be read; the account stays paused until it was
  tries       integer NOT NULL DEFAULT 0,
  invitations integer NOT NULL DEFAULT 0, -- found at the provider and not in the ledger
  messages    integer NOT NULL DEFAULT 0,
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (adoption_id, account_id)
);
