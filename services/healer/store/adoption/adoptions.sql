-- name: open_adoption^
-- The one under way.
SELECT id, differences, lost_from, lost_until, head AS stored_head, webhooks, requested_at, requested_by FROM stack_adoptions WHERE state = 'reading';

-- name: take_adoption$
-- One healer reads; the lock goes with its transaction.
SELECT pg_try_advisory_xact_lock(:key);

-- name: waiting_accounts
SELECT x.account_id, a.workspace_id, a.provider_account_id, x.tries, a.channel, a.status
  FROM stack_adoption_accounts x JOIN accounts a ON a.id = x.account_id
 WHERE x.adoption_id = :adoption_id::bigint AND x.state = 'waiting'
 ORDER BY x.account_id
 LIMIT :most;

-- name: account_read!
UPDATE stack_adoption_accounts SET state = 'read', why = NULL, invitations = :invitations, messages = :messages
 WHERE adoption_id = :adoption_id::bigint AND account_id = :account_id::uuid;

-- name: account_rests!
UPDATE accounts SET next_free_at = greatest(next_free_at, :next_free_at::timestamptz) WHERE id = :account_id::uuid;

-- name: account_failed!
UPDATE stack_adoption_accounts
   SET tries = tries + 1, why = :why, state = CASE WHEN tries + 1 >= :most_tries::int THEN 'unreadable' ELSE 'waiting' END
 WHERE adoption_id = :adoption_id::bigint AND account_id = :account_id::uuid;

-- name: find_leads
-- Who a person of the provider is to us, as the poller asks it (services/poller/store/people.sql).
SELECT q.person_id, q.vanity, found.lead_id
  FROM unnest(:person_ids::text[], :vanities::text[]) AS q(person_id, vanity)
  JOIN LATERAL (
    SELECT r.lead_id FROM recipients r WHERE r.account_id = :account_id::uuid AND r.provider_id = q.person_id
    UNION
    SELECT l.id FROM leads l WHERE l.linkedin_id = q.person_id AND l.workspace_id = :workspace_id::uuid
    UNION
    SELECT l.id FROM leads l
     WHERE l.linkedin_vanity = q.vanity AND l.workspace_id = :workspace_id::uuid AND (l.linkedin_id IS NULL OR l.linkedin_id = q.person_id)
  ) AS found ON true
 ORDER BY found.lead_id;

-- name: sequences
-- The sequences under way of these people that this account may serve, the steps in order and what the ledger knows of each.
SELECT p.id AS prospect_id, p.workspace_id, p.campaign_id, p.lead_id, p.status, st.position, st.message_type, st.action,
       st.requires_connection, s.status AS send_status, s.message,
       EXISTS (SELECT FROM send_attempts t WHERE t.send_id = s.id AND is_undecided(t.state) AND t.action <> 'profile_lookup') AS live
  FROM campaign_prospects p
  JOIN campaigns c ON c.id = p.campaign_id AND has_channel(c.campaign_type)
  JOIN workflow_steps st ON st.workflow_id = coalesce(p.workflow_id, (SELECT w.id FROM workflows w WHERE w.campaign_id = p.campaign_id
                                                                       ORDER BY w.version DESC LIMIT 1))
  LEFT JOIN send_queue s ON s.prospect_id = p.id AND s.message_type = st.message_type
 WHERE p.lead_id = ANY(:lead_ids::uuid[]) AND is_active(p.status)
   AND (p.account_id = :account_id::uuid
        OR EXISTS (SELECT FROM campaign_accounts ca WHERE ca.campaign_id = p.campaign_id AND ca.account_id = :account_id::uuid))
 ORDER BY p.id, st.position;

-- name: plan_as_begun!
-- The row of a step that was planned in the lost time, with the words that left. `sending`, like any send with an attempt.
INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action, next_action,
                        linkedin_user_id, message, message_sha256, scheduled_for, status, requires_connection, dispatch_no)
SELECT :send_id::uuid, p.workspace_id, p.campaign_id, p.id, p.lead_id, :account_id::uuid, :message_type, :position::int, :action::action,
       :action::action, :person_id, :message, sha256(convert_to(:message, 'UTF8')), :at::timestamptz, 'sending', :requires_connection::boolean, 1
  FROM campaign_prospects p WHERE p.id = :prospect_id::uuid
ON CONFLICT (id) DO NOTHING;

-- name: dispatch_again!
UPDATE send_queue SET status = 'dispatched', dispatch_no = dispatch_no + 1, account_id = :account_id::uuid, next_action = action,
       linkedin_user_id = coalesce(:person_id, linkedin_user_id), held_for = NULL
 WHERE id = :send_id::uuid AND status = 'pending';

