-- A row of these tables is made from one that was checked: an attempt from its send, a message or a recipient from its attempt,
-- history from the row that changed. Each such check again cost a probe, and locked the one row of the campaign and the workspace that all
-- senders share (docs/adr/0022). What remains keeps the chain whole: send_attempts.send_id -> send_queue -> all the others.
ALTER TABLE send_attempts
  DROP CONSTRAINT send_attempts_workspace_id_fkey, DROP CONSTRAINT send_attempts_campaign_id_fkey, DROP CONSTRAINT send_attempts_prospect_id_fkey,
  DROP CONSTRAINT send_attempts_lead_id_fkey, DROP CONSTRAINT send_attempts_account_id_fkey;
ALTER TABLE campaign_messages
  DROP CONSTRAINT campaign_messages_workspace_id_fkey, DROP CONSTRAINT campaign_messages_campaign_id_fkey,
  DROP CONSTRAINT campaign_messages_prospect_id_fkey, DROP CONSTRAINT campaign_messages_send_id_fkey,
  DROP CONSTRAINT campaign_messages_account_id_fkey;
ALTER TABLE recipients DROP CONSTRAINT recipients_workspace_id_fkey, DROP CONSTRAINT recipients_account_id_fkey;
ALTER TABLE history DROP CONSTRAINT history_workspace_id_fkey;
ALTER TABLE account_spacing_history DROP CONSTRAINT account_spacing_history_account_id_fkey;
