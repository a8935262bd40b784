-- name: try_lock_clock$
-- Alone: every sender's begin holds this lock shared, so none is between reading the time and committing its intents.
SELECT pg_try_advisory_xact_lock(:key);

-- name: reason_to_stay$
-- What forbids a skip of the clock, or NULL. A statement of its own, after the lock.
SELECT CASE
  WHEN EXISTS (SELECT FROM accounts WHERE lease_until IS NOT NULL) THEN 'an account is leased'
  WHEN EXISTS (SELECT FROM send_attempts WHERE state = 'intent') THEN 'something is leaving'
  WHEN EXISTS (SELECT FROM send_attempts x JOIN accounts a ON a.id = x.account_id AND a.status = 'usable'
                WHERE x.state = 'unknown' AND NOT x.needs_person AND (x.look_after <= (SELECT business_now()) OR x.look_after IS NULL))
    THEN 'an unknown attempt is due to be looked up'
  WHEN EXISTS (SELECT FROM outbox WHERE published_at IS NULL) THEN 'an event waits to be published'
  WHEN EXISTS (SELECT FROM campaigns c WHERE c.status = 'running' AND has_channel(c.campaign_type)
                  AND EXISTS (SELECT FROM campaign_prospects p
                               WHERE p.campaign_id = c.id AND is_unstarted(p.status) AND p.account_id IS NULL)
                  AND EXISTS (SELECT FROM campaign_accounts a WHERE a.campaign_id = c.id)) THEN 'prospects wait to be planned'
  END;

-- name: next_moment$
-- The next moment at which any usable account may have something to do, to read, or to look up (docs/adr/0034); one probe of each index.
SELECT least(
  (SELECT min(wake_at) FROM accounts WHERE wake_at IS NOT NULL AND lease_until IS NULL AND status = 'usable'),
  (SELECT r.next_at FROM account_reads r JOIN accounts a ON a.id = r.account_id AND a.status = 'usable' ORDER BY r.next_at LIMIT 1),
  (SELECT x.look_after FROM send_attempts x JOIN accounts a ON a.id = x.account_id AND a.status = 'usable'
    WHERE x.state = 'unknown' AND NOT x.needs_person ORDER BY x.look_after LIMIT 1));

-- name: read_clock^
SELECT business_at(clock_timestamp()) AS now, version FROM stack_clock;

-- name: move_clock$
-- Compare-and-set, and never backwards.
UPDATE stack_clock
   SET business_at = :to, anchored_at = t.at, version = version + 1
  FROM clock_timestamp() AS t(at)
 WHERE version = :version AND leaps AND :to > business_at(t.at)
RETURNING true;
