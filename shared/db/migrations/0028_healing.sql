-- A finding says what its repair would change, so that a person can apply or refuse it and undo it afterwards.
-- `changes`: [{"table", "id", "before": {column: value}, "after": {column: value}}], only the columns that change; "before" null: the row is
-- made, "after" null: it goes. The inverse of a repair is the same list with the two exchanged.
ALTER TABLE integrity_findings
  ADD COLUMN campaign_id uuid,              -- where the row belongs to one
  ADD COLUMN repair      text,              -- the repair's name (services/healer/rules/kinds.py); NULL: there is none
  ADD COLUMN changes     jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(changes) = 'array'),
  ADD COLUMN why         text,              -- why it is not applied by itself, in words for a person
  ADD COLUMN occurred_at timestamptz,       -- technical: since when it is so, as far as the row tells
  ADD COLUMN decided_by  text,              -- who applied, refused or undid it
  ADD COLUMN decided_at  timestamptz;       -- technical
CREATE INDEX integrity_findings_row ON integrity_findings (table_name, row_id, kind);
CREATE INDEX integrity_findings_workspace ON integrity_findings (workspace_id, id);
CREATE INDEX integrity_findings_kind_open ON integrity_findings (kind, id) WHERE state IN ('open', 'proposed');

ALTER TABLE integrity_history
  ADD COLUMN workspace_id uuid,
  ADD COLUMN campaign_id  uuid,
  ADD COLUMN repair       text,
  ADD COLUMN changes      jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN occurred_at  timestamptz,      -- technical: done_at - occurred_at is the time to repair
  ADD COLUMN undoes       bigint REFERENCES integrity_history, -- the line that this one takes back
  ADD COLUMN undone_at    timestamptz;
CREATE INDEX integrity_history_row ON integrity_history (table_name, row_id, done_at);
CREATE INDEX integrity_history_done ON integrity_history (done_at);
CREATE INDEX integrity_history_finding ON integrity_history (finding_id);

ALTER TABLE cleanup_runs
  ADD COLUMN chosen     integer NOT NULL DEFAULT 0, -- rows looked at; fewer than asked for: nothing was left
  ADD COLUMN for_person integer NOT NULL DEFAULT 0, -- of those, left to a person with a finding
  ADD COLUMN stopped    text;                       -- why it went no further, where a repair made things worse
CREATE INDEX cleanup_runs_started ON cleanup_runs (started_at);

-- What spans tables is looked at where something changed. Rows that came in around the triggers are not here: the hourly
-- reconciliation finds those.
CREATE TABLE changed_rows (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  what       text NOT NULL CHECK (what IN ('prospect', 'lead', 'campaign')),
  row_id     uuid NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A walk over everything, an hour apart; `cursor` is where it stands, so that another process goes on from there.
CREATE TABLE reconcile_runs (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  walking     text NOT NULL DEFAULT 'prospects', -- which part it is at
  cursor      uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  looked_at   bigint NOT NULL DEFAULT 0,
  found       bigint NOT NULL DEFAULT 0,
  error       text,
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX reconcile_runs_one_open ON reconcile_runs ((true)) WHERE finished_at IS NULL;

-- How many prospects there are, kept by the job that folds the campaigns' counters; the row of nobody (all zeros) is of all.
CREATE TABLE prospect_totals (
  workspace_id uuid PRIMARY KEY,
  total        bigint NOT NULL DEFAULT 0,
  updated_at   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
INSERT INTO prospect_totals (workspace_id, total) SELECT workspace_id, sum(prospects_count) FROM campaigns GROUP BY workspace_id;
INSERT INTO prospect_totals (workspace_id, total)
SELECT '00000000-0000-0000-0000-000000000000', coalesce(sum(prospects_count), 0) FROM campaigns;

-- Who is alive, watched by another service: a healer that died cannot say so itself.
CREATE TABLE heartbeats (
  service    text NOT NULL,
  instance   text NOT NULL,
  leads      boolean NOT NULL DEFAULT false, -- does the looking; one at a time, by an advisory lock
  beaten_at  timestamptz NOT NULL DEFAULT clock_timestamp(), -- technical
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (service, instance)
) WITH (fillfactor = 50);

-- Rows of send_queue that were merged into another of the same prospect and step: what was sent stays as history.
CREATE TABLE merged_sends (
  id           uuid PRIMARY KEY, -- its own, as a row of send_queue
  workspace_id uuid NOT NULL,
  prospect_id  uuid NOT NULL,
  kept_id      uuid NOT NULL, -- the row that counts
  message_type text NOT NULL,
  status       send_status NOT NULL,
  sent_at      timestamptz,
  was          jsonb NOT NULL, -- the whole row
  merged_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX merged_sends_prospect ON merged_sends (prospect_id);
