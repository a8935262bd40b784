-- name: fence^
SELECT stack_id, epoch, system_identifier, timeline, kafka_cluster, seq, token, previous, attempt_id, beat_at, business_at, read_only_since,
       read_only_why, neighbours, own_system_identifier, own_timeline, durable
  FROM stack_fence_now;

-- name: due$
-- Whether a head is to be written; a hair less than a second, or every round would be the one before its time.
SELECT beat_at IS NULL OR beat_at < clock_timestamp() - interval '0.95 seconds' FROM stack_fence;

-- name: ledger_is_empty$
SELECT NOT EXISTS (SELECT FROM send_attempts);

-- name: ledger_moved$
-- Whether anything was about to leave since the head in the row; nothing is before its first head was heard from Kafka.
SELECT coalesce((SELECT max(id) FROM send_attempts), 0) > attempt_id FROM stack_fence;

-- name: adopt_new$
-- The first start of a stack.
UPDATE stack_fence
   SET stack_id = gen_random_uuid(), epoch = 1, system_identifier = :system_identifier, timeline = :timeline, kafka_cluster = :kafka_cluster,
       read_only_since = NULL, read_only_why = NULL
 WHERE stack_id IS NULL
RETURNING stack_id;

-- name: write_head^
-- Compare-and-set: of all the processes that find a head due one writes it, and a database that was restored under a
-- running process has another token. The newest attempt costs one probe of the key.
UPDATE stack_fence
   SET seq = seq + 1, previous = token, token = gen_random_uuid(), attempt_id = coalesce((SELECT max(id) FROM send_attempts), 0),
       beat_at = clock_timestamp(), business_at = business_now()
 WHERE stack_id = :stack_id AND token IS NOT DISTINCT FROM :token AND read_only_since IS NULL
   AND (beat_at IS NULL OR beat_at < clock_timestamp() - interval '0.95 seconds')
RETURNING stack_id, epoch, seq, token, previous, system_identifier, timeline, kafka_cluster, attempt_id, beat_at, business_at;

-- name: shut$
-- The first reason stays: what is found afterwards may follow from it.
UPDATE stack_fence SET read_only_since = clock_timestamp(), read_only_why = :why WHERE read_only_since IS NULL RETURNING true;

-- name: note_foreign!
UPDATE stack_fence SET foreign_webhooks = :urls::text[];

-- name: record_finding!
INSERT INTO integrity_findings (kind, severity, table_name, row_id, evidence)
VALUES ('stack_read_only', 'critical', 'stack_fence', 'stack', jsonb_build_object('why', :why::text))
ON CONFLICT (kind, table_name, row_id) WHERE state IN ('open', 'proposed') DO NOTHING;
