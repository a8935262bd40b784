-- name: accounts_in_doubt
-- Those that can be taken now, the one that waits longest first: an account that cannot be read must not precede the others. By
-- the partial index of unknown attempts: costs what is unknown and due, not what was ever sent.
SELECT d.account_id
  FROM (SELECT x.account_id, x.look_after
          FROM send_attempts x
          JOIN accounts a ON a.id = x.account_id
         WHERE x.state = 'unknown' AND NOT x.needs_person AND (x.look_after <= (SELECT business_now()) OR x.look_after IS NULL)
           AND x.act_by + :call_time::interval < clock_timestamp() -- else the call may still be under way
           AND a.lease_until IS NULL AND a.status = 'usable'
           AND (a.next_free_at IS NULL OR a.next_free_at <= (SELECT business_now()) + :patience::interval)
         ORDER BY x.look_after NULLS FIRST LIMIT 1000) d
 GROUP BY d.account_id ORDER BY min(d.look_after) NULLS FIRST
 LIMIT :most;

-- name: claim^
-- The account is a mutex: no send and no other read while this look is on. One that is free a little later is taken now and
-- waited for, or a busy account's planned sends would win every time.
UPDATE accounts a
   SET lease_until = clock_timestamp() + :lease::interval, lease_holder = 'read:healer'
 WHERE a.id = :account_id::uuid AND a.lease_until IS NULL AND a.status = 'usable'
   AND (a.next_free_at IS NULL OR a.next_free_at <= business_now() + :patience::interval)
   AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.account_id = a.id AND i.state = 'intent')
RETURNING a.id, a.workspace_id, a.provider_account_id, a.lease_until,
          -- by the database's clock: the healer's own may be wrong, and would begin before the rest is over
          coalesce(greatest(a.next_free_at - business_now(), interval '0'), interval '0') AS rests,
          a.country, account_timezone(a, business_now()) AS timezone,
          a.schedule_settings::text AS account_schedule,
          (SELECT w.schedule_settings::text FROM workspaces w WHERE w.id = a.workspace_id) AS workspace_schedule;

-- name: hold^
-- Taken for its rest; now for the read itself. NULL when the lease ran out and others may have the account: a process that was
-- frozen while it waited must not ask beside them. With the database's moment: by the healer's own a read could begin after the closing.
UPDATE accounts SET lease_until = clock_timestamp() + :lease::interval
 WHERE id = :account_id::uuid AND lease_holder = 'read:healer' AND lease_until = :lease_until::timestamptz AND lease_until > clock_timestamp()
RETURNING lease_until, business_now() AS now;

-- name: put_off!
-- The hours of the account are closed: nothing of it is due before they open.
UPDATE send_attempts SET look_after = :opens::timestamptz
 WHERE account_id = :account_id::uuid AND state = 'unknown' AND NOT needs_person AND (look_after IS NULL OR look_after < :opens::timestamptz);

-- name: let_go!
-- A look is an action of the account like any other, so the spacing runs from its end. Only our own lease is given back.
UPDATE accounts a
   SET lease_until = NULL, lease_holder = NULL, next_free_at = greatest(a.next_free_at, clock.now + :spacing::interval),
       wake_at = least(coalesce(a.wake_at, 'infinity'), greatest(clock.now, a.next_free_at, clock.now + :spacing::interval))
  FROM (SELECT business_now() AS now) AS clock
 WHERE a.id = :account_id::uuid AND a.lease_holder = 'read:healer' AND a.lease_until = :lease_until::timestamptz;

-- name: doubts
-- Every unknown of the account whose call is certainly over; those not due yet are settled by the same look if it shows them.
SELECT a.id, a.action, a.workspace_id, a.campaign_id, a.prospect_id, a.lead_id, a.account_id, a.send_id, a.recipient_id, a.decided_at, a.act_by,
       a.picture, a.evidence, a.looks, a.chat_id, s.message_type, s.message, r.public_identifier, r.chat_id AS known_chat_id,
       CASE WHEN a.action = 'withdrawal' THEN
         (SELECT x.provider_ref FROM send_attempts x
           WHERE x.workspace_id = a.workspace_id AND x.recipient_id = a.recipient_id AND x.account_id = a.account_id
             AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL) END AS invitation_ref,
       coalesce(a.look_after <= business_now(), true) AS due
  FROM send_attempts a
  JOIN send_queue s ON s.id = a.send_id
  LEFT JOIN recipients r ON r.account_id = a.account_id AND r.lead_id = a.lead_id
 WHERE a.account_id = :account_id::uuid AND a.state = 'unknown' AND NOT a.needs_person AND a.act_by + :call_time::interval < clock_timestamp()
 ORDER BY a.id
 LIMIT 100;

