-- Written by the healer, and by the queuer while no healer is alive.

-- name: ensure_owner!
-- A workspace that never had a channel is told by mail to its owner's address. The row is like any other: who removes it is
-- not told again, because a removed row counts too.
INSERT INTO notice_channels (workspace_id, name, medium, target, kinds, every_kind)
SELECT w.id, 'owner', 'email', w.email, :kinds::text[]::notice_kind[], true
  FROM workspaces w
 WHERE w.id = ANY(:workspace_ids::uuid[]) AND NOT EXISTS (SELECT FROM notice_channels c WHERE c.workspace_id = w.id)
 ORDER BY w.id
ON CONFLICT (workspace_id, lower(name)) WHERE removed_at IS NULL DO NOTHING;

-- name: add_notice$
INSERT INTO notices (workspace_id, kind, dedupe_key, about, subject, text, details, happened_at, told)
VALUES (:workspace_id, :kind::notice_kind, :dedupe_key, :about, :subject, :text, :details, :happened_at, :told)
ON CONFLICT (dedupe_key) DO NOTHING
RETURNING id;

-- name: deliver_to_channels
-- One row per channel that wants the kind. `held_back` says why it is never tried.
INSERT INTO notice_deliveries (workspace_id, notice_id, channel_id, state, last_error)
SELECT n.workspace_id, n.id, c.id, CASE WHEN :held_back::text IS NULL THEN 'waiting' ELSE 'held_back' END::delivery_state, :held_back::text
  FROM notices n JOIN notice_channels c ON c.workspace_id = n.workspace_id
 WHERE n.id = :notice_id AND c.enabled AND (c.every_kind OR n.kind = ANY(c.kinds))
 ORDER BY c.id
ON CONFLICT (notice_id, channel_id) DO NOTHING
RETURNING id;

-- name: delivered^
-- Also when another process has claimed it meanwhile: it arrived.
UPDATE notice_deliveries SET state = 'delivered', delivered_at = clock_timestamp(), last_status = :status, last_error = NULL
 WHERE id = :delivery_id AND state = 'waiting' RETURNING id;

-- name: not_delivered^
-- Only by the try that was counted last: a later one knows better.
UPDATE notice_deliveries
   SET state = :state::delivery_state, next_at = clock_timestamp() + :pause::interval, last_status = :status, last_error = :error
 WHERE id = :delivery_id AND state = 'waiting' AND attempts = :attempts RETURNING id;
