-- name: unanswered$
-- How many dispatches wait for a sender, counted no further than it matters.
SELECT count(*)::int FROM (
  SELECT FROM accounts WHERE lease_until > clock_timestamp() AND lease_holder = 'dispatch' LIMIT :most) waiting;

-- name: lock_awake
-- Accounts that may have something to do; an account that another dispatcher has locked is skipped, not waited for.
SELECT id FROM accounts
 WHERE wake_at <= :now AND lease_until IS NULL AND status = 'usable'
 ORDER BY wake_at LIMIT :most
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: lock_awake_of_scope
-- The same for one workspace or account. A statement of its own: with these conditions in it the one above, which every
-- tick makes, would be planned for few rows and sort all that is awake.
SELECT id FROM accounts
 WHERE wake_at <= :now AND lease_until IS NULL AND status = 'usable'
   AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND (:account_id::uuid IS NULL OR id = :account_id)
 ORDER BY wake_at LIMIT :most
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: first_due
-- For each account what its campaigns' turns give it (rules/planning/fairness.py): the turn that runs goes on, then the next campaign
-- in order of id, then from the front; of one campaign what has been due longest. A statement of its own: it must see what
-- was committed before the locks. One index probe per open lane, whatever stands behind its head.
SELECT a.id AS account_id, d.id AS send_id, greatest(d.scheduled_for, d.closed_until, a.next_free_at) AS allowed_at, d.dispatches_in_vain,
       d.campaign_id, d.turn_length, a.turn_of, a.turn_left
  FROM accounts a
 CROSS JOIN LATERAL (
   SELECT s.id, s.scheduled_for, s.dispatches_in_vain, l.closed_until, l.campaign_id, c.turn_length
     FROM lanes l
     JOIN campaigns c ON c.id = l.campaign_id AND c.status = 'running'
    CROSS JOIN LATERAL (
      SELECT s.id, s.scheduled_for, s.dispatches_in_vain FROM send_queue s
       WHERE s.account_id = l.account_id AND s.campaign_id = l.campaign_id AND s.next_action = l.action
         AND s.status = 'pending' AND s.held_for IS NULL AND s.scheduled_for <= :now AND s.message_sha256 <> :not_rendered
       ORDER BY s.scheduled_for LIMIT 1) s
    WHERE l.account_id = a.id AND l.condition IS NULL AND (l.closed_until IS NULL OR l.closed_until <= :now)
    ORDER BY CASE WHEN l.campaign_id = a.turn_of AND a.turn_left > 0 THEN 0 WHEN l.campaign_id > a.turn_of THEN 1 ELSE 2 END,
             l.campaign_id, s.scheduled_for
    LIMIT 1) d
 WHERE a.id = ANY(:account_ids::uuid[]) AND (a.next_free_at IS NULL OR a.next_free_at <= :now)
   AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.account_id = a.id AND i.state = 'intent')
 ORDER BY d.id;

-- name: lock_due_sends
-- In id order. What is being cancelled just now is skipped; its account comes back by its wake.
SELECT id FROM send_queue WHERE id = ANY(:send_ids::uuid[]) AND status = 'pending' AND held_for IS NULL
 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED;

-- name: mark_dispatched
UPDATE send_queue SET status = 'dispatched', dispatch_no = dispatch_no + 1
 WHERE id = ANY(:send_ids::uuid[]) AND status = 'pending' AND held_for IS NULL
RETURNING id, account_id, dispatch_no;

-- name: lease!
-- Technical time: a lease must not end early because the business clock runs fast. It doubles with every dispatch that
-- no sender answered, so that a sender in trouble is not buried. The turn is written here, because the row is
-- written anyway: it moves with the mark or not at all.
UPDATE accounts a
   SET wake_at = NULL, lease_holder = 'dispatch', turn_of = d.turn_of, turn_left = d.turn_left,
       lease_until = clock_timestamp() + least(:lease::interval * power(2, least(d.in_vain, 16)), :longest::interval)
  FROM unnest(:account_ids::uuid[], :in_vains::int[], :turn_ofs::uuid[], :turn_lefts::int[]) AS d(account_id, in_vain, turn_of, turn_left)
 WHERE a.id = d.account_id;

-- name: set_next_check!
-- Accounts with nothing due sleep until the first moment at which one of their lanes may have something, or until
-- a planned send or an event sets an earlier check. A few seconds at least: an account that cannot be served now must not be asked every round.
UPDATE accounts a
   SET wake_at = (
     SELECT greatest(min(greatest(s.scheduled_for, l.closed_until, a.next_free_at)), :now::timestamptz + :least::interval)
       FROM lanes l
       JOIN campaigns c ON c.id = l.campaign_id AND c.status = 'running'
      CROSS JOIN LATERAL (
        SELECT s.scheduled_for FROM send_queue s
         WHERE s.account_id = l.account_id AND s.campaign_id = l.campaign_id AND s.next_action = l.action
           AND s.status = 'pending' AND s.held_for IS NULL AND s.message_sha256 <> :not_rendered
         ORDER BY s.scheduled_for LIMIT 1) s
      WHERE l.account_id = a.id AND l.condition IS NULL
     HAVING count(*) > 0)
 WHERE a.id = ANY(:account_ids::uuid[]);

