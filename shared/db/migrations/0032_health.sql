-- How healthy the data is, kept so that looking costs what changed and what is wrong, never what is stored (docs/health.md).
ALTER TYPE notice_kind ADD VALUE 'integrity_alert';
ALTER TYPE notice_kind ADD VALUE 'integrity_over';

-- Nobody plans or sends between the first count and the triggers that go on counting (routines/65_queue_counts.sql).
LOCK TABLE send_queue IN SHARE ROW EXCLUSIVE MODE;

-- How many sends of a campaign stand where. `open`: pending, dispatched or sending, for the steps between them are each account's
-- one at a time and found by send_queue_in_hand. The moments are business time: when the first and the last one got there.
CREATE TABLE queue_counts (
  campaign_id  uuid NOT NULL REFERENCES campaigns,
  status       text NOT NULL CHECK (status IN ('open', 'sent', 'failed', 'skipped', 'cancelled')),
  workspace_id uuid NOT NULL REFERENCES workspaces,
  sends        bigint NOT NULL DEFAULT 0,
  earliest_at  timestamptz,
  latest_at    timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, status)
) WITH (fillfactor = 70);
CREATE INDEX queue_counts_workspace ON queue_counts (workspace_id);
INSERT INTO queue_counts (campaign_id, status, workspace_id, sends, earliest_at, latest_at)
SELECT campaign_id, CASE WHEN status IN ('pending', 'dispatched', 'sending') THEN 'open' ELSE status::text END, workspace_id, count(*),
       min(coalesce(sent_at, updated_at)), max(coalesce(sent_at, updated_at))
  FROM send_queue GROUP BY 1, 2, 3;

-- Changes that are not counted yet; one job of the healer folds them, as ADR 0006 has it for the campaigns' own counters.
CREATE TABLE queue_changes (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL,
  campaign_id  uuid NOT NULL,
  send_id      uuid,             -- one send that went from `was` to `became`; NULL: `sends` that were planned in one statement
  was          text,
  became       text,
  sends        integer NOT NULL DEFAULT 1,
  at           timestamptz NOT NULL DEFAULT clock_timestamp() -- technical
);

-- What ended in each hour (technical time), for the usual rate of errors.
CREATE TABLE queue_hours (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  hour         timestamptz NOT NULL,
  sent         bigint NOT NULL DEFAULT 0,
  failed       bigint NOT NULL DEFAULT 0,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, hour)
) WITH (fillfactor = 70);

CREATE INDEX queue_hours_failed ON queue_hours (hour) WHERE failed > 0;

-- The score over time: a row when it changes, and one an hour otherwise. Of a workspace, or (NULL) of the whole stack.
CREATE TABLE health_history (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid REFERENCES workspaces,
  measured_at  timestamptz NOT NULL, -- technical
  score        numeric(5, 2) NOT NULL,
  status       text NOT NULL CHECK (status IN ('healthy', 'degraded', 'critical')),
  figures      jsonb NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX health_history_workspace ON health_history (workspace_id, measured_at);
CREATE INDEX health_history_old ON health_history (measured_at);

-- When the leader measured last, and when it counted the whole queue anew (both technical).
CREATE TABLE health_state (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  measured_at  timestamptz,
  recounted_at timestamptz,
  predicted_at timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO health_state DEFAULT VALUES;

-- How long repairs took, by day and step of a logarithmic scale: bucket b holds what took up to 2^(b/8) seconds and more than
-- 2^((b-1)/8). `within`: those that met the workspace's objective of that day.
CREATE TABLE repair_times (
  workspace_id uuid REFERENCES workspaces,
  day          date NOT NULL, -- of technical time, in UTC
  kind         text NOT NULL,
  bucket       integer NOT NULL,
  repaired     bigint NOT NULL DEFAULT 0,
  within       bigint NOT NULL DEFAULT 0,
  seconds      double precision NOT NULL DEFAULT 0, -- all of them together
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT repair_times_once UNIQUE NULLS NOT DISTINCT (workspace_id, day, kind, bucket)
) WITH (fillfactor = 70);
ALTER TABLE workspaces ADD COLUMN repair_objective interval CHECK (repair_objective > interval '0'); -- NULL: the healer's setting

-- What is so bad that people are told, from when until when (technical). `about` names the campaign where it is one.
CREATE TABLE health_alerts (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid REFERENCES workspaces, -- NULL: the whole stack
  kind         text NOT NULL,
  about        text NOT NULL DEFAULT '',
  evidence     jsonb NOT NULL DEFAULT '{}',
  opened_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at    timestamptz,
  told         boolean NOT NULL DEFAULT false, -- that it began
  over_told    boolean NOT NULL DEFAULT false, -- that it is over
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX health_alerts_untold ON health_alerts (id) WHERE NOT told OR (closed_at IS NOT NULL AND NOT over_told);
CREATE UNIQUE INDEX health_alerts_open ON health_alerts (workspace_id, kind, about) NULLS NOT DISTINCT WHERE closed_at IS NULL;
CREATE INDEX health_alerts_workspace ON health_alerts (workspace_id, id);
CREATE INDEX health_alerts_now ON health_alerts (id) WHERE closed_at IS NULL;

-- A repair or a run that was not measured yet, a finding whose causes were not counted yet: each is found by what is new.
ALTER TABLE integrity_findings ADD COLUMN counted_at timestamptz;
CREATE INDEX integrity_findings_uncounted ON integrity_findings (id) WHERE counted_at IS NULL;
CREATE INDEX integrity_findings_open_workspace ON integrity_findings (workspace_id, kind) WHERE state IN ('open', 'proposed');
ALTER TABLE integrity_history ADD COLUMN measured_at timestamptz;
CREATE INDEX integrity_history_unmeasured ON integrity_history (id) WHERE measured_at IS NULL;
ALTER TABLE cleanup_runs ADD COLUMN measured_at timestamptz;
CREATE INDEX cleanup_runs_unmeasured ON cleanup_runs (id) WHERE finished_at IS NOT NULL AND measured_at IS NULL;
CREATE INDEX integrity_history_run ON integrity_history (run_id);