-- name: doubt^
-- One of them, for an operator's decision as well as for a look-up.
SELECT a.id, a.action, a.workspace_id, a.campaign_id, a.prospect_id, a.lead_id, a.account_id, a.send_id, a.recipient_id, a.decided_at, a.act_by,
       a.picture, a.evidence, a.looks, a.chat_id, s.message_type, s.message, r.public_identifier, r.chat_id AS known_chat_id,
       CASE WHEN a.action = 'withdrawal' THEN
         (SELECT x.provider_ref FROM send_attempts x
           WHERE x.workspace_id = a.workspace_id AND x.recipient_id = a.recipient_id AND x.account_id = a.account_id
             AND x.action = 'invitation' AND x.state = 'accepted' AND x.withdrawn_at IS NULL) END AS invitation_ref,
       coalesce(a.look_after <= business_now(), true) AS due
  FROM send_attempts a
  JOIN send_queue s ON s.id = a.send_id
  LEFT JOIN recipients r ON r.account_id = a.account_id AND r.lead_id = a.lead_id
 WHERE a.id = :attempt_id::bigint AND a.state = 'unknown';

-- name: standing_invitations
-- Our own invitations that should still stand in the list: not withdrawn, and not answered as far as we know.
SELECT a.id AS attempt_id, a.recipient_id, a.provider_ref, coalesce(a.answered_at, a.decided_at) AS left_at
  FROM send_attempts a
  JOIN campaign_prospects p ON p.id = a.prospect_id
 WHERE a.account_id = :account_id::uuid AND a.action = 'invitation' AND NOT a.given_back AND a.state = 'accepted' AND a.withdrawn_at IS NULL
   AND a.decided_at > :since::timestamptz AND p.status = 'connection_request_sent'
 ORDER BY a.decided_at DESC
 LIMIT 200;

-- name: ask_for_news!
-- The poller's next read of who is connected comes now, unless one was made lately.
UPDATE account_reads SET next_at = :now::timestamptz
 WHERE account_id = :account_id::uuid AND kind = 'relations' AND next_at > :now::timestamptz
   AND (last_read_at IS NULL OR last_read_at < :unless_since::timestamptz);

-- name: next_departure$
-- When the account's next invitation is planned to leave, as far as its lane is open.
SELECT greatest(s.scheduled_for, l.closed_until, :now::timestamptz)
  FROM send_queue s
  JOIN campaigns c ON c.id = s.campaign_id AND c.status = 'running'
  LEFT JOIN lanes l ON l.account_id = s.account_id AND l.campaign_id = s.campaign_id AND l.action = s.action
 WHERE s.account_id = :account_id::uuid AND s.status = 'pending' AND s.action = 'invitation' AND s.held_for IS NULL
   AND s.scheduled_for <= :horizon::timestamptz AND l.condition IS NULL AND (l.closed_until IS NULL OR l.closed_until <= :horizon::timestamptz)
 ORDER BY s.scheduled_for
 LIMIT 1;

-- name: claimed_messages
-- Which of these messages of the provider another attempt has as its own, or were stored as said.
SELECT m.provider_message_id AS id FROM campaign_messages m
 WHERE m.account_id = :account_id::uuid AND m.provider_message_id = ANY(:ids::text[])
UNION
SELECT a.provider_ref FROM send_queue s JOIN send_attempts a ON a.send_id = s.id
 WHERE s.lead_id = ANY(:lead_ids::uuid[]) AND a.account_id = :account_id::uuid AND a.state = 'accepted' AND a.provider_ref = ANY(:ids::text[]);

-- name: whose_chats
SELECT chat_id, min(provider_id) AS provider_id FROM recipients
 WHERE account_id = :account_id::uuid AND chat_id = ANY(:chat_ids::text[])
 GROUP BY chat_id HAVING count(DISTINCT provider_id) = 1;

-- name: observe!
-- Append-only; what was seen before stays as it was first seen. In order of key, so that two writers never wait crosswise.
INSERT INTO observations (workspace_id, account_id, kind, provider_key, person_id, source, happened_at, observed_at, payload)
SELECT :workspace_id::uuid, :account_id::uuid, r.kind, r.provider_key, r.person_id, 'lookup', r.happened_at, :now::timestamptz, r.payload
  FROM jsonb_to_recordset(:rows::jsonb) AS r(kind text, provider_key text, person_id text, happened_at timestamptz, payload jsonb)
 ORDER BY r.kind, r.provider_key
ON CONFLICT (account_id, kind, provider_key) DO NOTHING;
