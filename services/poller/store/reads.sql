-- name: plan_first_reads!
-- Accounts that were never read get random first times, so that a hundred imported at once are not read at once.
INSERT INTO account_reads (account_id, kind, next_at)
SELECT a.id, k.kind, :now::timestamptz + k.every * random()
  FROM accounts a CROSS JOIN unnest(:kinds::text[], :everies::interval[]) AS k(kind, every)
 WHERE a.channel = 'linkedin' AND NOT EXISTS (SELECT FROM account_reads r WHERE r.account_id = a.id AND r.kind = k.kind)
ON CONFLICT (account_id, kind) DO NOTHING;

-- name: load_due_reads
-- Reads that could be made now; Python decides by the account's zone which of the days is the account's own. The health of an account is
-- read from the provider, not from LinkedIn, so it is read of a disconnected account too, and regardless of the spacing.
SELECT r.account_id, r.kind, r.cursor, r.baseline_at, r.failures, a.provider_account_id, a.workspace_id, a.country,
       account_timezone(a, :now::timestamptz) AS timezone,
       a.schedule_settings::text AS account_schedule, w.schedule_settings::text AS workspace_schedule,
       (SELECT json_object_agg(d.read_on, d.reads)::text
          FROM (SELECT x.read_on, sum(x.reads)::int AS reads FROM account_reads x
                 WHERE x.account_id = r.account_id AND x.kind <> 'status' AND x.read_on IS NOT NULL GROUP BY x.read_on) d) AS reads_by_day
  FROM account_reads r
  JOIN accounts a ON a.id = r.account_id
  JOIN workspaces w ON w.id = a.workspace_id
 WHERE r.next_at <= :now::timestamptz AND r.kind = ANY(:kinds::text[]) AND a.lease_until IS NULL AND r.account_id <> ALL(:without::uuid[])
   AND ((a.status = 'usable' AND (a.next_free_at IS NULL OR a.next_free_at <= :now::timestamptz))
        OR (r.kind = 'status' AND a.status <> 'paused'))
 ORDER BY r.next_at
 LIMIT :most;

-- name: load_starved_reads
-- Reads of accounts that have a send due whenever they are free, so that the sends would win every time.
SELECT r.account_id, r.kind, r.cursor, r.baseline_at, r.failures, a.provider_account_id, a.workspace_id, a.country,
       account_timezone(a, :now::timestamptz) AS timezone,
       a.schedule_settings::text AS account_schedule, w.schedule_settings::text AS workspace_schedule,
       (SELECT json_object_agg(d.read_on, d.reads)::text
          FROM (SELECT x.read_on, sum(x.reads)::int AS reads FROM account_reads x
                 WHERE x.account_id = r.account_id AND x.kind <> 'status' AND x.read_on IS NOT NULL GROUP BY x.read_on) d) AS reads_by_day
  FROM account_reads r
  JOIN accounts a ON a.id = r.account_id
  JOIN workspaces w ON w.id = a.workspace_id
 WHERE r.next_at <= :since::timestamptz AND r.kind <> 'status' AND a.lease_until IS NULL AND a.status = 'usable'
   AND r.account_id <> ALL(:without::uuid[])
   AND a.next_free_at > :now::timestamptz AND a.next_free_at <= :free_by::timestamptz
 ORDER BY r.next_at
 LIMIT :most;

-- name: count_waiting
-- How many accounts cannot be read now although the read is due, by reason.
SELECT CASE WHEN a.status <> 'usable' THEN a.status::text WHEN a.lease_until IS NOT NULL THEN 'busy' ELSE 'spacing' END AS reason,
       count(*)::int AS accounts
  FROM account_reads r
  JOIN accounts a ON a.id = r.account_id
 WHERE r.kind = :kind::text
   AND (a.status <> 'usable'
        OR (r.next_at <= :now::timestamptz AND (a.lease_until IS NOT NULL OR a.next_free_at > :now::timestamptz)))
 GROUP BY 1;

