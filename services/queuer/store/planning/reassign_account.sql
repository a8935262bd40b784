-- name: lost_accounts
-- Accounts that have been disconnected for long enough, by running campaign, where another of its accounts can act and
-- a planned prospect may still be reassigned. From the index of disconnected accounts alone.
SELECT ca.account_id, ca.campaign_id
  FROM accounts a
  JOIN campaign_accounts ca ON ca.account_id = a.id
  JOIN campaigns c ON c.id = ca.campaign_id AND c.status = 'running' AND has_channel(c.campaign_type)
 WHERE a.status = 'disconnected' AND a.status_changed_at <= :lost_before
   AND EXISTS (SELECT FROM campaign_accounts o JOIN accounts x ON x.id = o.account_id
                WHERE o.campaign_id = ca.campaign_id AND x.id <> a.id AND x.status = 'usable')
 ORDER BY ca.account_id, ca.campaign_id;

-- name: next_lanes
-- A page of what accounts have to do for campaigns, to see whether they still belong to them.
SELECT l.account_id, l.campaign_id,
       c.status = 'running' AND has_channel(c.campaign_type)
       AND NOT EXISTS (SELECT FROM campaign_accounts ca WHERE ca.campaign_id = l.campaign_id AND ca.account_id = l.account_id)
       AND EXISTS (SELECT FROM campaign_accounts o JOIN accounts x ON x.id = o.account_id
                    WHERE o.campaign_id = l.campaign_id AND x.status = 'usable') AS left_it
  FROM (SELECT account_id, campaign_id FROM lanes
         WHERE (account_id, campaign_id) > (:after_account::uuid, :after_campaign::uuid)
         GROUP BY account_id, campaign_id ORDER BY account_id, campaign_id LIMIT :most) l
  JOIN campaigns c ON c.id = l.campaign_id
 ORDER BY l.account_id, l.campaign_id;

-- name: movable
-- First steps of people with whom this account has had no contact, and none is under way: whatever left, or may have left,
-- keeps a person with the account that wrote. A look-up is no contact, unless it is under way just now.
SELECT s.id AS send_id, s.prospect_id
  FROM send_queue s
  JOIN campaign_prospects p ON p.id = s.prospect_id AND p.account_id = s.account_id
 WHERE s.account_id = :account_id AND s.campaign_id = :campaign_id AND s.status = 'pending' AND s.step_position = 1 AND s.held_for IS NULL
   AND is_unstarted(p.status) AND p.contacted_at IS NULL
   AND (:send_ids::uuid[] IS NULL OR s.id = ANY(:send_ids::uuid[]))
   AND NOT EXISTS (SELECT FROM send_queue o JOIN send_attempts x ON x.send_id = o.id
                    WHERE o.prospect_id = p.id
                      AND (is_undecided(x.state) OR (x.state = 'accepted' AND x.action <> 'profile_lookup')))
 ORDER BY s.scheduled_for, s.id LIMIT :most;

-- name: lock_accounts_of_campaign
-- The one that is gone and those that may take over, in id order and before everything else.
SELECT id FROM accounts
 WHERE id = :account_id OR id IN (SELECT account_id FROM campaign_accounts WHERE campaign_id = :campaign_id)
 ORDER BY id FOR NO KEY UPDATE;

-- name: departure^
-- A statement of its own, after the locks: it may have come back while they were waited for. Why the account is gone, or NULL.
SELECT a.workspace_id,
       CASE WHEN NOT EXISTS (SELECT FROM campaign_accounts ca WHERE ca.campaign_id = c.id AND ca.account_id = a.id) THEN 'removed from the campaign'
            WHEN a.status = 'disconnected' AND a.status_changed_at <= :lost_before
              THEN 'disconnected since ' || to_char(a.status_changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
                   || coalesce(': ' || a.status_reason, '')
       END AS why
  FROM accounts a, campaigns c
 WHERE a.id = :account_id AND c.id = :campaign_id AND c.status = 'running'
   AND EXISTS (SELECT FROM campaign_accounts o JOIN accounts x ON x.id = o.account_id
                WHERE o.campaign_id = c.id AND x.id <> a.id AND x.status = 'usable');

-- name: try_lock_pending
-- One that is being dispatched or cancelled just now belongs to the transaction that does so.
SELECT id FROM send_queue
 WHERE id = ANY(:send_ids::uuid[]) AND status = 'pending' AND account_id = :account_id ORDER BY id FOR NO KEY UPDATE SKIP LOCKED;

-- name: clear_words
-- Compare-and-set. Without its words the send cannot leave (the dispatcher passes it over) before planning has given it the
-- new account, that account's own recipient and words within its limits.
UPDATE send_queue SET message_sha256 = :not_rendered
 WHERE id = ANY(:send_ids::uuid[]) AND status = 'pending' AND account_id = :account_id
RETURNING prospect_id;

-- name: detach_prospects!
-- From here on these people are as unplanned as new ones; should planning stop halfway, its sweep goes on with them.
UPDATE campaign_prospects SET account_id = NULL WHERE id = ANY(:prospect_ids::uuid[]) AND account_id = :account_id;

-- name: receivers
SELECT account_id, count(*)::int AS prospects FROM campaign_prospects WHERE id = ANY(:prospect_ids::uuid[]) GROUP BY account_id;
