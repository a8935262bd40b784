-- What a person must look at: the index holds only what has failed, and a page of it costs what it shows.
CREATE INDEX send_queue_failed ON send_queue (workspace_id, updated_at, id) INCLUDE (account_id, campaign_id) WHERE status = 'failed';
-- How fast an account sends now and what it sent today, per campaign: read from the end, no further than a day's caps.
CREATE INDEX send_queue_sent ON send_queue (account_id, sent_at) INCLUDE (campaign_id) WHERE status = 'sent';
-- Nobody could find out what became of these; few, and each waits for a person.
CREATE INDEX send_attempts_needs_person ON send_attempts (account_id) WHERE state = 'unknown' AND needs_person;
