-- name: acquire_lead$
-- Until the end of the transaction: of several senders one seals, and the next round may be another's.
SELECT pg_try_advisory_xact_lock(:space);

-- name: newest$
-- Attempts get their number before they are committed, so attempts with lower numbers may still be invisible to other transactions.
SELECT coalesce(max(id), 0) FROM send_attempts;

-- name: bound^
-- Asked after `newest`: once every transaction older than this one (`own_xid`) is over, no attempt up to `newest` can appear any
-- more. Begin has its transaction's number before it makes an attempt, for it locks accounts first. A snapshot's own upper end
-- would not do: transactions that run may lie above it.
SELECT pg_current_xact_id()::text::bigint AS own_xid, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_xid;

-- name: sealed_to$
SELECT sealed_to FROM ledger_seal;

-- name: record_sealed_to!
UPDATE ledger_seal SET sealed_to = :sealed_to WHERE sealed_to < :sealed_to;

-- name: behind$
-- By the primary key: how long the first attempt that no link holds has been there.
SELECT extract(epoch FROM clock_timestamp() - a.created_at)::float AS age_s
  FROM send_attempts a WHERE a.id > (SELECT sealed_to FROM ledger_seal) ORDER BY a.id LIMIT 1;

-- name: next_attempts
SELECT f.id, f.workspace_id, f.campaign_id, f.prospect_id, f.lead_id, f.account_id, f.send_id, f.action, f.state, f.owner, f.dispatch_no,
       f.recipient_id, f.message_sha256, f.decided_at, f.valid_until, f.act_by, f.counted_on, f.given_back, f.answered_at, f.http_status,
       f.error_type, f.error_detail, f.provider_ref, f.chat_id, f.picture, f.evidence, f.withdrawn_at
  FROM attempt_facts f WHERE f.id > :after AND f.id <= :upto ORDER BY f.id LIMIT :most;

-- name: await_answers!
INSERT INTO seal_queue (attempt_id, account_id) SELECT q.attempt_id, q.account_id
  FROM unnest(:attempt_ids::bigint[], :account_ids::uuid[]) AS q(attempt_id, account_id);

-- name: dequeue
-- An attempt under way stays queued; one that was deleted leaves the queue. By ctid, because the queue has no key.
DELETE FROM seal_queue
 WHERE ctid = ANY(ARRAY(SELECT q.ctid FROM seal_queue q LEFT JOIN send_attempts a ON a.id = q.attempt_id
                         WHERE q.attempt_id <= :upto AND a.state IS DISTINCT FROM 'intent' LIMIT :most))
RETURNING attempt_id, account_id;

-- name: queued_attempts
-- A statement of its own: it sees at least what was there when they were queued. With what was sealed of them last, in the
-- account they were queued for.
SELECT f.id, f.workspace_id, f.campaign_id, f.prospect_id, f.lead_id, f.account_id, f.send_id, f.action, f.state, f.owner, f.dispatch_no,
       f.recipient_id, f.message_sha256, f.decided_at, f.valid_until, f.act_by, f.counted_on, f.given_back, f.answered_at, f.http_status,
       f.error_type, f.error_detail, f.provider_ref, f.chat_id, f.picture, f.evidence, f.withdrawn_at,
       q.account_id AS queued_for, last.form AS sealed_form, last.facts AS sealed_facts,
       EXISTS (SELECT FROM observations o WHERE o.account_id = f.account_id AND o.kind = 'invitation' AND o.provider_key = f.provider_ref) AS ref_was_seen
  FROM unnest(:attempt_ids::bigint[], :account_ids::uuid[]) AS q(attempt_id, account_id)
  JOIN attempt_facts f ON f.id = q.attempt_id
  LEFT JOIN LATERAL (SELECT s.form, s.facts FROM attempt_seals s
                      WHERE s.account_id = q.account_id AND s.attempt_id = q.attempt_id ORDER BY s.link_no DESC LIMIT 1) last ON true
 ORDER BY f.id;

-- name: heads
-- The longer of the stored head and the links that exist: a chain that was shortened by hand continues behind the gap, which shows.
SELECT c.account_id, greatest(h.links, last.link_no, 0) AS links, CASE WHEN h.links >= last.link_no OR last.link_no IS NULL THEN h.head ELSE last.hash END AS head
  FROM unnest(:account_ids::uuid[]) AS c(account_id)
  LEFT JOIN account_seals h ON h.account_id = c.account_id
  LEFT JOIN LATERAL (SELECT s.link_no, s.hash FROM attempt_seals s WHERE s.account_id = c.account_id ORDER BY s.link_no DESC LIMIT 1) last ON true;

-- name: add_links!
INSERT INTO attempt_seals (account_id, link_no, attempt_id, form, facts, hash, sealed_at)
SELECT l.account_id, l.link_no, l.attempt_id, :form, l.facts, l.hash, :sealed_at::timestamptz
  FROM unnest(:account_ids::uuid[], :link_nos::bigint[], :attempt_ids::bigint[], :facts::text[], :hashes::bytea[])
       AS l(account_id, link_no, attempt_id, facts, hash);

-- name: move_heads!
INSERT INTO account_seals (account_id, links, head, sealed_at)
SELECT h.account_id, h.links, h.head, :sealed_at::timestamptz FROM unnest(:account_ids::uuid[], :links::bigint[], :heads::bytea[]) AS h(account_id, links, head)
ON CONFLICT (account_id) DO UPDATE SET links = excluded.links, head = excluded.head, sealed_at = excluded.sealed_at;

-- name: technical_now$
SELECT clock_timestamp();
