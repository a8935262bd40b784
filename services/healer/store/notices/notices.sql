-- name: failed_sends
-- Those that are still failed: a reopened one is being handled already. With the last answer:
-- a failure before it is an earlier one, of which an old event tells again.
SELECT s.id AS send_id, s.workspace_id, s.campaign_id, c.campaign_name, s.prospect_id, btrim(l.first_name || ' ' || l.last_name) AS person,
       l.company, s.account_id, a.name AS account_name, s.message_type, s.error_message,
       (SELECT max(x.answered_at) FROM send_attempts x WHERE x.send_id = s.id) AS answered_at
  FROM send_queue s
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN leads l ON l.id = s.lead_id
  JOIN accounts a ON a.id = s.account_id
 WHERE s.id = ANY(:send_ids::uuid[]) AND s.status = 'failed';

-- name: accounts
SELECT id AS account_id, workspace_id, name AS account_name, provider_account_id, status, status_reason, status_version, status_changed_at
  FROM accounts WHERE id = ANY(:account_ids::uuid[]);

-- name: unknown_attempts
-- By the partial index: what waits for a person. Told once, as the notice's key says.
SELECT x.id AS attempt_id, x.workspace_id, x.campaign_id, c.campaign_name, x.prospect_id, btrim(l.first_name || ' ' || l.last_name) AS person,
       l.company, x.account_id, a.name AS account_name, s.message_type, x.send_id, x.decided_at, x.looks
  FROM send_attempts x
  JOIN send_queue s ON s.id = x.send_id
  JOIN campaigns c ON c.id = x.campaign_id
  JOIN leads l ON l.id = x.lead_id
  JOIN accounts a ON a.id = x.account_id
 WHERE x.state = 'unknown' AND x.needs_person
   AND NOT EXISTS (SELECT FROM notices n WHERE n.dedupe_key = 'attempt_unknown:' || x.id)
 ORDER BY x.id LIMIT :most;

-- name: stopped_consumers
-- One per group, however many of its processes stopped.
SELECT o.stop_id, w.id AS workspace_id, o.topic, o.group_name
  FROM (SELECT min(id) AS stop_id, topic, group_name FROM consumer_stops WHERE resumed_at IS NULL GROUP BY topic, group_name) o
 CROSS JOIN workspaces w
 WHERE w.is_active AND NOT EXISTS (SELECT FROM notices n WHERE n.dedupe_key = 'consumer_stopped:' || o.stop_id || ':' || w.id)
 ORDER BY o.stop_id, w.id LIMIT :most;

-- name: completed_campaigns
-- Completed automatically and not announced; those of long ago are no news (OLDEST). By the index of these alone.
SELECT c.id AS campaign_id, c.workspace_id, c.campaign_name, c.completed_at,
       (SELECT count(*)::int FROM campaign_prospects p WHERE p.campaign_id = c.id) AS people,
       (SELECT count(*)::int FROM campaign_prospects p WHERE p.campaign_id = c.id AND p.reply_message_id IS NOT NULL) AS replied
  FROM campaigns c
 WHERE c.completed_by_itself AND c.completed_at > business_now() - :oldest::interval
   AND NOT EXISTS (SELECT FROM notices n WHERE n.kind::text = 'campaign_completed' AND n.about = c.id AND n.happened_at = c.completed_at)
 ORDER BY c.completed_at LIMIT :most;

-- name: read_only_workspaces
-- One for every time that the fence was shut: a restored database knows nothing of what was told after its backup.
SELECT w.id AS workspace_id, f.read_only_since AS since, f.mark
  FROM (SELECT read_only_since, to_char(read_only_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS mark
          FROM stack_fence WHERE read_only_since IS NOT NULL) f
 CROSS JOIN workspaces w
 WHERE w.is_active AND NOT EXISTS (SELECT FROM notices n WHERE n.dedupe_key = 'stack_read_only:' || f.mark || ':' || w.id)
 ORDER BY w.id LIMIT :most;

-- name: known
SELECT dedupe_key FROM notices WHERE dedupe_key = ANY(:dedupe_keys::text[]);

-- name: told_lately$
-- How many notices of this kind, about the same, people were told of lately (technical time).
SELECT count(*) FROM notices WHERE told AND about = :about AND kind = :kind::notice_kind AND created_at > clock_timestamp() - :window::interval;

-- name: deliver_to$
-- A test, to the one channel it is of; the request that made it tries at once, so it is due for the job only after a lease.
INSERT INTO notice_deliveries (workspace_id, notice_id, channel_id, next_at)
SELECT c.workspace_id, :notice_id, c.id, clock_timestamp() + :hold::interval FROM notice_channels c WHERE c.id = :channel_id
RETURNING id;

-- name: claim
-- Takes what is due for the length of a lease; `kinds` NULL: of every kind. The try is counted now: a process that dies in it leaves it counted, or a
-- notice that kills its process would be tried for ever.
UPDATE notice_deliveries d
   SET attempts = d.attempts + 1, next_at = clock_timestamp() + :lease::interval
  FROM notices n, notice_channels c
 WHERE d.id IN (SELECT w.id FROM notice_deliveries w
                 WHERE w.state = 'waiting' AND w.next_at <= clock_timestamp()
                   AND (:kinds::text[] IS NULL
                        OR EXISTS (SELECT FROM notices k WHERE k.id = w.notice_id AND k.kind::text = ANY(:kinds::text[])))
                 ORDER BY w.next_at LIMIT :most FOR UPDATE SKIP LOCKED)
   AND d.state = 'waiting' AND n.id = d.notice_id AND c.id = d.channel_id
RETURNING d.id, d.attempts, n.workspace_id, n.kind, n.dedupe_key, n.about, n.subject, n.text, n.details, n.happened_at,
          c.medium, c.target, c.secret, c.enabled;

-- name: claim_one^
-- The same for one of them, whenever it is due.
UPDATE notice_deliveries d
   SET attempts = d.attempts + 1, next_at = clock_timestamp() + :lease::interval
  FROM notices n, notice_channels c
 WHERE d.id = :delivery_id AND d.state = 'waiting' AND d.attempts = 0 AND n.id = d.notice_id AND c.id = d.channel_id
RETURNING d.id, d.attempts, n.workspace_id, n.kind, n.dedupe_key, n.about, n.subject, n.text, n.details, n.happened_at,
          c.medium, c.target, c.secret, c.enabled;

-- name: oldest_waiting$
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM notice_deliveries WHERE state = 'waiting';

-- name: list_notices
-- The log, newest first, those before `before`; NULL: of every workspace.
SELECT id, workspace_id, kind, subject, text, details, happened_at, created_at
  FROM notices
 WHERE (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND (:before::bigint IS NULL OR id < :before)
   AND (:kind::text IS NULL OR kind = :kind::text::notice_kind)
 ORDER BY id DESC LIMIT :most;

-- name: deliveries_of
SELECT d.id, d.notice_id, d.channel_id, c.name AS channel_name, c.medium, d.state, d.attempts, d.next_at, d.last_status, d.last_error,
       d.delivered_at, d.created_at
  FROM notice_deliveries d JOIN notice_channels c ON c.id = d.channel_id
 WHERE d.notice_id = ANY(:notice_ids::bigint[]) ORDER BY d.notice_id DESC, d.created_at, d.id;

-- name: delivery^
SELECT d.id, d.notice_id, d.channel_id, c.name AS channel_name, c.medium, d.state, d.attempts, d.next_at, d.last_status, d.last_error,
       d.delivered_at, d.created_at
  FROM notice_deliveries d JOIN notice_channels c ON c.id = d.channel_id
 WHERE d.id = :delivery_id;
