-- Writes of a campaign's row by the names of its columns, so that a new setting changes no statement: the names come from
-- shared/contracts/campaign_fields.py, never from a request. %I quotes each of them.

-- The new row's id; nothing when the name is taken: the unique index decides between two who make it at once.
CREATE OR REPLACE FUNCTION insert_campaign(given jsonb) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  names text := (SELECT string_agg(quote_ident(key), ', ') FROM jsonb_object_keys(given) AS key);
  made uuid;
BEGIN
  EXECUTE format('INSERT INTO public.campaigns (%1$s) SELECT %1$s FROM jsonb_populate_record(NULL::public.campaigns, $1)
                  ON CONFLICT (workspace_id, lower(campaign_name)) DO NOTHING RETURNING id', names) INTO made USING given;
  RETURN made;
END $$;

CREATE OR REPLACE FUNCTION change_campaign(the_campaign uuid, given jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changes text := (SELECT string_agg(format('%1$I = g.%1$I', key), ', ') FROM jsonb_object_keys(given) AS key);
BEGIN
  EXECUTE format('UPDATE public.campaigns c SET %s FROM jsonb_populate_record(NULL::public.campaigns, $2) g WHERE c.id = $1', changes)
    USING the_campaign, given;
END $$;
