-- What a dead letter stops and what a person lets go again. Old code writes neither table.
ALTER TYPE notice_kind ADD VALUE 'attempt_unknown';
ALTER TYPE notice_kind ADD VALUE 'consumer_stopped';

-- A consumer that set too much aside and handles nothing more until a person looked. All times are technical.
CREATE TABLE consumer_stops (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instance   text NOT NULL, -- the process; it keeps saying so, and a silent one was ended
  topic      text NOT NULL,
  group_name text NOT NULL,
  why        text NOT NULL,
  stopped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  resumed_at timestamptz,
  resumed_by text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((resumed_at IS NULL) = (resumed_by IS NULL))
);
CREATE UNIQUE INDEX consumer_stops_open ON consumer_stops (instance, group_name) WHERE resumed_at IS NULL;

-- A letter is known by the place it was set aside from, and by the record's own time: a topic that is deleted and made again
-- begins its offsets anew.
CREATE TABLE redriven_letters (
  topic        text NOT NULL,
  partition_no integer NOT NULL,
  offset_no    bigint NOT NULL,
  record_ms    bigint NOT NULL, -- Kafka's timestamp of the record, in milliseconds
  times        integer NOT NULL DEFAULT 0, -- how often it was certainly put back
  begun_at     timestamptz NOT NULL, -- technical, as the next three
  done_at      timestamptz,          -- none: the process that put it back did not live to say so
  put_offset   bigint,               -- where it stands now, in the same topic and partition
  actor        text NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition_no, offset_no, record_ms)
);
