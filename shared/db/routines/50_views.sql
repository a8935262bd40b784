-- Other documents call a workspace a client.
CREATE OR REPLACE VIEW clients WITH (security_invoker = true) AS
  SELECT id, company_name, email, airtable_base_id, is_active, tier, daily_cr_limit, created_at, updated_at FROM workspaces;

-- The e-mail rows under their older name; while a campaign is paused only its lane is closed, which reads as cancelled here.
CREATE OR REPLACE VIEW scheduled_emails WITH (security_invoker = true) AS
  SELECT s.id, s.campaign_id, s.prospect_id, s.lead_id, s.account_id, s.subject, s.message AS body, s.scheduled_for, s.sent_at,
         CASE WHEN s.status = 'pending' AND c.status = 'paused' THEN 'cancelled' ELSE s.status::text END AS status,
         s.error_message, s.created_at, s.updated_at
    FROM send_queue s JOIN campaigns c ON c.id = s.campaign_id
   WHERE s.action = 'email';
