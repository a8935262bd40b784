-- The ledger's seals: per account a chain of links, each over the facts of one attempt and the link before it (docs/adr/0024).
-- A link is never changed: a late change of an attempt is a further link. No key leads to send_attempts, for a link must outlive
-- a row that somebody deletes.
CREATE TABLE attempt_seals (
  account_id uuid NOT NULL REFERENCES accounts,
  link_no    bigint NOT NULL CHECK (link_no > 0), -- of the account, without gaps
  attempt_id bigint NOT NULL,
  form       smallint NOT NULL,                   -- which form the facts were written in (shared/ledger/facts.py)
  facts      text NOT NULL,                       -- as they were hashed, byte by byte
  hash       bytea NOT NULL CHECK (length(hash) = 32),
  sealed_at  timestamptz NOT NULL,                -- technical
  PRIMARY KEY (account_id, link_no)
);
CREATE UNIQUE INDEX attempt_seals_attempt ON attempt_seals (account_id, attempt_id, link_no);

-- Where each chain ends: a link that is cut off at the end is missed.
CREATE TABLE account_seals (
  account_id uuid PRIMARY KEY REFERENCES accounts,
  links      bigint NOT NULL,
  head       bytea NOT NULL CHECK (length(head) = 32),
  sealed_at  timestamptz NOT NULL -- technical
) WITH (fillfactor = 70);

-- How far: every attempt up to this one has a link, is an intent still, or waits in seal_queue.
CREATE TABLE ledger_seal (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  sealed_to bigint NOT NULL DEFAULT 0
);
INSERT INTO ledger_seal DEFAULT VALUES;

-- Attempts to be looked at again: intents that the job has passed, and what changed after its answer. Without a key or an
-- index, so that nobody who writes one waits for another.
CREATE TABLE seal_queue (
  attempt_id bigint NOT NULL,
  account_id uuid NOT NULL -- as it was: a changed account must not begin a chain of its own
);
