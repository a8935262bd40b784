-- name: find_token^
-- A workspace that is not active opens nothing.
SELECT t.id, t.workspace_id, t.role, t.token_sha256
  FROM api_tokens t LEFT JOIN workspaces w ON w.id = t.workspace_id
 WHERE t.token_sha256 = :sha256 AND t.revoked_at IS NULL AND (t.workspace_id IS NULL OR w.is_active);

-- name: act_as_tenant
-- Local to the transaction, so that a connection goes back to its pool as it came.
SELECT set_config('role', 'tact_tenant', true), set_config('tact.workspace', :workspace_id, true);
