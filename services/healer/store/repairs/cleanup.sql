-- name: violations^
SELECT corrupted_sent, corrupted_failed, corrupted_pending, total_prospects, corruption_percentage::float8 AS corruption_percentage
  FROM prospect_data_integrity;

-- name: unknown_attempts^
-- By the partial index alone; those that wait for a person are counted by their findings.
SELECT count(*) AS waiting, coalesce(extract(epoch FROM :now::timestamptz - min(decided_at)), 0)::float8 AS oldest_seconds,
       (SELECT count(*) FROM integrity_findings WHERE kind = 'unknown_waiting' AND state IN ('open', 'proposed')) AS needs_person
  FROM send_attempts WHERE state = 'unknown' AND NOT needs_person;

-- name: be_patient!
-- Of this transaction: how long one lock is waited for.
SELECT set_config('lock_timeout', :milliseconds::int || 'ms', true);

-- name: clean_up^
SELECT run_id, fixed_count, campaign_ids FROM mend_corrupted_prospects(:actor, :called_by, :most::int, :leave_busy::boolean, :all_right_at::timestamptz);

-- name: counts_of_run^
SELECT before, after, chosen, for_person FROM cleanup_runs WHERE id = :run_id;

-- name: record_failure!
INSERT INTO cleanup_runs (trigger, finished_at, error) VALUES (:called_by, clock_timestamp(), :error);

-- name: has_leads_to_leave$
SELECT EXISTS (SELECT FROM get_leads_for_de_enrollment(1));

-- name: begin_de_enrollment$
INSERT INTO de_enrollment_runs DEFAULT VALUES RETURNING id;

-- name: de_enroll_batch^
SELECT candidates, de_enrolled, skipped, last_lead FROM process_de_enrollment_batch(:run_id::uuid, :most::int, NULL, :after_lead::uuid);

-- name: end_de_enrollment!
UPDATE de_enrollment_runs SET status = CASE WHEN :error::text IS NULL THEN 'completed' ELSE 'failed' END, error = :error::text,
                              finished_at = clock_timestamp()
 WHERE id = :run_id::uuid AND status = 'running';
