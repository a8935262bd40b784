-- name: say$
INSERT INTO consumer_stops (instance, topic, group_name, why) VALUES (:instance, :topic, :group_name, :why)
ON CONFLICT (instance, group_name) WHERE resumed_at IS NULL DO UPDATE SET why = excluded.why, seen_at = clock_timestamp()
RETURNING id;

-- name: still
-- Those that nobody has let go on yet; saying so keeps them apart from those of a process that was ended.
UPDATE consumer_stops SET seen_at = clock_timestamp() WHERE id = ANY(:ids::bigint[]) AND resumed_at IS NULL RETURNING id;

-- name: open_stops
SELECT id, instance, topic, group_name, why, stopped_at, seen_at FROM consumer_stops
 WHERE resumed_at IS NULL AND (:group_name::text IS NULL OR group_name = :group_name) ORDER BY id;

-- name: let_go_on
UPDATE consumer_stops SET resumed_at = clock_timestamp(), resumed_by = :actor::text
 WHERE resumed_at IS NULL AND group_name = :group_name::text
RETURNING id, instance, topic, group_name, why, stopped_at, seen_at;
