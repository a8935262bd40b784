-- What spans tables is looked at again where one of them changed (table changed_rows). Only changes that are rare, so that the hot
-- path, an invitation that goes out, writes nothing here; what comes in around the triggers is found by the hourly walk.
CREATE OR REPLACE FUNCTION note_stopped_prospect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id) VALUES ('prospect', NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_stopped_prospect AFTER UPDATE OF status ON campaign_prospects FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status AND is_stopping(NEW.status))
  EXECUTE FUNCTION note_stopped_prospect();

CREATE OR REPLACE FUNCTION note_second_sequence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id)
  SELECT DISTINCT 'lead', a.lead_id FROM added a
    JOIN campaign_prospects o ON o.lead_id = a.lead_id AND o.campaign_id <> a.campaign_id
     AND is_active(o.status);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_second_sequence AFTER INSERT ON campaign_prospects REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION note_second_sequence();

CREATE OR REPLACE FUNCTION note_relation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id)
  SELECT DISTINCT 'lead', p.lead_id FROM added a
    JOIN recipients r ON r.account_id = a.account_id AND r.provider_id = a.person_id
    JOIN campaign_prospects p ON p.lead_id = r.lead_id AND p.status = 'connection_request_sent'
   WHERE a.kind = 'relation';
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_relation AFTER INSERT ON observations REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION note_relation();

-- The queuer's job folds the counts; a row that another component writes is checked.
CREATE OR REPLACE FUNCTION note_changed_count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO changed_rows (what, row_id) VALUES ('campaign', NEW.id);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_changed_count
  AFTER UPDATE OF prospects_count, active_leads_count, completed_leads_count, opted_out_count ON campaigns FOR EACH ROW
  WHEN (current_user <> 'tact_queuer'
        AND (OLD.prospects_count, OLD.active_leads_count, OLD.completed_leads_count, OLD.opted_out_count)
            IS DISTINCT FROM (NEW.prospects_count, NEW.active_leads_count, NEW.completed_leads_count, NEW.opted_out_count))
  EXECUTE FUNCTION note_changed_count();
