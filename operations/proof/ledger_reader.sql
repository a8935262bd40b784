-- name: account_ids
-- By the primary key, some at a time.
SELECT a.id FROM accounts a WHERE a.id > :after::uuid ORDER BY a.id LIMIT :most;

-- name: campaign_of
SELECT c.id, c.campaign_name AS name, c.workspace_id FROM campaigns c WHERE c.id::text = :word OR lower(c.campaign_name) = lower(:word) ORDER BY c.id LIMIT 20;

-- name: account_of
SELECT a.id, a.name, a.workspace_id FROM accounts a
 WHERE a.id::text = :word OR lower(a.name) = lower(:word) OR lower(a.provider_account_id) = lower(:word) ORDER BY a.id LIMIT 20;

-- name: accounts_of_campaign
-- Those it has, and those that ever sent for it: one probe of an index for each of its workspace's accounts.
SELECT a.id FROM accounts a
 WHERE a.workspace_id = :workspace_id::uuid
   AND (EXISTS (SELECT FROM campaign_accounts c WHERE c.campaign_id = :campaign_id::uuid AND c.account_id = a.id)
        OR EXISTS (SELECT FROM send_attempts x WHERE x.account_id = a.id AND x.campaign_id = :campaign_id::uuid))
 ORDER BY a.id;

-- name: span_of_campaign^
SELECT min(x.decided_at) AS first, max(x.decided_at) AS last FROM send_attempts x
 WHERE x.account_id = ANY(:account_ids::uuid[]) AND x.campaign_id = :campaign_id::uuid;

-- name: sealing^
SELECT l.sealed_to, (SELECT max(id) FROM send_attempts) AS newest, business_now() AS now
  FROM ledger_seal l;

-- name: queued
SELECT DISTINCT q.attempt_id FROM seal_queue q LIMIT 1000000;

-- name: attempts
-- With what else there is of each that is asked about. The others are read for the weeks and the spacing before.
SELECT f.id, f.workspace_id, f.campaign_id, f.prospect_id, f.lead_id, f.account_id, f.send_id, f.action, f.state, f.owner, f.dispatch_no,
       f.recipient_id, f.message_sha256, f.decided_at, f.valid_until, f.act_by, f.counted_on, f.given_back, f.answered_at, f.http_status,
       f.error_type, f.error_detail, f.provider_ref, f.chat_id, f.picture, f.evidence, f.withdrawn_at,
       w.wanted, last.link_no, last.form AS sealed_form, last.facts AS sealed_facts, s.id AS send_row, s.status::text AS send_status,
       s.account_id AS send_account, s.sent_at, m.id AS message_id, m.account_id AS message_account, m.provider_message_id,
       encode(sha256(convert_to(m.text, 'UTF8')), 'hex') AS said_sha256, t.created_at
  FROM attempt_facts f
  JOIN send_attempts t ON t.id = f.id
 CROSS JOIN LATERAL (SELECT (:day::date IS NULL OR f.counted_on = :day::date) AND (:campaign::uuid IS NULL OR f.campaign_id = :campaign::uuid)
                            AND f.decided_at >= :since::timestamptz AS wanted) w
  LEFT JOIN LATERAL (SELECT x.link_no, x.form, x.facts FROM attempt_seals x
                      WHERE w.wanted AND x.account_id = f.account_id AND x.attempt_id = f.id ORDER BY x.link_no DESC LIMIT 1) last ON true
  LEFT JOIN send_queue s ON s.id = f.send_id AND w.wanted
  LEFT JOIN campaign_messages m ON m.attempt_id = f.id AND w.wanted
 WHERE f.account_id = ANY(:account_ids::uuid[]) AND f.decided_at >= :context::timestamptz AND f.decided_at < :until::timestamptz
 ORDER BY f.account_id, f.decided_at, f.id;

-- name: chains
-- Whole: by the primary key. `earlier` is what was sealed of the same attempt before.
SELECT s.account_id, s.link_no, s.attempt_id, s.form, s.facts, s.hash, s.sealed_at, true AS wanted, a.id AS row_id, a.account_id AS row_account,
       (SELECT p.facts FROM attempt_seals p WHERE p.account_id = s.account_id AND p.attempt_id = s.attempt_id AND p.link_no < s.link_no
         ORDER BY p.link_no DESC LIMIT 1) AS earlier
  FROM attempt_seals s
  LEFT JOIN send_attempts a ON a.id = s.attempt_id
 WHERE s.account_id = ANY(:account_ids::uuid[])
 ORDER BY s.account_id, s.link_no;

