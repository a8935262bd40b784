-- The fence's row beside what the server itself is, at this moment and in this session: the row travels with a dump, the
-- rest does not. One row by its key, the control file and two settings: some 40 µs (bench/README.md), so every begin reads it.
CREATE OR REPLACE VIEW stack_fence_now WITH (security_invoker = true) AS
SELECT f.stack_id, f.epoch, f.system_identifier, f.timeline, f.kafka_cluster, f.seq, f.token, f.previous, f.attempt_id, f.beat_at,
       f.business_at, f.read_only_since, f.read_only_why, f.neighbours,
       (SELECT c.system_identifier FROM pg_control_system() c) AS own_system_identifier,
       CASE WHEN NOT pg_is_in_recovery() -- a standby writes no log of its own
            THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer END AS own_timeline,
       current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off' AS durable
  FROM stack_fence f;
