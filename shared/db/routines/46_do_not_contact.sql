-- The do-not-contact lists, asked in one way by planning, sending and approval.

-- One spelling of a company's name: case, dots, commas, quotes and doubled spaces make no other company. Legal forms do,
-- because "Acme GmbH" and "Acme Inc." may be two firms; list both. No regular expression: it is asked for every due send.
CREATE OR REPLACE FUNCTION fold_company(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT nullif(btrim(replace(replace(translate(lower(name), E'.,;\'"\t', ''), '   ', ' '), '  ', ' ')), '')
$$;

-- An address's domain and those above it: mail.eu.acme.com stands under acme.com. STRICT, so that leads without an
-- address cost nothing.
CREATE OR REPLACE FUNCTION mail_domains(address text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_agg(array_to_string(parts[level:], '.'))
    FROM (SELECT string_to_array(split_part(lower(address), '@', 2), '.') AS parts) split, generate_subscripts(parts, 1) AS level
$$;

-- Why a lead must not be contacted: the entry in words, no row when nothing stands against it. A set of at most one row,
-- because that is what PostgreSQL folds into the query around it; a person is meant by any of the names we know.
CREATE OR REPLACE FUNCTION do_not_contact(
  workspace uuid, identity text, vanity text, classic_id text, navigator_id text, address text, company_name text) RETURNS TABLE (entry text)
LANGUAGE sql STABLE AS $$
  SELECT x.kind || ' ' || x.value || CASE WHEN x.workspace_id IS NULL THEN ' (everywhere)' ELSE '' END
    FROM suppressions x
   WHERE (x.workspace_id IS NULL OR x.workspace_id = workspace)
     AND ((x.kind = 'person' AND x.value IN (identity, 'in:' || vanity, 'id:' || classic_id, 'sn:' || navigator_id))
       OR (x.kind = 'email' AND x.value = lower(address))
       OR (x.kind = 'company' AND x.value = fold_company(company_name))
       OR (x.kind = 'domain' AND x.value = ANY(mail_domains(address))))
   LIMIT 1
$$;
