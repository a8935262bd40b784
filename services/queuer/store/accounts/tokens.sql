-- name: create_token$
INSERT INTO api_tokens (workspace_id, role, name, token_sha256) VALUES (:workspace_id, :role::role, :name, :sha256) RETURNING id;

-- name: revoke_token^
UPDATE api_tokens SET revoked_at = clock_timestamp() 
 WHERE id = :token_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id) AND revoked_at IS NULL
RETURNING id, workspace_id;

-- name: token_exists$
SELECT EXISTS (SELECT FROM api_tokens WHERE id = :token_id AND (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id));

-- name: list_tokens
SELECT id, workspace_id, role, name, created_at, revoked_at FROM api_tokens
 WHERE (:workspace_id::uuid IS NULL OR workspace_id = :workspace_id)
   AND (:after::uuid IS NULL OR (created_at, id) > (SELECT x.created_at, x.id FROM api_tokens x WHERE x.id = :after))
 ORDER BY created_at, id LIMIT :most;
