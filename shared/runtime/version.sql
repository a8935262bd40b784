-- name: remember!
-- An instance's name holds its process id, so a restart that gets the same one says its version anew.
INSERT INTO service_versions (instance, service, version) VALUES (:instance, :service, :version)
ON CONFLICT (instance) DO UPDATE SET version = excluded.version, started_at = clock_timestamp();
