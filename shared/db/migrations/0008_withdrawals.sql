-- The lock on inviting somebody again after a withdrawal is looked up by person.
CREATE INDEX send_attempts_withdrawn ON send_attempts (workspace_id, recipient_id) WHERE withdrawn_at IS NOT NULL;
