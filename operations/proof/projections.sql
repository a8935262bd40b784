-- name: compare_counters
-- Campaigns' counters with the deltas that no job has folded yet, beside a count of the prospects themselves.
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', campaign_id, 'what', counter, 'live', kept, 'rebuilt', counted) ORDER BY campaign_id, counter)
                FILTER (WHERE kept <> counted), '[]') AS differing
  FROM campaign_counts(NULL);

-- name: compare_usage
-- What each account used on each of its days, beside the ledger's attempts that were not given back and the invitations
-- that its member sent by hand.
WITH ledger AS (
  SELECT account_id, local_date, action, sum(used)::int AS used
    FROM (SELECT account_id, counted_on AS local_date, action, count(*) AS used FROM send_attempts WHERE NOT given_back GROUP BY 1, 2, 3
          UNION ALL
          SELECT account_id, counted_on, 'invitation'::action, count(*) FROM foreign_invitations WHERE counted GROUP BY 1, 2) each
   GROUP BY 1, 2, 3
), compared AS (
  SELECT coalesce(u.account_id, l.account_id) AS account_id, coalesce(u.local_date, l.local_date) AS local_date,
         coalesce(u.action, l.action) AS action, coalesce(u.used, 0) AS live, coalesce(l.used, 0) AS rebuilt
    FROM account_usage u FULL JOIN ledger l ON l.account_id = u.account_id AND l.local_date = u.local_date AND l.action = u.action
)
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', account_id, 'what', concat_ws(' ', action, local_date), 'live', live, 'rebuilt', rebuilt)
                          ORDER BY account_id, local_date, action) FILTER (WHERE live <> rebuilt), '[]') AS differing
  FROM compared;

-- name: compare_sends
-- A send is sent when an attempt of its own was accepted, and under way while one is open.
WITH ledger AS (
  SELECT s.id, s.status::text AS live,
         CASE WHEN bool_or(a.state = 'accepted' AND a.action <> 'profile_lookup') THEN 'sent'
              WHEN bool_or(a.state = 'intent' OR (a.state = 'unknown' AND a.action <> 'profile_lookup')) THEN 'sending'
              WHEN s.status IN ('sent', 'sending') THEN 'neither sent nor under way'
              ELSE s.status::text END AS rebuilt
    FROM send_queue s LEFT JOIN send_attempts a ON a.send_id = s.id
   GROUP BY s.id, s.status
)
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', id, 'what', 'status', 'live', live, 'rebuilt', rebuilt) ORDER BY id)
                FILTER (WHERE live <> rebuilt), '[]') AS differing
  FROM ledger;

-- name: compare_contacts
-- A prospect that an accepted attempt reached was contacted, at its answer or (by what the provider showed) before.
WITH ledger AS (
  SELECT p.id, p.contacted_at AS live, min(a.answered_at) AS rebuilt
    FROM send_attempts a JOIN campaign_prospects p ON p.id = a.prospect_id
   WHERE a.state = 'accepted' AND contacts_person(a.action)
   GROUP BY p.id, p.contacted_at
)
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', id, 'what', 'contacted_at', 'live', live, 'rebuilt', rebuilt) ORDER BY id)
                FILTER (WHERE live IS NULL OR live > rebuilt), '[]') AS differing
  FROM ledger;

-- name: compare_messages
-- What was said: a row for every accepted attempt, with the words of its send.
WITH ledger AS (
  SELECT a.id, m.text AS live, s.message AS rebuilt
    FROM send_attempts a
    JOIN send_queue s ON s.id = a.send_id
    LEFT JOIN campaign_messages m ON m.attempt_id = a.id AND m.direction = 'out'
   WHERE a.state = 'accepted' AND contacts_person(a.action)
)
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', id, 'what', 'text', 'live', live, 'rebuilt', rebuilt) ORDER BY id)
                FILTER (WHERE live IS DISTINCT FROM rebuilt), '[]') AS differing
  FROM ledger;

-- name: compare_sent_events
-- sends.completed said that these were sent.
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', e.id, 'what', 'status', 'live', coalesce(s.status::text, 'no such row'), 'rebuilt', 'sent'))
                FILTER (WHERE s.status IS DISTINCT FROM 'sent'), '[]') AS differing
  FROM unnest(:ids::uuid[]) AS e(id) LEFT JOIN send_queue s ON s.id = e.id;

-- name: compare_status_events
-- accounts.status carries the row's version: the row is at the last one we heard of, or further.
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', e.id, 'what', 'status', 'live', concat_ws(' version ', a.status::text, a.status_version),
                                             'rebuilt', concat_ws(' version ', e.status, e.version)))
                FILTER (WHERE a.status_version IS NULL OR a.status_version < e.version
                           OR (a.status_version = e.version AND a.status::text <> e.status)), '[]') AS differing
  FROM unnest(:ids::uuid[], :statuses::text[], :versions::bigint[]) AS e(id, status, version) LEFT JOIN accounts a ON a.id = e.id;

-- name: compare_accepted_events
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', e.id, 'what', 'connected_at', 'live', p.connected_at, 'rebuilt', e.at))
                FILTER (WHERE p.connected_at IS NULL), '[]') AS differing
  FROM unnest(:ids::uuid[], :ats::timestamptz[]) AS e(id, at) LEFT JOIN campaign_prospects p ON p.id = e.id;

-- name: compare_reply_events
-- A reply that is not out of office moves the lead's last reply to its moment, never back.
SELECT count(*) AS compared,
       coalesce(jsonb_agg(jsonb_build_object('row', e.id, 'what', 'last_reply_at', 'live', l.last_reply_at, 'rebuilt', e.at))
                FILTER (WHERE l.last_reply_at IS NULL OR l.last_reply_at < e.at), '[]') AS differing
  FROM unnest(:ids::uuid[], :ats::timestamptz[]) AS e(id, at) LEFT JOIN leads l ON l.id = e.id;

-- name: correct_counters!
-- As deltas, so that a transaction that counts at this moment is not overwritten, and the job that folds them is the only one to touch campaigns.
INSERT INTO campaign_counter_deltas (campaign_id, counter, delta)
SELECT campaign_id, counter, delta FROM unnest(:campaign_ids::uuid[], :counters::text[], :deltas::int[]) AS d(campaign_id, counter, delta);

-- name: correct_usage!
-- By the difference: what is counted at this moment stays counted.
INSERT INTO account_usage AS u (account_id, local_date, action, used)
SELECT account_id, local_date, action, greatest(delta, 0)
  FROM unnest(:account_ids::uuid[], :local_dates::date[], :actions::action[], :deltas::int[]) AS d(account_id, local_date, action, delta)
ON CONFLICT (account_id, local_date, action) DO UPDATE
   SET used = greatest(u.used + (SELECT d.delta FROM unnest(:account_ids::uuid[], :local_dates::date[], :actions::action[], :deltas::int[])
                                          AS d(account_id, local_date, action, delta)
                                  WHERE d.account_id = u.account_id AND d.local_date = u.local_date AND d.action = u.action), 0);
