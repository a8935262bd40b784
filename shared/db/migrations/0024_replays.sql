-- Replays of topics that were asked for with `tact replay --apply`: what was published anew, by whom and why. A row also
-- keeps how far each partition has got, so that a replay which was cut off goes on where it was (docs/replay.md).
CREATE TABLE replay_runs (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic         text NOT NULL,
  asked         text NOT NULL,              -- the words it was asked with: who asks with the same ones goes on with it
  since         timestamptz NOT NULL,       -- technical: the records' own timestamps
  until         timestamptz,                -- NULL: to what was the end when it began
  reason        text NOT NULL,
  started_by    text NOT NULL,
  ends          jsonb NOT NULL,             -- partition -> the first offset that is not replayed
  positions     jsonb NOT NULL,             -- partition -> the next offset
  published     bigint NOT NULL DEFAULT 0,
  started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at   timestamptz,
  updated_at    timestamptz NOT NULL DEFAULT now()
);
-- One replay of a topic in the same words at a time; the finished ones stay as the record of what was done.
CREATE UNIQUE INDEX replay_runs_under_way ON replay_runs (topic, asked) WHERE finished_at IS NULL;
