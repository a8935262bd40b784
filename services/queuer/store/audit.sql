-- name: note!
INSERT INTO audit_log (workspace_id, actor, verb, object, object_id, details)
VALUES (:workspace_id, :actor, :verb, :object, :object_id, :details);
