-- What was so before it changed: settings, limits, templates and status at any past moment (docs/adr/0020). A row stands here
-- from the change on and says what held until then; what holds now stands in its own table, so a row that never changes
-- costs nothing.
CREATE TABLE history (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid REFERENCES workspaces, -- NULL: everywhere, as in suppressions
  table_name   text NOT NULL,
  row_id       uuid NOT NULL,
  part         text NOT NULL DEFAULT '',   -- the rest of a key of two columns
  valid_until  timestamptz NOT NULL,       -- business
  was          jsonb NOT NULL              -- the row as it was
);
CREATE INDEX history_of_row ON history (row_id, table_name, part, valid_until);
CREATE INDEX history_of_suppression ON history ((was ->> 'value'), valid_until) WHERE table_name = 'suppressions';
-- Rows come in order of time, so a few pages tell which are old.
CREATE INDEX history_age ON history USING brin (valid_until);

-- The end of an account's spacing moves with everything it does, so it has a narrow table: a row says what held until then.
CREATE TABLE account_spacing_history (
  account_id   uuid NOT NULL REFERENCES accounts,
  valid_until  timestamptz NOT NULL, -- business
  next_free_at timestamptz
);
CREATE INDEX account_spacing_history_of ON account_spacing_history (account_id, valid_until);
CREATE INDEX account_spacing_history_age ON account_spacing_history USING brin (valid_until);

-- The clock's earlier rows turn technical moments (created_at) into the business time of then, across leaps.
CREATE TABLE clock_history (
  anchored_at timestamptz NOT NULL PRIMARY KEY,
  business_at timestamptz NOT NULL,
  speed       double precision NOT NULL
);

-- Before this moment nothing can be told: it was pruned, or happened before histories were kept. NULL: everything is known.
CREATE TABLE history_floor (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  since    timestamptz -- business
);
INSERT INTO history_floor (since)
SELECT (SELECT c.business_at + (clock_timestamp() - c.anchored_at) * c.speed FROM stack_clock c WHERE EXISTS (SELECT FROM campaign_prospects));

-- When a budget was given back; NULL beside given_back: before this column was there.
ALTER TABLE send_attempts ADD COLUMN given_back_at timestamptz;           -- business
ALTER TABLE account_cool_downs ADD COLUMN set_at timestamptz;                    -- business; NULL: before this column was there
-- What an account did around a moment: a day's budget and a week's at that time.
CREATE INDEX send_attempts_account ON send_attempts (account_id, decided_at);
