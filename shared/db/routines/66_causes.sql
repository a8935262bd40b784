-- What a chance to corrupt has in common with others, one value for each cause: the file the person was imported from, the account,
-- the error of the last attempt and the version that made it. Of the send named, or of the prospect's last one.
CREATE OR REPLACE FUNCTION causes_of(the_prospect uuid, the_send uuid DEFAULT NULL) RETURNS TABLE (cause text, value text) LANGUAGE sql STABLE AS $$
  SELECT v.cause, coalesce(nullif(v.value, ''), 'unknown')
    FROM campaign_prospects p
    LEFT JOIN LATERAL (SELECT q.id, q.account_id FROM send_queue q WHERE q.prospect_id = p.id AND (the_send IS NULL OR q.id = the_send)
                        ORDER BY q.step_position DESC LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT a.owner, a.error_type FROM send_attempts a WHERE a.send_id = s.id AND a.action <> 'profile_lookup'
                        ORDER BY a.id DESC LIMIT 1) a ON true
    LEFT JOIN service_versions i ON i.instance = a.owner
    LEFT JOIN prospect_approval_data d ON d.campaign_id = p.campaign_id AND d.lead_id = p.lead_id
    LEFT JOIN lead_batches b ON b.id = d.batch_id
   CROSS JOIN LATERAL (VALUES ('source', b.file_name), ('account', coalesce(s.account_id, p.account_id)::text),
                              ('error', coalesce(a.error_type, 'none')), ('version', i.version)) AS v(cause, value)
   WHERE p.id = the_prospect
$$;

-- The interval in which the true rate lies with 99 % confidence (E. B. Wilson, JASA 22, 1927, pp. 209-212): it holds for few chances
-- and for rates near 0, where the usual interval does not.
CREATE OR REPLACE FUNCTION wilson_interval(hits numeric, chances numeric, OUT low float8, OUT high float8) LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(0, middle - half), least(1, middle + half)
    FROM (SELECT (p + z2 / (2 * n)) / (1 + z2 / n) AS middle, sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n) AS half
            FROM (SELECT hits::float8 / nullif(chances, 0)::float8 AS p, nullif(chances, 0)::float8 AS n, 2.5758 ^ 2::float8 AS z2) v) w
$$;
