-- name: insert_outbox!
INSERT INTO outbox (service, topic, key, headers, payload)
SELECT :service, e.topic, e.key, e.headers::jsonb, e.payload
  FROM unnest(:topics::text[], :keys::text[], :headers::text[], :payloads::text[]) WITH ORDINALITY AS e(topic, key, headers, payload, nth)
 ORDER BY e.nth;
