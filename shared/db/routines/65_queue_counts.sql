-- Changes of the counts of the queue arrive as rows of queue_changes, in the transaction that changes the queue. A change between
-- pending, dispatched and sending writes no row, so a send costs one narrow row when it ends. The triggers run as the role that changes
-- the queue: a switch of role or of the search path for every send would cost more than the row.
CREATE OR REPLACE FUNCTION note_queue_planned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.queue_changes (workspace_id, campaign_id, became, sends)
  SELECT workspace_id, campaign_id, CASE WHEN is_open(status) THEN 'open' ELSE status::text END, count(*)
    FROM planned GROUP BY 1, 2, 3;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_queue_planned AFTER INSERT ON send_queue REFERENCING NEW TABLE AS planned
  FOR EACH STATEMENT EXECUTE FUNCTION note_queue_planned();

CREATE OR REPLACE FUNCTION note_queue_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.queue_changes (workspace_id, campaign_id, send_id, was, became)
  VALUES (NEW.workspace_id, NEW.campaign_id, NEW.id,
          CASE WHEN is_open(OLD.status) THEN 'open' ELSE OLD.status::text END,
          CASE WHEN is_open(NEW.status) THEN 'open' ELSE NEW.status::text END);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_queue_change AFTER UPDATE OF status ON send_queue FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status
        AND NOT (is_open(OLD.status) AND is_open(NEW.status)))
  EXECUTE FUNCTION note_queue_change();

CREATE OR REPLACE FUNCTION note_queue_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.queue_changes (workspace_id, campaign_id, was, sends)
  SELECT workspace_id, campaign_id, CASE WHEN is_open(status) THEN 'open' ELSE status::text END, count(*)
    FROM gone GROUP BY 1, 2, 3;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_queue_gone AFTER DELETE ON send_queue REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION note_queue_gone();
