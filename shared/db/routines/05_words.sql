-- Words of the domain that many statements test for: each list of statuses stands here once in SQL, and once in Python
-- (shared/vocabulary/words.py); tests/integration/db/test_vocabulary_matches_database.py compares the two, and
-- tests/architecture/test_words_stand_once.py fails on another copy. PostgreSQL inlines these functions before it looks at
-- indexes, so a partial index with the same list in its predicate is used as if the list stood in the query (docs/adr/0040).

-- The prospect is in its sequence: something may still be planned for it, or its answer is awaited.
CREATE OR REPLACE FUNCTION is_active(status prospect_status) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('pending', 'approved', 'connection_request_sent', 'connected', 'messaging');

-- The prospect waits for its first step.
CREATE OR REPLACE FUNCTION is_unstarted(status prospect_status) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('pending', 'approved');

-- The prospect must not get another message.
CREATE OR REPLACE FUNCTION is_stopping(status prospect_status) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('replied', 'opted_out', 'converted', 'not_interested');

-- The status of a prospect whose sequence ends without success: only a prospect that was never contacted may be called failed.
-- status_when_given_up() of shared/vocabulary/transitions.py says the same.
CREATE OR REPLACE FUNCTION status_when_given_up(contacted_at timestamptz) RETURNS prospect_status LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN contacted_at IS NULL THEN 'failed' ELSE 'completed' END::prospect_status;

-- The send has not come to an end.
CREATE OR REPLACE FUNCTION is_open(status send_status) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('pending', 'dispatched', 'sending');

-- A sender has the send, or its event is on the way to one.
CREATE OR REPLACE FUNCTION is_in_hand(status send_status) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('dispatched', 'sending');

-- No provider call for the send has begun, so a stop still comes in time.
CREATE OR REPLACE FUNCTION is_stoppable(status send_status) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('pending', 'dispatched');

-- The attempt took place, or may have: it forbids another attempt of the same send.
CREATE OR REPLACE FUNCTION is_live(state attempt_state) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN state IN ('intent', 'unknown', 'accepted');

-- Whether the attempt took place is not known yet.
CREATE OR REPLACE FUNCTION is_undecided(state attempt_state) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN state IN ('intent', 'unknown');

-- The person receives something by the action (ActionFacts.contacts in shared/vocabulary/actions.py).
CREATE OR REPLACE FUNCTION contacts_person(action action) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN action NOT IN ('profile_lookup', 'withdrawal');

-- The account's time zone at a moment of business time: a change of zone holds from timezone_from on.
CREATE OR REPLACE FUNCTION account_timezone(account accounts, at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN account.timezone_from <= at THEN account.timezone_next ELSE account.timezone END;

-- The limits that hold for an account: its own, and where it has none, its workspace's. shared/policy/limits.py makes caps of
-- them. One row, which PostgreSQL folds into the query around it.
CREATE OR REPLACE FUNCTION account_limits(account accounts, workspace workspaces)
RETURNS TABLE (account_limit integer, workspace_limit integer, tier text, weekly_limit integer, message_limit integer, lookup_limit integer,
               email_limit integer, cr_exception integer, warm_up_from date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT account.daily_cr_limit, workspace.daily_cr_limit, workspace.tier, coalesce(account.weekly_cr_limit, workspace.weekly_cr_limit),
         coalesce(account.daily_message_limit, workspace.daily_message_limit), coalesce(account.daily_lookup_limit, workspace.daily_lookup_limit),
         coalesce(account.daily_email_limit, workspace.daily_email_limit), account.cr_exception, account.warm_up_from;
END;
