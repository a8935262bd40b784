-- name: record
-- Append-only: an observation stays as it was first stored, and only new keys are returned. In order of key, so that two writers of one
-- account never deadlock.
INSERT INTO observations (workspace_id, account_id, kind, provider_key, person_id, source, happened_at, observed_at, payload)
SELECT :workspace_id::uuid, :account_id::uuid, :kind::text, r.provider_key, r.person_id, :source::text, r.happened_at,
       :now::timestamptz, r.payload
  FROM jsonb_to_recordset(:rows::jsonb) AS r(provider_key text, person_id text, happened_at timestamptz, payload jsonb)
 ORDER BY r.provider_key
ON CONFLICT (account_id, kind, provider_key) DO NOTHING
RETURNING provider_key;

-- name: add_unsettled!
-- Our own record of the send is not finished; the relation is matched again soon. A row that waits already keeps its time.
INSERT INTO unsettled_observations (observation_id, look_at)
SELECT o.id, clock_timestamp() + :pause::interval
  FROM observations o
 WHERE o.account_id = :account_id::uuid AND o.kind = 'relation' AND o.provider_key = ANY(:provider_keys::text[])
ON CONFLICT (observation_id) DO NOTHING;

-- name: lock_due_unsettled
-- Locked until the match is over; another process locks other rows.
SELECT u.observation_id, u.tries, o.account_id, o.workspace_id, o.source, o.provider_key AS person_id, o.happened_at, o.payload,
       business_now() AS now
  FROM unsettled_observations u
  JOIN observations o ON o.id = u.observation_id
 WHERE u.look_at <= clock_timestamp()
 ORDER BY u.look_at
 LIMIT :most
   FOR UPDATE OF u SKIP LOCKED;

-- name: remove_unsettled!
DELETE FROM unsettled_observations WHERE observation_id = :observation_id::bigint;

-- name: postpone_unsettled!
UPDATE unsettled_observations SET tries = tries + 1, look_at = clock_timestamp() + :pause::interval
 WHERE observation_id = :observation_id::bigint;
