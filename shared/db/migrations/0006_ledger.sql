-- The ledger: one row for every time something was about to leave. It decides what happened, not the broker.
CREATE TABLE send_attempts (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id    uuid NOT NULL REFERENCES workspaces,
  campaign_id     uuid NOT NULL REFERENCES campaigns,
  prospect_id     uuid NOT NULL REFERENCES campaign_prospects,
  lead_id         uuid NOT NULL REFERENCES leads,
  account_id      uuid NOT NULL REFERENCES accounts,
  send_id         uuid NOT NULL REFERENCES send_queue,
  action          action NOT NULL,
  state           attempt_state NOT NULL DEFAULT 'intent',
  owner           text NOT NULL,        -- which sender process
  dispatch_no     integer NOT NULL,
  recipient_id    text,                 -- the resolved provider id; NULL for the look-up that resolves it
  message_sha256  bytea,
  decided_at      timestamptz NOT NULL, -- business
  valid_until     timestamptz NOT NULL, -- business: the decision's own end
  act_by          timestamptz NOT NULL, -- technical: the call must have begun by then
  counted_on      date NOT NULL,        -- the account's local day whose budget it took
  given_back      boolean NOT NULL DEFAULT false,
  answered_at     timestamptz,          -- business
  http_status     integer,
  error_type      text,
  error_detail    text,
  provider_ref    text,                 -- invitation or message id
  chat_id         text,
  picture         jsonb,                -- what the provider showed of the recipient before
  evidence        jsonb,                -- what settled an unknown
  look_after      timestamptz,          -- technical: when an unknown may be looked up (again)
  looks           integer NOT NULL DEFAULT 0,
  needs_person    boolean NOT NULL DEFAULT false,
  withdrawn_at    timestamptz,          -- business
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
-- The two that say no to everything else, and the one that keeps an account to one call at a time.
CREATE UNIQUE INDEX send_attempts_one_live_per_send ON send_attempts (send_id)
  WHERE state IN ('intent', 'unknown', 'accepted') AND action <> 'profile_lookup';
CREATE UNIQUE INDEX send_attempts_one_live_invitation ON send_attempts (workspace_id, recipient_id)
  WHERE action = 'invitation' AND state IN ('intent', 'unknown', 'accepted') AND withdrawn_at IS NULL;
CREATE UNIQUE INDEX send_attempts_one_intent_per_account ON send_attempts (account_id) WHERE state = 'intent';
CREATE INDEX send_attempts_send ON send_attempts (send_id);
CREATE INDEX send_attempts_intents ON send_attempts (act_by) WHERE state = 'intent';
CREATE INDEX send_attempts_unknown ON send_attempts (look_after) WHERE state = 'unknown' AND NOT needs_person;
CREATE INDEX send_attempts_week ON send_attempts (account_id, decided_at) WHERE action = 'invitation' AND NOT given_back;

-- Everything the provider ever showed us, append-only: it can be matched again at any time.
CREATE TABLE observations (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces,
  account_id   uuid NOT NULL REFERENCES accounts,
  kind         text NOT NULL CHECK (kind IN ('relation', 'invitation', 'message', 'profile', 'status')),
  provider_key text NOT NULL, -- what makes it this one: the person, the message id, the invitation id
  person_id    text,
  source       text NOT NULL CHECK (source IN ('webhook', 'poll', 'lookup', 'baseline')),
  happened_at  timestamptz,          -- as the provider says
  observed_at  timestamptz NOT NULL, -- business
  payload      jsonb NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account_id, kind, provider_key)
);
CREATE INDEX observations_person ON observations (account_id, person_id) WHERE person_id IS NOT NULL;

CREATE TABLE campaign_messages (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id        uuid NOT NULL REFERENCES workspaces,
  account_id          uuid NOT NULL REFERENCES accounts,
  lead_id             uuid NOT NULL REFERENCES leads,
  campaign_id         uuid REFERENCES campaigns,
  prospect_id         uuid REFERENCES campaign_prospects,
  send_id             uuid REFERENCES send_queue,
  attempt_id          bigint REFERENCES send_attempts,
  direction           text NOT NULL CHECK (direction IN ('out', 'in')),
  message_type        text,
  provider_message_id text,
  chat_id             text,
  text                text NOT NULL,
  reply               reply, -- what kind of answer, for those that came in
  said_at             timestamptz NOT NULL, -- business
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CHECK ((reply IS NOT NULL) = (direction = 'in'))
);
CREATE UNIQUE INDEX campaign_messages_provider_unique ON campaign_messages (account_id, provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE UNIQUE INDEX campaign_messages_attempt_unique ON campaign_messages (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX campaign_messages_lead ON campaign_messages (lead_id, said_at);
ALTER TABLE campaign_prospects ADD CONSTRAINT campaign_prospects_reply_message FOREIGN KEY (reply_message_id) REFERENCES campaign_messages;
