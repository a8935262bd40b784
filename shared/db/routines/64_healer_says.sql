-- An event of the healer into the outbox, from inside a routine that changes many rows. The topics and types are those of
-- shared/contracts/topics.py; tests/integration/healer/test_healer_cleanup.py reads what comes out with today's models.
CREATE OR REPLACE FUNCTION healer_says(topic text, event_type text, key text, payload jsonb) RETURNS void
LANGUAGE sql VOLATILE AS $$
  INSERT INTO outbox (service, topic, key, headers, payload)
  SELECT 'healer', healer_says.topic, healer_says.key,
         jsonb_build_object('content-type', 'application/json', 'ce_specversion', '1.0', 'ce_id', gen_random_uuid()::text,
                            'ce_type', event_type, 'ce_source', 'tact/healer',
                            'ce_time', to_char(business_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
                            'ce_subject', healer_says.key),
         healer_says.payload::text
$$;