-- name: lock_expired
-- Reads that were abandoned come back here as well. What holds an intent is the healer's.
SELECT a.id FROM accounts a
 WHERE a.lease_until < clock_timestamp() AND (a.lease_holder = 'dispatch' OR a.lease_holder LIKE 'read:%')
   AND NOT EXISTS (SELECT FROM send_attempts i WHERE i.account_id = a.id AND i.state = 'intent')
 ORDER BY a.lease_until LIMIT :most
   FOR NO KEY UPDATE OF a SKIP LOCKED;

-- name: lock_unanswered
SELECT id FROM send_queue WHERE account_id = ANY(:account_ids::uuid[]) AND status = 'dispatched' ORDER BY id FOR NO KEY UPDATE;

-- name: return_to_pending
UPDATE send_queue SET status = 'pending', dispatches_in_vain = dispatches_in_vain + 1
 WHERE id = ANY(:send_ids::uuid[]) AND status = 'dispatched'
RETURNING id, account_id, campaign_id, dispatches_in_vain;

-- name: return_turns!
-- The action that was paid for never began: its campaign goes on where it was, neither later nor with one more. No other
-- campaign was served meanwhile, because the account was leased. After `most` times in vain the turn passes on: one send that
-- no sender can take must not keep the account's other campaigns waiting.
UPDATE accounts a SET turn_left = a.turn_left + 1
  FROM unnest(:account_ids::uuid[], :campaign_ids::uuid[], :in_vains::int[]) AS b(account_id, campaign_id, in_vain)
 WHERE a.id = b.account_id AND a.turn_of = b.campaign_id AND b.in_vain <= :most;

-- name: release_leases!
UPDATE accounts SET lease_until = NULL, lease_holder = NULL, wake_at = least(coalesce(wake_at, 'infinity'), :now)
 WHERE id = ANY(:account_ids::uuid[]);

-- name: sleeping_accounts
-- The next accounts that have no next check, from the index that holds those alone. Where the round ends.
SELECT id FROM accounts
 WHERE wake_at IS NULL AND lease_until IS NULL AND status = 'usable' AND id > :after
 ORDER BY id LIMIT :most;

-- name: lock_forgotten
-- Those of them that have something overdue in an open lane: their wake was lost. Only what is overdue by a good while, so
-- that this never becomes a second way of waking; an account that is leased just now gets its next check when the lease is released.
SELECT a.id FROM accounts a
 WHERE a.id = ANY(:account_ids::uuid[]) AND a.wake_at IS NULL AND a.lease_until IS NULL AND a.status = 'usable'
   AND EXISTS (
     SELECT FROM lanes l
       JOIN campaigns c ON c.id = l.campaign_id AND c.status = 'running'
      WHERE l.account_id = a.id AND l.condition IS NULL AND (l.closed_until IS NULL OR l.closed_until <= :overdue_since)
        AND EXISTS (SELECT FROM send_queue s
                     WHERE s.account_id = l.account_id AND s.campaign_id = l.campaign_id AND s.next_action = l.action
                       AND s.status = 'pending' AND s.held_for IS NULL AND s.scheduled_for <= :overdue_since
                       AND s.message_sha256 <> :not_rendered))
   FOR NO KEY UPDATE OF a SKIP LOCKED;

-- name: oldest_due$
-- Since when the send that has been allowed longest could have left: due, its lane open, its account free. One that was
-- handed out and that no sender took counts too, or a dead sender would read as nothing waiting. One probe per lane of
-- the accounts that are awake or handed out, the first :most of each.
SELECT min(d.allowed_at)
  FROM ((SELECT id, next_free_at FROM accounts WHERE wake_at <= :now AND lease_until IS NULL AND status = 'usable' ORDER BY wake_at LIMIT :most)
        UNION ALL
        (SELECT id, next_free_at FROM accounts
          WHERE lease_until IS NOT NULL AND lease_holder = 'dispatch' AND status = 'usable' ORDER BY lease_until LIMIT :most)) a
 CROSS JOIN LATERAL (
   SELECT greatest(s.scheduled_for, l.closed_until, a.next_free_at) AS allowed_at
     FROM lanes l
     JOIN campaigns c ON c.id = l.campaign_id AND c.status = 'running'
    CROSS JOIN LATERAL (
      (SELECT q.scheduled_for FROM send_queue q
        WHERE q.account_id = l.account_id AND q.campaign_id = l.campaign_id AND q.next_action = l.action
          AND q.status = 'pending' AND q.held_for IS NULL AND q.message_sha256 <> :not_rendered
        ORDER BY q.scheduled_for LIMIT 1)
      UNION ALL
      (SELECT q.scheduled_for FROM send_queue q
        WHERE q.account_id = l.account_id AND q.status = 'dispatched' AND q.campaign_id = l.campaign_id AND q.next_action = l.action
        LIMIT 1)) s
    WHERE l.account_id = a.id AND l.condition IS NULL) d
 WHERE d.allowed_at <= :now;
