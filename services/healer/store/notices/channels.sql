-- name: add_channel^
-- Nothing when the name is taken; the unique index decides between two who add it at once.
INSERT INTO notice_channels (workspace_id, name, medium, target, secret, kinds, every_kind)
VALUES (:workspace_id, :name, :medium::notice_medium, :target, :secret, :kinds::text[]::notice_kind[], :every_kind)
ON CONFLICT (workspace_id, lower(name)) WHERE removed_at IS NULL DO NOTHING
RETURNING id, workspace_id, name, medium, target, kinds::text[] AS kinds, every_kind, enabled, created_at;

-- name: workspace_exists$
SELECT EXISTS (SELECT FROM workspaces WHERE id = :workspace_id);

-- name: by_name^
SELECT id, workspace_id, name, medium, target, kinds::text[] AS kinds, every_kind, enabled, created_at
  FROM notice_channels WHERE workspace_id = :workspace_id AND lower(name) = lower(:name) AND removed_at IS NULL;

-- name: by_id^
SELECT id, workspace_id, name, medium, target, kinds::text[] AS kinds, every_kind, enabled, created_at
  FROM notice_channels WHERE id = :channel_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND removed_at IS NULL;

-- name: list_channels
-- One page, in order of id behind `after`; NULL: of every workspace.
SELECT id, workspace_id, name, medium, target, kinds::text[] AS kinds, every_kind, enabled, created_at
  FROM notice_channels
 WHERE (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND (:after::uuid IS NULL OR id > :after) AND removed_at IS NULL
 ORDER BY id LIMIT :most;

-- name: change_channel^
-- NULL leaves a column as it is. The row must still be there: of two people one may have removed it.
UPDATE notice_channels
   SET name = coalesce(:name, name), target = coalesce(:target, target), secret = coalesce(:secret, secret),
       kinds = coalesce(:kinds::text[]::notice_kind[], kinds), every_kind = coalesce(:every_kind, every_kind),
       enabled = coalesce(:enabled, enabled)
 WHERE id = :channel_id AND removed_at IS NULL
RETURNING id, workspace_id, name, medium, target, kinds::text[] AS kinds, every_kind, enabled, created_at;

-- name: remove_channel^
-- The row stays for the log; its secret does not.
UPDATE notice_channels SET removed_at = clock_timestamp(), enabled = false, secret = NULL
 WHERE id = :channel_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND removed_at IS NULL
RETURNING id, workspace_id, name, medium, target, kinds::text[] AS kinds, every_kind, enabled, created_at;

-- name: give_up_waiting!
-- What a channel that was switched off or removed would still have said.
UPDATE notice_deliveries SET state = 'given_up', last_error = :error WHERE channel_id = :channel_id AND state = 'waiting';