-- name: acquire_lease^
-- One holder at a time: a dispatch, an attempt, or a read. An account that is free within `patience` is leased now, and the read waits for
-- its rest. Its spacing means nothing to a read of its health. A row that another transaction has locked is skipped: a process that froze
-- with the lock must not block this one as well. Whether the read is still due is checked again: another poller may have made it.
WITH clock AS MATERIALIZED (
  SELECT t.at AS technical, business_at(t.at) AS now, c.speed FROM (SELECT clock_timestamp() AS at) t, stack_clock c
), free AS MATERIALIZED (
  SELECT a.id
    FROM clock, accounts a
   WHERE a.id = :account_id::uuid AND a.lease_until IS NULL
     AND ((a.status = 'usable' AND (a.next_free_at IS NULL OR a.next_free_at <= clock.now + :patience::interval))
          OR (:kind::text = 'status' AND a.status <> 'paused'))
     AND NOT EXISTS (SELECT FROM send_attempts t WHERE t.account_id = a.id AND t.state = 'intent')
     AND EXISTS (SELECT FROM account_reads r WHERE r.account_id = a.id AND r.kind = :kind::text AND r.next_at <= clock.now)
     FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE accounts a
   SET lease_holder = :holder::text, lease_until = clock.technical + :lease::interval
         + CASE WHEN :kind::text <> 'status' AND a.next_free_at > clock.now THEN (a.next_free_at - clock.now) / clock.speed ELSE '0' END
  FROM clock, free
 WHERE a.id = free.id
RETURNING a.lease_until, a.lease_until - clock.technical - :lease::interval AS wait;

-- name: renew_lease^
-- The lease for the rest becomes the lease for the read itself, with the business moment of now and of the read's arrival. No row when the
-- lease expired and another process may hold the account, when an operator paused the account meanwhile, and when its row is locked.
WITH ours AS MATERIALIZED (
  SELECT id FROM accounts
   WHERE id = :account_id::uuid AND lease_until = :lease_until::timestamptz AND lease_until > clock_timestamp() AND lease_holder LIKE 'read:%'
     AND (status = 'usable' OR (:kind::text = 'status' AND status <> 'paused'))
     FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE accounts a SET lease_until = t.at + :lease::interval
  FROM (SELECT clock_timestamp() AS at) t, ours
 WHERE a.id = ours.id
RETURNING a.lease_until, business_at(t.at) AS now, business_at(t.at + :arrives_in::interval) AS arrives;

-- name: count_read!
UPDATE account_reads
   SET reads = CASE WHEN read_on = :local_date::date THEN reads + 1 ELSE 1 END, read_on = :local_date::date
 WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: release_lease!
-- Pending sends of the account continue when its rest is over. Changes nothing when the lease expired and another process acquired it.
UPDATE accounts a
   SET lease_until = NULL, lease_holder = NULL, next_free_at = greatest(a.next_free_at, clock.now + :spacing::interval),
       wake_at = least(coalesce(a.wake_at, 'infinity'), greatest(clock.now, a.next_free_at, clock.now + :spacing::interval))
  FROM (SELECT business_now() AS now) AS clock
 WHERE a.id = :account_id::uuid AND a.lease_until = :lease_until::timestamptz AND a.lease_holder LIKE 'read:%';

-- name: record_success!
UPDATE account_reads
   SET next_at = :next_at::timestamptz, cursor = coalesce(:cursor::jsonb, cursor), failures = 0,
       last_read_at = CASE WHEN :whole::boolean THEN :now::timestamptz ELSE last_read_at END,
       baseline_at = coalesce(baseline_at, CASE WHEN :whole::boolean THEN :now::timestamptz END)
 WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: record_failure!
UPDATE account_reads
   SET next_at = :next_at::timestamptz, failures = failures + 1,
       cursor = CASE WHEN :afresh::boolean THEN cursor - 'page' ELSE cursor END
 WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: postpone!
UPDATE account_reads SET next_at = :next_at::timestamptz WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: make_due!
INSERT INTO account_reads (account_id, kind, next_at) VALUES (:account_id::uuid, :kind::text, :now::timestamptz)
ON CONFLICT (account_id, kind) DO UPDATE SET next_at = excluded.next_at WHERE account_reads.next_at > excluded.next_at;

-- name: make_all_due!
UPDATE account_reads r SET next_at = :now::timestamptz
  FROM accounts a
 WHERE a.id = r.account_id AND a.status = 'usable' AND r.kind = :kind::text AND r.next_at > :now::timestamptz;
