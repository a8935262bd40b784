-- name: around_the_triggers!
SET LOCAL session_replication_role = replica;

-- name: workspace!
INSERT INTO workspaces (id, company_name, email) VALUES (md5('heal workspace')::uuid, 'Heal', 'owner@heal.example');

-- name: campaigns!
INSERT INTO campaigns (id, workspace_id, campaign_name, campaign_type, status)
SELECT md5('heal campaign ' || n)::uuid, md5('heal workspace')::uuid, 'Heal ' || n, 'connector', 'running' FROM generate_series(0, 99) n;

-- name: leads!
INSERT INTO leads (id, workspace_id, identity)
SELECT md5('heal lead ' || n)::uuid, md5('heal workspace')::uuid, 'in:heal-' || n FROM generate_series(:first::int, :last::int) n;

-- name: prospects!
-- One of a hundred of each status that a rule is about, in order; the others were contacted and wait.
INSERT INTO campaign_prospects (id, workspace_id, campaign_id, lead_id, status, contacted_at)
SELECT md5('heal prospect ' || n)::uuid, md5('heal workspace')::uuid, md5('heal campaign ' || n % 100)::uuid, md5('heal lead ' || n)::uuid,
       CASE n % 100 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' ELSE 'connection_request_sent' END::prospect_status,
       CASE WHEN n % 100 > 1 THEN now() END
  FROM generate_series(:first::int, :last::int) n;

-- name: counted!
UPDATE campaigns c SET prospects_count = n.many FROM (SELECT campaign_id, count(*) AS many FROM campaign_prospects GROUP BY 1) n WHERE n.campaign_id = c.id;

-- name: totals!
INSERT INTO prospect_totals (workspace_id, total)
SELECT w, :total::bigint FROM (VALUES (md5('heal workspace')::uuid), ('00000000-0000-0000-0000-000000000000'::uuid)) x(w)
ON CONFLICT (workspace_id) DO UPDATE SET total = excluded.total;

-- name: corrupt!
UPDATE campaign_prospects SET contacted_at = NULL WHERE id IN (SELECT md5('heal prospect ' || n)::uuid FROM generate_series(2, 1 + :most::int) n)
   AND status = 'connection_request_sent';

-- name: view^
SELECT corrupted_sent, total_prospects FROM prospect_data_integrity;

-- name: look$
SELECT count(*) FROM corrupted_to_mend(200);

-- name: mend!
UPDATE campaign_prospects SET contacted_at = now() WHERE status = 'connection_request_sent' AND contacted_at IS NULL;
