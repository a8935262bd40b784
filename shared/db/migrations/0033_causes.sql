-- What corrupts, by what it has in common (docs/health.md): sends that ended and findings of corruption, by day and cause. Rows of
-- at most a quarter of a year.
CREATE TABLE cause_days (
  campaign_id  uuid NOT NULL REFERENCES campaigns,
  day          date NOT NULL, -- of technical time, in UTC
  cause        text NOT NULL CHECK (cause IN ('source', 'account', 'error', 'version')),
  value        text NOT NULL,
  workspace_id uuid NOT NULL REFERENCES workspaces,
  exposed      bigint NOT NULL DEFAULT 0, -- sends that ended, and what was found corrupted
  corrupted    bigint NOT NULL DEFAULT 0,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (campaign_id, day, cause, value)
) WITH (fillfactor = 70);
CREATE INDEX cause_days_workspace ON cause_days (workspace_id, day);

-- Which version runs, or ran, under which name: an attempt keeps its owner's name alone.
CREATE TABLE service_versions (
  instance   text PRIMARY KEY,
  service    text NOT NULL,
  version    text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp() -- technical
);

-- The last prediction of each workspace, as it was made and checked.
CREATE TABLE risk_reports (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces,
  made_at      timestamptz NOT NULL, -- technical
  report       jsonb NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
-- What the alerts read: campaigns above the threshold, of predictions that stood the test.
CREATE INDEX risk_reports_alarming ON risk_reports (workspace_id) WHERE (report ->> 'alarming')::int > 0;

-- Findings that were there before are history nobody counted chances for: none of them is a cause.
UPDATE integrity_findings SET counted_at = clock_timestamp();
