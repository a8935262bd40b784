-- Planning goes on behind the last first step of an account, however many follow-ups stand in between.
CREATE INDEX send_queue_first_steps ON send_queue (account_id, action, scheduled_for) WHERE status = 'pending' AND step_position = 1;
