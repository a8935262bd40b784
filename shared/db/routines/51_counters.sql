-- Counts arrive as rows (see campaign_counter_deltas) in the transaction that changes the fact, one row a statement and campaign.
CREATE OR REPLACE FUNCTION count_prospects_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) SELECT campaign_id, 'prospects', count(*) FROM added GROUP BY campaign_id;
  INSERT INTO campaign_counter_deltas (campaign_id, counter, delta)
       SELECT campaign_id, 'active_leads', count(*) FROM added
        WHERE is_active(status) GROUP BY campaign_id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER count_prospects_added AFTER INSERT ON campaign_prospects REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_prospects_added();

CREATE OR REPLACE FUNCTION count_prospects_removed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) SELECT campaign_id, 'prospects', -count(*) FROM gone GROUP BY campaign_id;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER count_prospects_removed AFTER DELETE ON campaign_prospects REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION count_prospects_removed();

CREATE OR REPLACE FUNCTION count_prospect_status() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  was boolean := is_active(OLD.status);
  is_now boolean := is_active(NEW.status);
BEGIN
  IF was <> is_now THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'active_leads', CASE WHEN is_now THEN 1 ELSE -1 END);
  END IF;
  IF NEW.status = 'completed' THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'completed_leads', 1);
  END IF;
  IF OLD.status = 'completed' THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'completed_leads', -1);
  END IF;
  IF NEW.status = 'opted_out' THEN
    INSERT INTO campaign_counter_deltas (campaign_id, counter, delta) VALUES (NEW.campaign_id, 'opted_out', 1);
  END IF;
  RETURN NULL;
END $$;
-- Only ends and returns change a count: the hot statuses in between never fire it.
CREATE OR REPLACE TRIGGER count_prospect_status AFTER UPDATE OF status ON campaign_prospects FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status
        AND (is_active(OLD.status) <> is_active(NEW.status)
             OR NEW.status IN ('completed', 'opted_out') OR OLD.status = 'completed'))
  EXECUTE FUNCTION count_prospect_status();

-- What is kept of each count of these campaigns (NULL: of all), the deltas that no job has folded yet included, beside a count of the
-- prospects themselves. One statement, so both are of one moment. PostgreSQL inlines it, so `campaign_ids` reaches the indexes.
CREATE OR REPLACE FUNCTION campaign_counts(campaign_ids uuid[])
RETURNS TABLE (campaign_id uuid, workspace_id uuid, updated_at timestamptz, counter text, kept integer, counted integer)
LANGUAGE sql STABLE AS $$
  SELECT c.id, c.workspace_id, c.updated_at, n.counter, n.folded + coalesce(w.delta, 0), coalesce(n.counted, 0)
    FROM campaigns c
    LEFT JOIN (SELECT p.campaign_id, count(*)::int AS prospects, count(*) FILTER (WHERE is_active(p.status))::int AS active_leads,
                      count(*) FILTER (WHERE p.status = 'completed')::int AS completed_leads,
                      count(*) FILTER (WHERE p.status = 'opted_out')::int AS opted_out
                 FROM campaign_prospects p WHERE campaign_ids IS NULL OR p.campaign_id = ANY(campaign_ids) GROUP BY 1) d ON d.campaign_id = c.id
   CROSS JOIN LATERAL (VALUES ('prospects', c.prospects_count, d.prospects), ('active_leads', c.active_leads_count, d.active_leads),
                              ('completed_leads', c.completed_leads_count, d.completed_leads), ('opted_out', c.opted_out_count, d.opted_out))
         AS n(counter, folded, counted)
    LEFT JOIN (SELECT f.campaign_id, f.counter, sum(f.delta)::int AS delta FROM campaign_counter_deltas f
                WHERE campaign_ids IS NULL OR f.campaign_id = ANY(campaign_ids) GROUP BY 1, 2) w ON w.campaign_id = c.id AND w.counter = n.counter
   WHERE campaign_ids IS NULL OR c.id = ANY(campaign_ids)
$$;
