-- name: zones_at
-- The account's zone at each of the moments, in their order.
SELECT account_timezone(a, m.at) FROM accounts a CROSS JOIN unnest(:moments::timestamptz[]) WITH ORDINALITY AS m(at, place)
 WHERE a.id = :account_id::uuid ORDER BY m.place;

-- name: load_listed
-- By the partial index: what was observed lately, not everything that was ever observed.
SELECT o.provider_key, o.person_id, o.payload, o.happened_at, o.observed_at, r.baseline_at
  FROM observations o
  LEFT JOIN account_reads r ON r.account_id = o.account_id AND r.kind = 'invitations_sent'
 WHERE o.account_id = :account_id::uuid AND o.kind = 'invitation' AND o.observed_at > :since::timestamptz
 ORDER BY o.provider_key;

-- name: load_own
-- Attempts that left or may have left. One that was refused or did not happen has given its usage back and explains nothing.
SELECT a.id, a.provider_ref, a.recipient_id, a.decided_at, r.public_identifier, l.linkedin_vanity
  FROM send_attempts a
  JOIN leads l ON l.id = a.lead_id
  LEFT JOIN recipients r ON r.account_id = a.account_id AND r.lead_id = a.lead_id
 WHERE a.account_id = :account_id::uuid AND a.action = 'invitation' AND NOT a.given_back AND a.decided_at > :since::timestamptz
   AND is_live(a.state)
 ORDER BY a.decided_at DESC, a.id DESC;

-- name: record_manual
-- Each invitation once, on the account's local day of its date; NULL where it is not counted. Returns only those that are new here or were
-- explained by an attempt until now.
INSERT INTO foreign_invitations AS f (account_id, invitation_id, workspace_id, recipient_id, public_identifier, sent_at, counted_on, counted, listed_at)
SELECT a.id, n.invitation_id, :workspace_id::uuid, n.recipient_id, n.public_identifier, n.sent_at,
       n.counted_on, n.counted_on IS NOT NULL, :now::timestamptz
  FROM unnest(:invitation_ids::text[], :recipient_ids::text[], :public_identifiers::text[], :sent_ats::timestamptz[], :counted_ons::date[])
       AS n(invitation_id, recipient_id, public_identifier, sent_at, counted_on)
  JOIN accounts a ON a.id = :account_id::uuid
 ORDER BY n.invitation_id
ON CONFLICT (account_id, invitation_id) DO UPDATE SET attempt_id = NULL, counted = f.counted_on IS NOT NULL
 WHERE f.attempt_id IS NOT NULL
RETURNING f.counted_on;

-- name: give_back_explained
-- The usage is given back once, to the day that it was counted on.
WITH was AS MATERIALIZED (
  SELECT f.invitation_id, f.counted, f.counted_on, e.attempt_id
    FROM unnest(:invitation_ids::text[], :attempt_ids::bigint[]) AS e(invitation_id, attempt_id)
    JOIN foreign_invitations f ON f.account_id = :account_id::uuid AND f.invitation_id = e.invitation_id AND f.attempt_id IS NULL
), done AS (
  UPDATE foreign_invitations f SET attempt_id = was.attempt_id, counted = false
    FROM was WHERE f.account_id = :account_id::uuid AND f.invitation_id = was.invitation_id
)
SELECT counted_on FROM was WHERE counted;

-- name: store_invitation_ids!
-- An invitation that was proven without its id (by a profile, by a reply) has one now; a withdrawal needs it.
UPDATE send_attempts a SET provider_ref = e.invitation_id
  FROM unnest(:invitation_ids::text[], :attempt_ids::bigint[]) AS e(invitation_id, attempt_id)
 WHERE a.id = e.attempt_id AND a.account_id = :account_id::uuid AND a.provider_ref IS NULL AND a.state = 'accepted';

-- name: add_usage!
INSERT INTO account_usage AS u (account_id, local_date, action, used)
SELECT :account_id::uuid, n.local_date, 'invitation', greatest(n.used, 0) FROM unnest(:days::date[], :uses::int[]) AS n(local_date, used)
ON CONFLICT (account_id, local_date, action) DO UPDATE
   SET used = greatest(u.used + (SELECT n.used FROM unnest(:days::date[], :uses::int[]) AS n(local_date, used) WHERE n.local_date = u.local_date), 0);

-- name: mark_listed!
UPDATE foreign_invitations SET listed_at = :now::timestamptz, gone_at = NULL
 WHERE account_id = :account_id::uuid AND invitation_id = ANY(:invitation_ids::text[]);

-- name: mark_gone
-- Accepted, ignored or withdrawn by hand: the list does not show which, so only the absence is stored.
UPDATE foreign_invitations SET gone_at = business_now()
 WHERE account_id = :account_id::uuid AND gone_at IS NULL AND listed_at < :since::timestamptz
RETURNING invitation_id;

-- name: has_known$
SELECT EXISTS (SELECT FROM observations o
                WHERE o.account_id = :account_id::uuid AND o.kind = 'invitation' AND o.provider_key = ANY(:invitation_ids::text[])
                  AND o.id <= :mark::bigint);

-- name: newest_observation$
SELECT id FROM observations WHERE account_id = :account_id::uuid AND kind = 'invitation' ORDER BY observed_at DESC, id DESC LIMIT 1;
