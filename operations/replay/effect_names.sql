-- name: load_prospect_names
SELECT p.id, btrim(l.first_name || ' ' || l.last_name) AS person, c.campaign_name AS place
  FROM campaign_prospects p JOIN leads l ON l.id = p.lead_id JOIN campaigns c ON c.id = p.campaign_id
 WHERE p.id = ANY(:ids::uuid[]);

-- name: load_send_names
SELECT s.id, btrim(l.first_name || ' ' || l.last_name) AS person, s.message_type || ' of ' || c.campaign_name AS place
  FROM send_queue s JOIN leads l ON l.id = s.lead_id JOIN campaigns c ON c.id = s.campaign_id
 WHERE s.id = ANY(:ids::uuid[]);

-- name: load_account_names
SELECT a.id, a.name AS person, a.provider_account_id AS place FROM accounts a WHERE a.id = ANY(:ids::uuid[]);