-- name: begin_again!
UPDATE send_queue SET status = 'sending', account_id = :account_id::uuid, next_action = action,
       linkedin_user_id = coalesce(:person_id, linkedin_user_id)
 WHERE id = :send_id::uuid AND status = 'dispatched';

-- name: hand_to!
-- The account that wrote is the one that goes on.
UPDATE campaign_prospects SET account_id = :account_id::uuid WHERE id = :prospect_id::uuid AND account_id IS DISTINCT FROM :account_id::uuid;

-- name: zone_at$
SELECT account_timezone(accounts, :at::timestamptz) FROM accounts WHERE id = :account_id::uuid;

-- name: attempt_anew$
-- As unknown, which it is until the next statement settles it; after a crash in between the look-up does. What another
-- attempt has claimed already meets an index and stays as it is.
INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner, dispatch_no, recipient_id,
                           message_sha256, decided_at, valid_until, act_by, counted_on, look_after)
SELECT s.workspace_id, s.campaign_id, s.prospect_id, s.lead_id, s.account_id, s.id, s.action, 'unknown', 'adoption', s.dispatch_no, :person_id,
       s.message_sha256, :at::timestamptz, :at::timestamptz, clock_timestamp(),
       :counted_on::date, business_now()
  FROM send_queue s
 WHERE s.id = :send_id::uuid AND s.status = 'sending'
ON CONFLICT DO NOTHING
RETURNING id;

-- name: count_use!
INSERT INTO account_usage (account_id, local_date, action, used)
SELECT account_id, counted_on, action, 1 FROM send_attempts WHERE id = :attempt_id::bigint
ON CONFLICT (account_id, local_date, action) DO UPDATE SET used = account_usage.used + 1;

-- name: connect$
-- An acceptance in the lost time; one that the invitation's own settling has brought already changes nothing.
UPDATE campaign_prospects SET status = 'connected', connected_at = coalesce(connected_at, :at::timestamptz)
 WHERE id = :prospect_id::uuid AND status = 'connection_request_sent'
RETURNING id;

-- name: progress^
SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'read')::int AS read,
       count(*) FILTER (WHERE state = 'unreadable')::int AS unreadable, coalesce(sum(invitations), 0)::int AS invitations,
       coalesce(sum(messages), 0)::int AS messages
  FROM stack_adoption_accounts WHERE adoption_id = :adoption_id::bigint;

-- name: pause_unreadable
UPDATE accounts a
   SET status = 'paused', status_reason = :reason::text || coalesce(x.why, ''), status_version = status_version + 1, status_changed_at = business_now()
  FROM stack_adoption_accounts x
 WHERE x.adoption_id = :adoption_id::bigint AND x.account_id = a.id AND x.state = 'unreadable' AND a.status <> 'paused'
RETURNING a.id, a.workspace_id, a.status_reason, a.status_version;

-- name: resume_read
-- Those that an earlier look could not read, and this one could.
UPDATE accounts a
   SET status = 'usable', status_reason = NULL, status_version = status_version + 1, status_changed_at = business_now(),
       wake_at = business_now()
  FROM stack_adoption_accounts x
 WHERE x.adoption_id = :adoption_id::bigint AND x.account_id = a.id AND x.state = 'read' AND a.status = 'paused'
   AND starts_with(coalesce(a.status_reason, ''), :reason::text)
RETURNING a.id, a.workspace_id, a.status_reason, a.status_version;

-- name: open_fence!
-- The next head follows the one that Kafka knows, so that no database that is older agrees with it.
UPDATE stack_fence
   SET stack_id = coalesce(stack_id, gen_random_uuid()), epoch = epoch + 1, system_identifier = :system_identifier, timeline = :timeline,
       kafka_cluster = :kafka_cluster, seq = :seq, token = gen_random_uuid(), previous = NULL, beat_at = clock_timestamp(),
       business_at = business_now(), attempt_id = coalesce((SELECT max(id) FROM send_attempts), 0), read_only_since = NULL,
       read_only_why = NULL, neighbours = CASE WHEN :keep::boolean THEN neighbours || foreign_webhooks ELSE neighbours END,
       foreign_webhooks = '{}';

-- name: finish_adoption!
UPDATE stack_adoptions SET state = 'done', finished_at = clock_timestamp() WHERE id = :adoption_id::bigint;

-- name: foreign_webhooks
SELECT unnest(foreign_webhooks) FROM stack_fence;
