-- name: in_hand^
-- Whether anything is under way: a dispatch, a call, a read, or an event on its way to Kafka.
SELECT (SELECT count(*) FROM send_attempts WHERE state = 'intent')::int AS intents,
       (SELECT count(*) FROM send_attempts WHERE state = 'unknown')::int AS unknown,
       (SELECT count(*) FROM send_queue WHERE is_in_hand(status))::int AS in_hand,
       (SELECT count(*) FROM outbox WHERE published_at IS NULL)::int AS outbox;

-- name: progress^
SELECT business_now() AS now,
       (SELECT count(*) FROM send_attempts WHERE state = 'accepted' AND action <> 'profile_lookup')::int AS sent,
       (SELECT count(*) FROM send_queue WHERE status = 'pending')::int AS waiting;

-- name: leads
-- Who was imported, for the simulator to know them.
SELECT l.first_name, l.last_name, l.company, l.title, l.location, l.linkedin_vanity, l.linkedin_id, l.sales_navigator_id, c.campaign_name
  FROM leads l JOIN campaign_prospects p ON p.lead_id = l.id JOIN campaigns c ON c.id = p.campaign_id;

-- name: ledger
-- What our tables say has left: the judge compares it with the simulator's log.
SELECT a.action::text AS action, acc.provider_account_id AS account_id, a.recipient_id AS recipient, a.provider_ref, s.message AS text
  FROM send_attempts a
  JOIN accounts acc ON acc.id = a.account_id
  JOIN send_queue s ON s.id = a.send_id
 WHERE a.state = 'accepted' AND a.action IN ('invitation', 'message', 'withdrawal')
 ORDER BY a.id;

-- name: set_off!
-- From where the clock stands: it does not jump, it runs faster from here on and leaps.
UPDATE stack_clock
   SET business_at = business_at(t.at), anchored_at = t.at, speed = :speed, leaps = true, version = version + 1
  FROM clock_timestamp() AS t(at);
