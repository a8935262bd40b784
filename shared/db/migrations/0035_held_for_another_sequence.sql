-- Sends that wait for their lead's other sequence; a sweep asks about these alone whether it is over.
CREATE INDEX send_queue_other_sequence ON send_queue (id) WHERE status = 'pending' AND held_for = 'other_sequence';
