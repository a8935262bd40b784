-- A fact and its event leave in one transaction: the relay of the owning service publishes these rows in order of id.
CREATE TABLE outbox (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service      text NOT NULL CHECK (service IN ('queuer', 'sender', 'poller', 'healer')),
  topic        text NOT NULL,
  key          text NOT NULL,
  headers      jsonb NOT NULL,
  payload      text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_unpublished ON outbox (service, id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE integrity_findings (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid REFERENCES workspaces,
  kind        text NOT NULL,
  severity    text NOT NULL DEFAULT 'warning' CHECK (severity IN ('info', 'warning', 'critical')),
  table_name  text NOT NULL,
  row_id      text NOT NULL,
  evidence    jsonb NOT NULL DEFAULT '{}',
  state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'proposed', 'repaired', 'refused', 'gone', 'undone')),
  found_at    timestamptz NOT NULL DEFAULT now(),
  closed_at   timestamptz,
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX integrity_findings_open_unique ON integrity_findings (kind, table_name, row_id) WHERE state IN ('open', 'proposed');

CREATE TABLE cleanup_runs (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at     timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz,
  trigger        text NOT NULL,
  fixed_count    bigint,
  campaign_ids   text[] NOT NULL DEFAULT '{}',
  before         jsonb,
  after          jsonb,
  error          text,
  updated_at     timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE integrity_history (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  finding_id bigint REFERENCES integrity_findings,
  run_id     bigint REFERENCES cleanup_runs,
  kind       text NOT NULL,
  table_name text NOT NULL,
  row_id     text NOT NULL,
  before     jsonb NOT NULL,
  after      jsonb NOT NULL,
  evidence   jsonb NOT NULL DEFAULT '{}',
  done_by    text NOT NULL,
  done_at    timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE de_enrollment_runs (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid REFERENCES workspaces,
  started_at   timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz,
  status       text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'failed')),
  candidates   integer NOT NULL DEFAULT 0,
  de_enrolled  integer NOT NULL DEFAULT 0,
  skipped      integer NOT NULL DEFAULT 0,
  error        text,
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE de_enrollment_lead_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id       uuid NOT NULL REFERENCES de_enrollment_runs,
  workspace_id uuid NOT NULL REFERENCES workspaces,
  lead_id      uuid NOT NULL REFERENCES leads,
  prospect_id  uuid NOT NULL REFERENCES campaign_prospects,
  campaign_id  uuid NOT NULL REFERENCES campaigns,
  reason       text NOT NULL,
  status_before prospect_status NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (run_id, prospect_id)
);

CREATE TABLE audit_log (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid REFERENCES workspaces,
  actor        text NOT NULL,
  verb         text NOT NULL,
  object       text NOT NULL,
  object_id    text NOT NULL,
  details      jsonb NOT NULL DEFAULT '{}',
  at           timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_log_object ON audit_log (object, object_id);
