-- name: expired_intents
-- Their call cannot be under way any more: act_by, the request's time-out and a margin are over. The owner is gone or silent.
SELECT a.id, a.account_id, a.send_id, a.action
  FROM send_attempts a
 WHERE a.state = 'intent' AND a.act_by < clock_timestamp() - :grace::interval
 ORDER BY a.act_by LIMIT :most;

-- name: doubt_intents
-- It may have left. Looked up once the provider's lag has passed.
UPDATE send_attempts SET state = 'unknown', error_detail = coalesce(error_detail, 'the sender gave no answer'),
       look_after = business_now() + :lag::interval
 WHERE id = ANY(:ids::bigint[]) AND account_id = ANY(:account_ids::uuid[]) AND state = 'intent' AND action <> 'profile_lookup'
   AND act_by < clock_timestamp() - :grace::interval
RETURNING id, account_id;

-- name: release_lookups
-- A read is never unknown: reading again is harmless. Its budget is not given back, for the provider may have counted it.
UPDATE send_attempts SET state = 'released', error_detail = coalesce(error_detail, 'the sender gave no answer')
 WHERE id = ANY(:ids::bigint[]) AND account_id = ANY(:account_ids::uuid[]) AND state = 'intent' AND action = 'profile_lookup'
   AND act_by < clock_timestamp() - :grace::interval
RETURNING id, account_id, send_id;

-- name: send_again!
UPDATE send_queue SET status = 'pending', scheduled_for = greatest(scheduled_for, business_now())
 WHERE id = ANY(:send_ids::uuid[]) AND status = 'sending';

-- name: free_accounts!
-- The spacing runs from now, by the database's clock: how late the call went out is not known.
UPDATE accounts a
   SET lease_until = NULL, lease_holder = NULL, next_free_at = greatest(a.next_free_at, clock.now + :spacing::interval),
       wake_at = least(coalesce(a.wake_at, 'infinity'), greatest(a.next_free_at, clock.now + :spacing::interval))
  FROM (SELECT business_now() AS now) AS clock
 WHERE a.id = ANY(:account_ids::uuid[]) AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.account_id = a.id AND i.state = 'intent');

-- name: clear_leases
-- Reads and senders that died. A dispatch's lease is the queuer's, and an account with an intent is in hand.
WITH over AS MATERIALIZED (
  SELECT id FROM accounts
   WHERE lease_until < clock_timestamp() AND (lease_holder LIKE 'read:%' OR lease_holder LIKE 'sender%')
     AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.account_id = accounts.id AND i.state = 'intent')
   ORDER BY id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE accounts a SET lease_until = NULL, lease_holder = NULL, wake_at = least(coalesce(a.wake_at, 'infinity'), business_now())
  FROM over WHERE a.id = over.id AND a.lease_until < clock_timestamp()
RETURNING a.id;

-- name: stuck_sends
-- In the sender's hand for long, and the ledger knows of nothing under way.
SELECT s.id, s.workspace_id, s.account_id, s.updated_at,
       EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND a.state = 'accepted' AND a.action <> 'profile_lookup') AS accepted
  FROM send_queue s
 WHERE s.status = 'sending' AND s.updated_at < clock_timestamp() - :grace::interval
   AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id AND (a.state = 'intent' OR (a.state = 'unknown' AND a.action <> 'profile_lookup')))
 ORDER BY s.id LIMIT :most;

-- name: unstick
-- Asked again under the lock: an attempt may have begun or been settled since.
UPDATE send_queue s SET status = 'pending', scheduled_for = greatest(s.scheduled_for, business_now())
 WHERE s.id = ANY(:ids::uuid[]) AND s.status = 'sending' AND s.updated_at < clock_timestamp() - :grace::interval
   AND NOT EXISTS (SELECT FROM send_attempts a WHERE a.send_id = s.id
                      AND is_live(a.state) AND (a.state = 'intent' OR a.action <> 'profile_lookup'))
RETURNING s.id, s.workspace_id, s.account_id;

-- name: raise_floor!
-- Before what goes is gone: from then on no answer is built from half of a history.
UPDATE history_floor SET since = greatest(since, :before::timestamptz) WHERE EXISTS (SELECT FROM history WHERE valid_until < :before::timestamptz)
    OR EXISTS (SELECT FROM account_spacing_history WHERE valid_until < :before::timestamptz);

-- name: forget_history
DELETE FROM history WHERE id IN (SELECT id FROM history WHERE valid_until < :before::timestamptz LIMIT :most) RETURNING id;

-- name: forget_spacings
-- By its place on the page: the narrow table has no other name for a row, and nothing ever updates one.
DELETE FROM account_spacing_history
 WHERE ctid = ANY(ARRAY(SELECT ctid FROM account_spacing_history WHERE valid_until < :before::timestamptz LIMIT :most)) RETURNING account_id;

-- name: end_silent_stops!
UPDATE consumer_stops SET resumed_at = clock_timestamp(), resumed_by = 'the end of its process'
 WHERE resumed_at IS NULL AND seen_at < clock_timestamp() - :silent::interval;

-- name: open_stops
SELECT id, instance, group_name, why FROM consumer_stops WHERE resumed_at IS NULL ORDER BY id;

-- name: stops_that_are_over
SELECT f.row_id FROM integrity_findings f JOIN consumer_stops c ON c.id::text = f.row_id
 WHERE f.kind = :kind AND f.table_name = 'consumer_stops' AND f.state IN ('open', 'proposed') AND c.resumed_at IS NOT NULL;
