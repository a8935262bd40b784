-- The budget of reads: how many an account made on one of its own days, per kind.
ALTER TABLE account_reads ADD COLUMN read_on date, ADD COLUMN reads integer NOT NULL DEFAULT 0 CHECK (reads >= 0);

-- Facts about our people that came before our own record of the send was finished. A row stands here only while it waits;
-- so a look at it costs what waits, not what was ever observed.
CREATE TABLE unsettled_observations (
  observation_id bigint PRIMARY KEY REFERENCES observations,
  look_at        timestamptz NOT NULL, -- technical
  tries          integer NOT NULL DEFAULT 0,
  updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unsettled_observations_due ON unsettled_observations (look_at);
