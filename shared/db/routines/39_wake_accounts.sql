-- Let the dispatcher consider each account no later than its moment; a moment that is missing is the current one. An account's wake
-- moment only ever moves earlier, whatever the account's status: the dispatcher reads the status itself, and an account that becomes
-- usable again is woken by that change. A leased account is woken as well, because the end of its lease must not put off an
-- earlier moment. Each account's lock is held by the caller or taken here.
CREATE OR REPLACE FUNCTION wake_accounts(account_ids uuid[], moments timestamptz[] DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
  UPDATE accounts a SET wake_at = w.at
    FROM (SELECT u.id, min(coalesce(u.at, clock.now)) AS at
            FROM (SELECT business_now() AS now) AS clock, unnest(account_ids, moments) AS u(id, at) GROUP BY u.id) AS w
   WHERE a.id = w.id AND (a.wake_at IS NULL OR a.wake_at > w.at)
$$;
