-- Whether a channel wants every kind of notice, those that later versions bring as well. `kinds` stays what it is told of otherwise,
-- and what an older healer, still running beside this one, goes by.
ALTER TABLE notice_channels ADD COLUMN every_kind boolean NOT NULL DEFAULT false;

-- Who asked for every kind that there was when the row was last written. As words: one of them may be new in this transaction.
UPDATE notice_channels c
   SET every_kind = true
 WHERE c.kinds::text[] @> (
   SELECT array_agg(k.kind)
     FROM (VALUES ('send_failed', 15), ('account_paused', 15), ('account_disconnected', 15), ('attempt_unknown', 23), ('consumer_stopped', 23),
                  ('integrity_alert', 32), ('integrity_over', 32), ('campaign_completed', 36), ('stack_read_only', 38)) AS k(kind, version)
     JOIN schema_migrations m ON m.version = k.version AND m.applied_at <= c.updated_at);
