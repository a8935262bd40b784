-- Limits that people set, the account's before its workspace's; unset: what the tier gives. The checks are the clamps
-- nobody passes, whatever a service of any version writes (shared/policy/limits.py names their sources).
ALTER TABLE workspaces
  ADD COLUMN weekly_cr_limit     integer CHECK (weekly_cr_limit BETWEEN 1 AND 200),
  ADD COLUMN daily_message_limit integer CHECK (daily_message_limit BETWEEN 1 AND 150),
  ADD COLUMN daily_lookup_limit  integer CHECK (daily_lookup_limit BETWEEN 1 AND 100),
  ADD COLUMN daily_email_limit   integer CHECK (daily_email_limit BETWEEN 1 AND 500);

ALTER TABLE accounts
  ADD COLUMN weekly_cr_limit     integer CHECK (weekly_cr_limit BETWEEN 1 AND 200),
  ADD COLUMN daily_message_limit integer CHECK (daily_message_limit BETWEEN 1 AND 150),
  ADD COLUMN daily_lookup_limit  integer CHECK (daily_lookup_limit BETWEEN 1 AND 100),
  ADD COLUMN daily_email_limit   integer CHECK (daily_email_limit BETWEEN 1 AND 500),
  ADD COLUMN warm_up_from        date, -- of the account's own days; NULL: an established account, as all are that were here before
  ADD COLUMN cr_exception        integer CHECK (cr_exception BETWEEN 1 AND 100), -- the written exception to the most of its type
  ADD COLUMN cr_exception_by     text,
  ADD COLUMN cr_exception_reason text,
  ADD COLUMN cr_exception_at     timestamptz, -- business
  ADD CONSTRAINT accounts_exception_is_written CHECK (
    (cr_exception IS NULL AND cr_exception_by IS NULL AND cr_exception_reason IS NULL AND cr_exception_at IS NULL)
    OR (cr_exception IS NOT NULL AND btrim(cr_exception_by) <> '' AND btrim(cr_exception_reason) <> '' AND cr_exception_at IS NOT NULL
        AND cr_exception_by IS NOT NULL AND cr_exception_reason IS NOT NULL));

-- Whether its people may be in another campaign's sequence at the same time.
ALTER TABLE campaigns ADD COLUMN allow_parallel boolean NOT NULL DEFAULT false;

-- Who put an entry on the do-not-contact lists.
ALTER TABLE suppressions ADD COLUMN added_by text;
