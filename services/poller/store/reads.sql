-- name: business_now$
SELECT business_now();

-- name: introduce!
-- Accounts that were never read get their first times at random, so that a hundred imported at once do not read at once.
INSERT INTO account_reads (account_id, kind, next_at)
SELECT a.id, k.kind, :now::timestamptz + k.every * random()
  FROM accounts a CROSS JOIN unnest(:kinds::text[], :everies::interval[]) AS k(kind, every)
 WHERE a.channel = 'linkedin' AND NOT EXISTS (SELECT FROM account_reads r WHERE r.account_id = a.id AND r.kind = k.kind)
ON CONFLICT (account_id, kind) DO NOTHING;

-- name: due
-- Those that could be read now; which of the days is the account's own, its zone in Python says. The health of an account is asked of
-- the provider, not of LinkedIn, so a disconnected one has it read too, and its spacing does not matter.
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

-- name: starved
-- Those whose account has something due whenever it is free, so that its sends would win every time.
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

-- name: waiting
-- How many cannot be read now although somebody asks, by what keeps them.
SELECT CASE WHEN a.status <> 'usable' THEN a.status::text WHEN a.lease_until IS NOT NULL THEN 'busy' ELSE 'spacing' END AS reason,
       count(*)::int AS accounts
  FROM account_reads r
  JOIN accounts a ON a.id = r.account_id
 WHERE r.kind = :kind::text
   AND (a.status <> 'usable'
        OR (r.next_at <= :now::timestamptz AND (a.lease_until IS NOT NULL OR a.next_free_at > :now::timestamptz)))
 GROUP BY 1;

-- name: claim^
-- The account is in one hand at a time: a dispatch, an attempt, or a read. One that is free within `patience` is taken now and
-- waited for. Its spacing means nothing to a read of its health. One whose row somebody holds just now is in another hand: a
-- process that froze with it must not hold us as well. Whether the read is still due is asked again: another poller may have made it.
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

-- name: hold^
-- Taken for its rest; now for the read itself, with the business moment of now and of the read's arrival. NULL when the lease ran
-- out and others may have the account, when a person paused it meanwhile, and when somebody holds its row.
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

-- name: count!
UPDATE account_reads
   SET reads = CASE WHEN read_on = :local_date::date THEN reads + 1 ELSE 1 END, read_on = :local_date::date
 WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: release!
-- What is pending of the account goes on when its rest is over. Nothing when the lease ran out and others took it.
UPDATE accounts a
   SET lease_until = NULL, lease_holder = NULL, next_free_at = greatest(a.next_free_at, clock.now + :spacing::interval),
       wake_at = least(coalesce(a.wake_at, 'infinity'), greatest(clock.now, a.next_free_at, clock.now + :spacing::interval))
  FROM (SELECT business_now() AS now) AS clock
 WHERE a.id = :account_id::uuid AND a.lease_until = :lease_until::timestamptz AND a.lease_holder LIKE 'read:%';

-- name: finish!
UPDATE account_reads
   SET next_at = :next_at::timestamptz, cursor = coalesce(:cursor::jsonb, cursor), failures = 0,
       last_read_at = CASE WHEN :whole::boolean THEN :now::timestamptz ELSE last_read_at END,
       baseline_at = coalesce(baseline_at, CASE WHEN :whole::boolean THEN :now::timestamptz END)
 WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: fail!
UPDATE account_reads
   SET next_at = :next_at::timestamptz, failures = failures + 1,
       cursor = CASE WHEN :afresh::boolean THEN cursor - 'page' ELSE cursor END
 WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: postpone!
UPDATE account_reads SET next_at = :next_at::timestamptz WHERE account_id = :account_id::uuid AND kind = :kind::text;

-- name: ask_soon!
INSERT INTO account_reads (account_id, kind, next_at) VALUES (:account_id::uuid, :kind::text, :now::timestamptz)
ON CONFLICT (account_id, kind) DO UPDATE SET next_at = excluded.next_at WHERE account_reads.next_at > excluded.next_at;

-- name: ask_all!
UPDATE account_reads r SET next_at = :now::timestamptz
  FROM accounts a
 WHERE a.id = r.account_id AND a.status = 'usable' AND r.kind = :kind::text AND r.next_at > :now::timestamptz;
