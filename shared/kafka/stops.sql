-- name: record_stop$
INSERT INTO consumer_stops (instance, topic, group_name, why) VALUES (:instance, :topic, :group_name, :why)
ON CONFLICT (instance, group_name) WHERE resumed_at IS NULL DO UPDATE SET why = excluded.why, seen_at = clock_timestamp()
RETURNING id;

-- name: keep_stopped
-- Those that no person has resumed yet; `seen_at` tells them apart from the rows of a process that was ended.
UPDATE consumer_stops SET seen_at = clock_timestamp() WHERE id = ANY(:ids::bigint[]) AND resumed_at IS NULL RETURNING id;

-- name: stopped
SELECT id, instance, topic, group_name, why, stopped_at, seen_at FROM consumer_stops
 WHERE resumed_at IS NULL AND (:group_name::text IS NULL OR group_name = :group_name) ORDER BY id;

-- name: resume
UPDATE consumer_stops SET resumed_at = clock_timestamp(), resumed_by = :actor::text
 WHERE resumed_at IS NULL AND group_name = :group_name::text
RETURNING id, instance, topic, group_name, why, stopped_at, seen_at;