-- name: parts_of_chains
-- The links of attempts between two moments and those beside them: each hash hangs on the one before, and the next on it. An
-- account decides one attempt at a time, so its numbers and its moments go the same way.
WITH span AS MATERIALIZED (
  SELECT c.account_id,
         coalesce((SELECT a.id FROM send_attempts a WHERE a.account_id = c.account_id AND a.decided_at < :since::timestamptz
                    ORDER BY a.decided_at DESC, a.id DESC LIMIT 1), 0) AS above,
         coalesce((SELECT a.id FROM send_attempts a WHERE a.account_id = c.account_id AND a.decided_at >= :until::timestamptz
                    ORDER BY a.decided_at, a.id LIMIT 1), 9223372036854775807) AS below
    FROM unnest(:account_ids::uuid[]) AS c(account_id)
), mine AS MATERIALIZED (
  SELECT s.account_id, s.link_no FROM span JOIN attempt_seals s ON s.account_id = span.account_id AND s.attempt_id > span.above AND s.attempt_id < span.below
), near AS (
  SELECT m.account_id, m.link_no + beside.n AS link_no, bool_or(beside.n >= 0) AS wanted
    FROM mine m CROSS JOIN (VALUES (-1), (0), (1)) AS beside(n) GROUP BY 1, 2
)
SELECT s.account_id, s.link_no, s.attempt_id, s.form, s.facts, s.hash, s.sealed_at, near.wanted, a.id AS row_id, a.account_id AS row_account,
       (SELECT p.facts FROM attempt_seals p WHERE p.account_id = s.account_id AND p.attempt_id = s.attempt_id AND p.link_no < s.link_no
         ORDER BY p.link_no DESC LIMIT 1) AS earlier
  FROM near
  JOIN attempt_seals s ON s.account_id = near.account_id AND s.link_no = near.link_no
  LEFT JOIN send_attempts a ON a.id = s.attempt_id
 ORDER BY s.account_id, s.link_no;

-- name: ref_was_seen$
SELECT EXISTS (SELECT FROM observations o WHERE o.account_id = :account_id::uuid AND o.kind = 'invitation' AND o.provider_key = :provider_ref::text);

-- name: heads
-- What the head says, and where the chain ends.
SELECT c.account_id, h.links, h.head, last.link_no, last.hash
  FROM unnest(:account_ids::uuid[]) AS c(account_id)
  LEFT JOIN account_seals h ON h.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT s.link_no, s.hash FROM attempt_seals s WHERE s.account_id = c.account_id ORDER BY s.link_no DESC LIMIT 1) last ON true
 ORDER BY c.account_id;

-- name: link_hash_at$
SELECT s.hash FROM attempt_seals s WHERE s.account_id = :account_id::uuid AND s.link_no = :link_no;

-- name: sent_without_attempt
-- Sends that say they have left, and how many accepted attempts say it too; by the index of what was sent.
SELECT s.id, s.account_id, s.sent_at, n.accepted
  FROM send_queue s
 CROSS JOIN LATERAL (SELECT count(*) AS accepted FROM send_attempts a WHERE a.send_id = s.id AND a.state = 'accepted' AND a.action <> 'profile_lookup') n
 WHERE s.account_id = ANY(:account_ids::uuid[]) AND s.status = 'sent' AND s.sent_at >= :since::timestamptz AND s.sent_at < :until::timestamptz
   AND (:campaign::uuid IS NULL OR s.campaign_id = :campaign::uuid) AND n.accepted <> 1
 ORDER BY s.account_id, s.sent_at;

-- name: usage
-- By hand: invitations that members sent in LinkedIn itself count too (ADR 0013).
SELECT coalesce(u.account_id, f.account_id) AS account_id, coalesce(u.local_date, f.counted_on) AS local_date, coalesce(u.action::text, 'invitation') AS action,
       coalesce(u.used, 0) AS used, coalesce(f.by_hand, 0) AS by_hand
  FROM (SELECT x.account_id, x.local_date, x.action, x.used FROM account_usage x
         WHERE x.account_id = ANY(:account_ids::uuid[]) AND (:day::date IS NULL OR x.local_date = :day::date)) u
  FULL JOIN (SELECT i.account_id, i.counted_on, count(*) AS by_hand FROM foreign_invitations i
              WHERE i.account_id = ANY(:account_ids::uuid[]) AND i.counted AND (:day::date IS NULL OR i.counted_on = :day::date) GROUP BY 1, 2) f
    ON f.account_id = u.account_id AND f.counted_on = u.local_date AND u.action = 'invitation'
 ORDER BY 1, 2;

-- name: settings
-- What was set for an account and its workspace, as it is and as it was until it changed.
SELECT a.id AS account_id, a.workspace_id, to_jsonb(a) AS account, to_jsonb(w) AS workspace, (SELECT f.since FROM history_floor f) AS known_since,
       (SELECT jsonb_agg(jsonb_build_object('until', h.valid_until, 'was', h.was) ORDER BY h.valid_until, h.id) FROM history h
         WHERE h.row_id = a.id AND h.table_name = 'accounts' AND h.part = '') AS account_was,
       (SELECT jsonb_agg(jsonb_build_object('until', h.valid_until, 'was', h.was) ORDER BY h.valid_until, h.id) FROM history h
         WHERE h.row_id = w.id AND h.table_name = 'workspaces' AND h.part = '') AS workspace_was
  FROM accounts a JOIN workspaces w ON w.id = a.workspace_id
 WHERE a.id = ANY(:account_ids::uuid[]);

-- name: answered
-- What the ledger says of the sends of a batch of events.
SELECT a.id, a.send_id, a.account_id, a.provider_ref, a.answered_at, a.evidence IS NOT NULL AS looked_up
  FROM send_attempts a WHERE a.send_id = ANY(:send_ids::uuid[]) AND a.state = 'accepted' AND a.action <> 'profile_lookup';

-- name: on_their_way
-- Events that have not left for the topic yet.
SELECT (o.payload::jsonb ->> 'send_id')::uuid AS send_id FROM outbox o WHERE o.published_at IS NULL AND o.topic = 'sends.completed';

-- name: first_made$
-- When the first of them was made, technical time: the topic need not be read from before.
SELECT min(a.created_at) FROM send_attempts a
 WHERE a.account_id = ANY(:account_ids::uuid[]) AND a.decided_at >= :since::timestamptz AND a.decided_at < :until::timestamptz;
