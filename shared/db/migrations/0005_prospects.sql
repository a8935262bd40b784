CREATE TABLE campaign_prospects (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id      uuid NOT NULL REFERENCES workspaces,
  campaign_id       uuid NOT NULL REFERENCES campaigns,
  lead_id           uuid NOT NULL REFERENCES leads,
  enrolment_no      integer NOT NULL DEFAULT 1 CHECK (enrolment_no >= 1),
  status            prospect_status NOT NULL DEFAULT 'pending',
  account_id        uuid REFERENCES accounts,  -- sticky from the first plan on
  workflow_id       uuid REFERENCES workflows, -- pinned when enrolled
  contacted_at      timestamptz,
  connected_at      timestamptz,
  follow_up_due_at  timestamptz,
  last_follow_up_at timestamptz,
  completed_at      timestamptz,
  withdrawn_at      timestamptz,
  hold_until        timestamptz, -- out of office
  resumed_at        timestamptz,
  reply_message_id  uuid,
  outcome           text,        -- undeliverable, finished, ...
  error_message     text,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT campaign_prospects_enrolment_unique UNIQUE (campaign_id, lead_id, enrolment_no),
  CONSTRAINT campaign_prospects_status_check CHECK (status::text IN (
    'pending', 'approved', 'connection_request_sent', 'connected', 'messaging', 'replied', 'completed', 'failed',
    'opted_out', 'converted', 'not_interested', 'withdrawn'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX campaign_prospects_one_active ON campaign_prospects (campaign_id, lead_id)
  WHERE status IN ('pending', 'approved', 'connection_request_sent', 'connected', 'messaging');
CREATE INDEX campaign_prospects_lead ON campaign_prospects (lead_id);
-- Planning takes these; a planned prospect has its account.
CREATE INDEX campaign_prospects_unplanned ON campaign_prospects (campaign_id, id) WHERE status IN ('pending', 'approved') AND account_id IS NULL;
CREATE INDEX campaign_prospects_account_invited ON campaign_prospects (account_id, contacted_at) WHERE status = 'connection_request_sent';
-- What the healer looks for: the index holds only what is wrong.
CREATE INDEX campaign_prospects_corrupted_sent ON campaign_prospects (workspace_id) WHERE status = 'connection_request_sent' AND contacted_at IS NULL;
CREATE INDEX campaign_prospects_corrupted_failed ON campaign_prospects (workspace_id) WHERE status = 'failed' AND contacted_at IS NOT NULL;
CREATE INDEX campaign_prospects_corrupted_pending ON campaign_prospects (workspace_id) WHERE status = 'pending' AND contacted_at IS NOT NULL;

CREATE TABLE send_queue (
  id                  uuid PRIMARY KEY, -- uuid5 of prospect and message_type
  workspace_id        uuid NOT NULL REFERENCES workspaces,
  campaign_id         uuid NOT NULL REFERENCES campaigns,
  prospect_id         uuid NOT NULL REFERENCES campaign_prospects,
  lead_id             uuid NOT NULL REFERENCES leads,
  account_id          uuid NOT NULL REFERENCES accounts,
  message_type        text NOT NULL,
  step_position       integer NOT NULL,
  action              action NOT NULL CHECK (action <> 'profile_lookup'),
  next_action         action NOT NULL, -- profile_lookup until the recipient is known, then the action itself
  linkedin_user_id    text,            -- the recipient as resolved; a classic id
  subject             text,
  message             text NOT NULL,   -- rendered, and frozen from the first dispatch on
  message_sha256      bytea NOT NULL CHECK (length(message_sha256) = 32),
  scheduled_for       timestamptz NOT NULL,
  status              send_status NOT NULL DEFAULT 'pending',
  held_for            text,            -- a condition that concerns this send alone
  requires_connection boolean NOT NULL DEFAULT false,
  dispatch_no         integer NOT NULL DEFAULT 0,
  dispatches_in_vain  integer NOT NULL DEFAULT 0, -- since the last answer; doubles the lease
  retries             integer NOT NULL DEFAULT 0,
  sent_at             timestamptz,
  error_message       text,
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT send_queue_campaign_prospect_unique UNIQUE (prospect_id, message_type),
  CHECK (next_action = action OR next_action = 'profile_lookup')
) WITH (fillfactor = 70);
CREATE INDEX send_queue_due ON send_queue (account_id, campaign_id, next_action, scheduled_for) WHERE status = 'pending' AND held_for IS NULL;
CREATE INDEX send_queue_planned ON send_queue (account_id, scheduled_for) WHERE status = 'pending';
CREATE INDEX send_queue_in_hand ON send_queue (account_id) WHERE status IN ('dispatched', 'sending');
CREATE INDEX send_queue_stoppable ON send_queue (lead_id) WHERE status IN ('pending', 'dispatched');
CREATE INDEX send_queue_campaign_pending ON send_queue (campaign_id) WHERE status = 'pending';

-- What concerns an account or a campaign closes a lane; ten thousand rows behind it never move.
CREATE TABLE lanes (
  account_id   uuid NOT NULL REFERENCES accounts,
  campaign_id  uuid NOT NULL REFERENCES campaigns,
  action       action NOT NULL,
  closed_until timestamptz, -- business
  condition    text,        -- closed until somebody lifts it: campaign_running, account_usable
  reason       text,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, campaign_id, action)
) WITH (fillfactor = 70);
CREATE INDEX lanes_campaign ON lanes (campaign_id);
