-- Taking an invitation back is an action of the account like any other. In this transaction no statement may use the new
-- word yet: a database that is upgraded refuses it until the commit, so nothing below and no SQL routine names it.
ALTER TYPE action ADD VALUE IF NOT EXISTS 'withdrawal';

-- After how many days without an answer an invitation is taken back; NULL: never.
ALTER TABLE campaigns ADD COLUMN withdraw_after_days integer CHECK (withdraw_after_days BETWEEN 1 AND 365);

-- Whose withdrawal is planned; the index holds the others alone, so a look costs what is due and not what was ever invited.
ALTER TABLE campaign_prospects ADD COLUMN withdraw_planned_at timestamptz; -- business
CREATE INDEX campaign_prospects_to_withdraw ON campaign_prospects (campaign_id, contacted_at)
  WHERE status = 'connection_request_sent' AND withdraw_planned_at IS NULL;

-- When a profile first showed that the account's last invitation to this person had been withdrawn or ignored.
ALTER TABLE recipients ADD COLUMN invitation_ended_at timestamptz; -- business

-- Invitations in the provider's list that no attempt of ours explains: a member sent them by hand. They spend the account's
-- budget like ours, once, on the day they left. One that an attempt of ours explains later gives it back (`counted` false).
CREATE TABLE foreign_invitations (
  account_id        uuid NOT NULL REFERENCES accounts,
  invitation_id     text NOT NULL, -- the provider's
  workspace_id      uuid NOT NULL REFERENCES workspaces,
  recipient_id      text,
  public_identifier text,
  sent_at           timestamptz NOT NULL, -- business, as the provider first told it: seldom better than the day
  counted_on        date,                 -- the account's local day whose budget it takes; NULL: too old when it was first seen
  counted           boolean NOT NULL,     -- whether it takes that budget now
  attempt_id        bigint REFERENCES send_attempts, -- of ours, that explains it after all
  listed_at         timestamptz NOT NULL, -- business: when the list showed it last
  gone_at           timestamptz,          -- business: when the whole list was first seen without it
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, invitation_id),
  CHECK (NOT counted OR counted_on IS NOT NULL)
);
CREATE INDEX foreign_invitations_week ON foreign_invitations (account_id, sent_at) WHERE counted;
CREATE INDEX foreign_invitations_person ON foreign_invitations (workspace_id, recipient_id) WHERE attempt_id IS NULL;
CREATE INDEX foreign_invitations_vanity ON foreign_invitations (workspace_id, public_identifier) WHERE attempt_id IS NULL;

-- What was seen lately of one kind is asked for at every read of the list.
CREATE INDEX observations_invitations ON observations (account_id, observed_at, id) WHERE kind = 'invitation';
