-- name: any_corrupted^
-- Whether there is something to mend; and since when nothing is wrong but what waits for a person: what this statement does not see
-- was committed after it began. NULL: a prospect is corrupted, even if its attempt is still under way.
SELECT EXISTS (SELECT FROM corrupted_to_mend(1)) AS any,
       CASE WHEN NOT EXISTS (SELECT FROM corrupted_to_repair) THEN statement_timestamp() END AS all_right_at;

-- name: take_changed
-- What changed a moment ago and earlier; the event that was about to correct it has been processed by now. Taken with the transaction that looks.
DELETE FROM changed_rows WHERE id IN (SELECT id FROM changed_rows WHERE changed_at < clock_timestamp() - :settled::interval
                                       ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING what, row_id;

-- name: prospects_of_leads
SELECT id FROM campaign_prospects WHERE lead_id = ANY(:ids::uuid[]);

-- name: prospects_of_sends
SELECT prospect_id AS id FROM send_queue WHERE id = ANY(:ids::uuid[]);

-- name: next_prospects
SELECT id FROM campaign_prospects WHERE id > :after::uuid ORDER BY id LIMIT :most;

-- name: next_campaigns
SELECT id FROM campaigns WHERE id > :after::uuid ORDER BY id LIMIT :most;

-- name: open_run^
SELECT id, walking, cursor FROM reconcile_runs WHERE finished_at IS NULL FOR NO KEY UPDATE SKIP LOCKED;

-- name: begin_run$
-- An hour after the last one began; one at a time by its unique index.
INSERT INTO reconcile_runs (started_at)
SELECT clock_timestamp() WHERE NOT EXISTS (SELECT FROM reconcile_runs WHERE finished_at IS NULL OR started_at > clock_timestamp() - :every::interval)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: went_on!
UPDATE reconcile_runs SET walking = :walking, cursor = :cursor::uuid, looked_at = looked_at + :looked_at, found = found + :found WHERE id = :id;

-- name: end_run!
UPDATE reconcile_runs SET finished_at = clock_timestamp() WHERE id = :id;

-- name: try_lead$
SELECT pg_try_advisory_lock(7204, 3);

-- name: give_up_lead!
SELECT pg_advisory_unlock(7204, 3);

-- name: beat!
INSERT INTO heartbeats (service, instance, leads) VALUES ('healer', :instance, :leads)
ON CONFLICT (service, instance) DO UPDATE SET beaten_at = clock_timestamp(), leads = excluded.leads;

-- name: forget_dead!
DELETE FROM heartbeats WHERE service = 'healer' AND instance <> :instance AND beaten_at < clock_timestamp() - interval '1 hour';
