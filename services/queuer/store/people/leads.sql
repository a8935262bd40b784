-- name: campaign_of_import^
SELECT c.campaign_name, c.campaign_type, c.status, c.completed_by_itself
  FROM campaigns c WHERE c.id = :campaign_id AND c.workspace_id = :workspace_id;

-- name: open_batch$
INSERT INTO lead_batches (workspace_id, campaign_id, file_name, file_format)
VALUES (:workspace_id, :campaign_id, :file_name, :file_format) RETURNING id;

-- name: lock_people$
-- Two imports of one workspace take turns, chunk by chunk: each must see whom the other has stored, or the same person
-- under two spellings becomes two leads. Other writers are held off by the unique identity alone.
SELECT pg_advisory_xact_lock(hashtextextended('tact.leads.' || (:workspace_id)::uuid::text, 0));

-- name: known_leads
-- One arm per identifier, each with its own index; an OR over all of them would read the whole table.
WITH hits AS (
  SELECT id FROM leads WHERE workspace_id = :workspace_id AND linkedin_id = ANY(:linkedin_ids::text[])
  UNION
  SELECT id FROM leads WHERE workspace_id = :workspace_id AND linkedin_vanity = ANY(:vanities::text[])
  UNION
  SELECT id FROM leads WHERE workspace_id = :workspace_id AND cardinality(:sales_ids::text[]) > 0 AND sales_navigator_id = ANY(:sales_ids::text[])
  UNION
  SELECT id FROM leads WHERE workspace_id = :workspace_id AND email IS NOT NULL AND lower(email) = ANY(:emails::text[])
)
SELECT l.identity, l.first_name, l.last_name, l.company, l.title, l.location, l.timezone, l.linkedin_id, l.linkedin_vanity,
       l.sales_navigator_id, l.email, l.connected_on, l.extra, l.id
  FROM leads l JOIN hits h ON h.id = l.id
 ORDER BY l.created_at, l.id;

-- name: add_leads
INSERT INTO leads (workspace_id, identity, first_name, last_name, company, title, location, timezone, linkedin_id, linkedin_vanity,
                   sales_navigator_id, email, connected_on, extra)
SELECT :workspace_id, n.identity, n.first_name, n.last_name, n.company, n.title, n.location, n.timezone, n.linkedin_id, n.linkedin_vanity,
       n.sales_navigator_id, n.email, n.connected_on, n.extra::jsonb
  FROM unnest(:identity::text[], :first_name::text[], :last_name::text[], :company::text[], :title::text[], :location::text[],
              :timezone::text[], :linkedin_id::text[], :linkedin_vanity::text[], :sales_navigator_id::text[], :email::text[],
              :connected_on::date[], :extra::text[])
       AS n(identity, first_name, last_name, company, title, location, timezone, linkedin_id, linkedin_vanity, sales_navigator_id, email,
            connected_on, extra)
    -- Another transaction than an import stored the person at this moment: its row is the lead, and the next import fills it.
    ON CONFLICT (workspace_id, identity) DO UPDATE SET identity = excluded.identity
RETURNING id, identity;

-- name: fill_leads!
-- Only what was empty: a person may have corrected a lead by hand, and an older file must not undo that. In id order,
-- as everywhere a set of leads is locked.
WITH locked AS (
  SELECT id FROM leads WHERE id = ANY(:lead_ids::uuid[]) ORDER BY id FOR NO KEY UPDATE
)
UPDATE leads l
   SET first_name = coalesce(nullif(l.first_name, ''), n.first_name),
       last_name = coalesce(nullif(l.last_name, ''), n.last_name),
       company = coalesce(nullif(l.company, ''), n.company),
       title = coalesce(nullif(l.title, ''), n.title),
       location = coalesce(nullif(l.location, ''), n.location),
       timezone = coalesce(nullif(l.timezone, ''), n.timezone),
       linkedin_id = coalesce(l.linkedin_id, n.linkedin_id),
       linkedin_vanity = coalesce(l.linkedin_vanity, n.linkedin_vanity),
       sales_navigator_id = coalesce(l.sales_navigator_id, n.sales_navigator_id),
       email = coalesce(l.email, n.email),
       connected_on = coalesce(l.connected_on, n.connected_on),
       extra = n.extra::jsonb || l.extra
  FROM unnest(:identity::text[], :first_name::text[], :last_name::text[], :company::text[], :title::text[], :location::text[],
              :timezone::text[], :linkedin_id::text[], :linkedin_vanity::text[], :sales_navigator_id::text[], :email::text[],
              :connected_on::date[], :extra::text[], :lead_ids::uuid[])
       AS n(identity, first_name, last_name, company, title, location, timezone, linkedin_id, linkedin_vanity, sales_navigator_id, email,
            connected_on, extra, id),
       locked
 WHERE l.id = n.id AND locked.id = l.id;

-- name: queue_for_approval!
INSERT INTO prospect_approval_data (workspace_id, batch_id, campaign_id, lead_id, line)
SELECT :workspace_id, :batch_id, :campaign_id, n.lead_id, n.line
  FROM unnest(:lead_ids::uuid[], :lines::bigint[]) AS n(lead_id, line)
 ORDER BY n.line
    ON CONFLICT (campaign_id, lead_id) DO NOTHING; -- imported before; whatever was decided then stands

-- name: waiting_of
SELECT a.id FROM prospect_approval_data a
 WHERE a.campaign_id = :campaign_id AND a.status = 'waiting' AND a.lead_id = ANY(:lead_ids);

-- name: count_batch!
UPDATE lead_batches
   SET rows_in = rows_in + :stored + :refused, rows_stored = rows_stored + :stored, rows_known = rows_known + :known,
       rows_refused = rows_refused + :refused
 WHERE id = :batch_id;

-- name: close_batch!
UPDATE lead_batches SET finished_at = clock_timestamp() WHERE id = :batch_id; -- technical: how long the import took

-- name: without_zone
-- Older than the column; an import has looked at once.
SELECT id, location FROM leads WHERE timezone IS NULL AND location <> '' ORDER BY id LIMIT :most;

-- name: set_zones!
UPDATE leads l SET timezone = n.timezone
  FROM unnest(:lead_ids::uuid[], :timezones::text[]) AS n(id, timezone),
       (SELECT x.id FROM leads x WHERE x.id = ANY(:lead_ids::uuid[]) ORDER BY x.id FOR NO KEY UPDATE) AS locked
 WHERE l.id = n.id AND locked.id = l.id AND l.timezone IS NULL;
