-- The words of shared/vocabulary as enum types. tests/integration/test_schema_words.py compares the two.
CREATE TYPE prospect_status AS ENUM (
  'pending', 'approved', 'connection_request_sent', 'connected', 'messaging', 'replied', 'completed', 'failed',
  'opted_out', 'converted', 'not_interested', 'withdrawn'
);
CREATE TYPE send_status AS ENUM ('pending', 'dispatched', 'sending', 'sent', 'failed', 'skipped', 'cancelled');
CREATE TYPE attempt_state AS ENUM ('intent', 'accepted', 'refused', 'unknown', 'released', 'not_happened');
CREATE TYPE campaign_status AS ENUM ('draft', 'running', 'paused', 'completed', 'cancelled');
CREATE TYPE campaign_type AS ENUM ('connector', 'messenger', 'email');
CREATE TYPE channel AS ENUM ('linkedin', 'email');
CREATE TYPE account_type AS ENUM ('free', 'premium', 'sales_navigator');
CREATE TYPE account_status AS ENUM ('usable', 'paused', 'disconnected');
CREATE TYPE action AS ENUM ('invitation', 'message', 'profile_lookup', 'email');
CREATE TYPE approval_status AS ENUM ('waiting', 'approved', 'rejected');
CREATE TYPE reply AS ENUM ('human', 'out_of_office', 'opt_out');
CREATE TYPE missing_value AS ENUM ('block', 'skip', 'blank');
CREATE TYPE role AS ENUM ('viewer', 'operator', 'admin');

-- The stack's business clock: one row that every process reads (docs/adr/0003). In production it is never touched and
-- business time equals real time. A fast stack sets `speed`, and moves `business_at` forward over empty hours.
CREATE TABLE stack_clock (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  anchored_at timestamptz NOT NULL,           -- technical time
  business_at timestamptz NOT NULL,           -- what the business clock showed at that moment
  speed       double precision NOT NULL DEFAULT 1 CHECK (speed > 0),
  leaps       boolean NOT NULL DEFAULT false, -- may it skip hours in which no account may act
  version     bigint NOT NULL DEFAULT 0,      -- compare-and-set
  updated_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO stack_clock (anchored_at, business_at) SELECT t, t FROM clock_timestamp() t;
