-- name: try_redrive_lock$
-- One redrive at a time, for the life of the connection: letters that a second one has begun would look like letters left by a crash.
SELECT pg_try_advisory_lock(7228023);

-- name: release_redrive_lock$
SELECT pg_advisory_unlock(7228023);

-- name: known
SELECT r.topic, r.partition_no, r.offset_no, r.record_ms, r.times, r.begun_at, r.done_at, r.put_offset
  FROM redriven_letters r
  JOIN unnest(:topics::text[], :partitions::int[], :offsets::bigint[], :record_mss::bigint[]) AS w(topic, partition_no, offset_no, record_ms)
    ON (w.topic, w.partition_no, w.offset_no, w.record_ms) = (r.topic, r.partition_no, r.offset_no, r.record_ms);

-- name: begin!
INSERT INTO redriven_letters (topic, partition_no, offset_no, record_ms, begun_at, actor)
SELECT w.topic, w.partition_no, w.offset_no, w.record_ms, clock_timestamp(), :actor
  FROM unnest(:topics::text[], :partitions::int[], :offsets::bigint[], :record_mss::bigint[]) AS w(topic, partition_no, offset_no, record_ms)
 ORDER BY w.topic, w.partition_no, w.offset_no, w.record_ms
ON CONFLICT (topic, partition_no, offset_no, record_ms)
DO UPDATE SET begun_at = excluded.begun_at, done_at = NULL, put_offset = NULL, actor = excluded.actor;

-- name: done!
UPDATE redriven_letters r SET times = r.times + 1, done_at = clock_timestamp(), put_offset = w.put_offset
  FROM unnest(:topics::text[], :partitions::int[], :offsets::bigint[], :record_mss::bigint[], :put_offsets::bigint[])
       AS w(topic, partition_no, offset_no, record_ms, put_offset)
 WHERE (w.topic, w.partition_no, w.offset_no, w.record_ms) = (r.topic, r.partition_no, r.offset_no, r.record_ms) AND r.done_at IS NULL;
