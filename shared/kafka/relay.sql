-- name: acquire_lead$
-- A session lock: it ends with the connection, so a relay that died releases it.
SELECT pg_try_advisory_lock(:space, hashtext(:service));

-- name: release_lead$
SELECT pg_advisory_unlock(:space, hashtext(:service));

-- name: unpublished
SELECT id, topic, key, headers, payload, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age_s
  FROM outbox
 WHERE service = :service AND published_at IS NULL
 ORDER BY id
 LIMIT :most;

-- name: mark_published!
UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY(:ids::bigint[]);

-- name: purge_published!
-- In small bites, by the index on published_at: the table stays as small as what is young.
DELETE FROM outbox
 WHERE id IN (SELECT id FROM outbox WHERE published_at < clock_timestamp() - :older_than::interval AND service = :service
               ORDER BY published_at LIMIT :most);
