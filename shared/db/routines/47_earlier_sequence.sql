-- The campaign whose sequence this prospect's lead was in first, where neither campaign allows two at a time; NULL: none.
-- First is the one that the lead carries (leads.campaign_id), else the one enrolled first. Callers ask only where the lead
-- carries another campaign, which is rare: approval refuses a second sequence, but a reopened or resumed one may meet it.
CREATE OR REPLACE FUNCTION earlier_sequence(the_prospect uuid) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT oc.campaign_name
    FROM campaign_prospects p
    JOIN campaigns c ON c.id = p.campaign_id AND NOT c.allow_parallel
    JOIN leads l ON l.id = p.lead_id
    JOIN campaign_prospects o ON o.lead_id = p.lead_id AND o.campaign_id <> p.campaign_id
     AND is_active(o.status)
    JOIN campaigns oc ON oc.id = o.campaign_id AND NOT oc.allow_parallel AND oc.status IN ('draft', 'running', 'paused')
   WHERE p.id = the_prospect
     AND l.campaign_id IS DISTINCT FROM p.campaign_id
     AND (o.campaign_id = l.campaign_id OR (o.created_at, o.id) < (p.created_at, p.id))
   ORDER BY (o.campaign_id = l.campaign_id) DESC, o.created_at, o.id
   LIMIT 1
$$;
