-- name: count_findings$
-- Findings of corruption, each once, for the causes of the row they are about; how many were looked at. A finding is a chance as
-- well as a corruption: a row that came in around the triggers was never counted as sent.
WITH taken AS MATERIALIZED (
  UPDATE integrity_findings SET counted_at = clock_timestamp()
   WHERE id IN (SELECT id FROM integrity_findings WHERE counted_at IS NULL ORDER BY id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING kind, table_name, row_id, (found_at AT TIME ZONE 'UTC')::date AS day
), named AS MATERIALIZED (
  SELECT table_name, row_id::uuid AS id, day FROM taken
   WHERE kind = ANY(:kinds::text[]) AND table_name IN ('campaign_prospects', 'send_queue')
     AND row_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
), found AS (
  SELECT n.day, p.campaign_id, p.workspace_id, p.id AS prospect_id, NULL::uuid AS send_id
    FROM named n JOIN campaign_prospects p ON p.id = n.id WHERE n.table_name = 'campaign_prospects'
  UNION ALL
  SELECT n.day, s.campaign_id, s.workspace_id, s.prospect_id, s.id FROM named n JOIN send_queue s ON s.id = n.id WHERE n.table_name = 'send_queue'
), counted AS (
  INSERT INTO cause_days AS d (campaign_id, day, cause, value, workspace_id, exposed, corrupted)
  SELECT f.campaign_id, f.day, c.cause, c.value, f.workspace_id, count(*), count(*)
    FROM found f CROSS JOIN LATERAL causes_of(f.prospect_id, f.send_id) c
   GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
  ON CONFLICT (campaign_id, day, cause, value) DO UPDATE SET exposed = d.exposed + excluded.exposed, corrupted = d.corrupted + excluded.corrupted
)
SELECT count(*)::int FROM taken;

-- name: make_reports!
-- Findings by cause over :span, against the base rate (docs/health.md). A value of a cause is named where its interval lies wholly above
-- that of everything else with the same cause. `older` repeats the comparison without the newest days (:held_back), and `checks` judges
-- it on them: the mean squared error of each named value's rate, beside that of the base rate. Only a report that passes raises alerts.
WITH days AS MATERIALIZED (
  SELECT workspace_id, campaign_id, day, cause, value, exposed, corrupted, day > (clock_timestamp() - :held_back::interval)::date AS held_back
    FROM cause_days WHERE day > (clock_timestamp() - :span::interval)::date
), totals AS ( -- every chance has exactly one account
  SELECT workspace_id, sum(exposed) AS chances, sum(corrupted) AS corrupted, sum(corrupted)::float8 / nullif(sum(exposed), 0) AS base,
         coalesce(sum(exposed) FILTER (WHERE held_back), 0) AS new_chances, coalesce(sum(corrupted) FILTER (WHERE held_back), 0) AS new_corrupted,
         sum(corrupted) FILTER (WHERE NOT held_back)::float8 / nullif(sum(exposed) FILTER (WHERE NOT held_back), 0) AS old_base
    FROM days WHERE cause = 'account' GROUP BY 1
), rates AS (
  SELECT d.workspace_id, s.older, d.cause, d.value, sum(d.exposed) AS exposed, sum(d.corrupted) AS corrupted,
         sum(sum(d.exposed)) OVER w - sum(d.exposed) AS rest, sum(sum(d.corrupted)) OVER w - sum(d.corrupted) AS rest_corrupted
    FROM days d JOIN (VALUES (false), (true)) AS s(older) ON NOT (s.older AND d.held_back)
   GROUP BY 1, 2, 3, 4 WINDOW w AS (PARTITION BY d.workspace_id, s.older, d.cause)
), named AS (
  SELECT r.workspace_id, r.older, r.cause, r.value, coalesce(a.name, r.value) AS name, r.exposed, r.corrupted, i.low, i.high,
         r.corrupted::float8 / r.exposed AS rate, r.rest_corrupted::float8 / r.rest AS others
    FROM rates r
   CROSS JOIN LATERAL wilson_interval(r.corrupted, r.exposed) i CROSS JOIN LATERAL wilson_interval(r.rest_corrupted, r.rest) o
    LEFT JOIN accounts a ON r.cause = 'account' AND a.id::text = r.value
   WHERE r.exposed >= :fewest_of_a_value AND r.rest >= :fewest_of_a_value AND i.low > o.high
), checks AS (
  SELECT n.workspace_id, count(*) AS named, count(*) FILTER (WHERE h.corrupted > t.old_base * h.exposed) AS named_rightly,
         1 - sum(h.corrupted * (1 - n.rate) ^ 2 + (h.exposed - h.corrupted) * n.rate ^ 2)
           / nullif(sum(h.corrupted * (1 - t.old_base) ^ 2 + (h.exposed - h.corrupted) * t.old_base ^ 2), 0) AS skill
    FROM named n JOIN totals t USING (workspace_id) JOIN rates r USING (workspace_id, cause, value)
   CROSS JOIN LATERAL (SELECT r.exposed - n.exposed AS exposed, r.corrupted - n.corrupted AS corrupted) h
   WHERE n.older AND NOT r.older AND h.exposed > 0 GROUP BY 1
), mixes AS ( -- the share of each value in the newest chances of a campaign
  SELECT campaign_id, workspace_id, cause, value, sum(exposed)::float8 / nullif(sum(sum(exposed)) OVER (PARTITION BY campaign_id, cause), 0) AS share
    FROM days WHERE held_back GROUP BY 1, 2, 3, 4
), expected AS (
  SELECT m.campaign_id, m.share * (n.rate - t.base) AS part, sum(m.share * (n.rate - t.base)) OVER (PARTITION BY m.campaign_id, m.cause) AS above_base,
         CASE m.cause WHEN 'source' THEN 'imported from' ELSE m.cause END || ' ' || n.name || ': ' || n.corrupted || ' of ' || n.exposed || ' corrupted ('
         || to_char(100 * n.low, 'FM990.0') || ' to ' || to_char(100 * n.high, 'FM990.0') || ' %, others ' || to_char(100 * n.others, 'FM990.0')
         || ' %), in ' || round(100 * m.share) || ' % of its sends' AS why
    FROM mixes m JOIN named n USING (workspace_id, cause, value) JOIN totals t USING (workspace_id)
   WHERE NOT n.older AND m.share > 0
), risks AS (
  SELECT c.workspace_id, c.id, c.campaign_name, t.base + max(e.above_base) AS rate, jsonb_agg(e.why ORDER BY e.part DESC, e.why) AS why,
         row_number() OVER (PARTITION BY c.workspace_id ORDER BY t.base + max(e.above_base) DESC, c.id) AS place
    FROM expected e JOIN campaigns c ON c.id = e.campaign_id JOIN totals t ON t.workspace_id = c.workspace_id
   GROUP BY c.workspace_id, c.id, c.campaign_name, t.base
), verdicts AS (
  SELECT j.workspace_id, j.chances, j.corrupted, j.base, j.new_chances, j.new_corrupted, j.enough, j.checked, j.named, j.named_rightly, j.skill,
         CASE WHEN NOT j.enough THEN 'too_little_data' WHEN NOT j.checked OR j.new_corrupted < :fewest_held_back THEN 'unchecked'
              WHEN j.skill > 0 THEN 'useful' ELSE 'no_better_than_the_base_rate' END AS verdict
    FROM (SELECT t.workspace_id, t.chances, t.corrupted, t.base, t.new_chances, t.new_corrupted, coalesce(c.skill, 0) AS skill,
                 coalesce(c.named, 0) AS named, coalesce(c.named_rightly, 0) AS named_rightly, t.new_chances > 0 AND t.old_base IS NOT NULL AS checked,
                 t.chances >= :fewest_chances AND t.corrupted >= :fewest_corrupted AS enough
            FROM totals t LEFT JOIN checks c USING (workspace_id)) j
)
INSERT INTO risk_reports (workspace_id, made_at, report)
SELECT v.workspace_id, clock_timestamp(), jsonb_build_object(
         'verdict', v.verdict, 'chances', v.chances, 'corrupted', v.corrupted, 'base', round(coalesce(v.base, 0)::numeric, 4), 'above', :above::float8,
         'alarming', (SELECT count(*) FROM risks r WHERE r.workspace_id = v.workspace_id AND r.place <= :most AND v.verdict = 'useful' AND r.rate > :above),
         'causes', coalesce((SELECT jsonb_agg(jsonb_build_object('cause', n.cause, 'value', n.name, 'exposed', n.exposed, 'corrupted', n.corrupted,
                                                'rate', round(n.rate::numeric, 4), 'low', round(n.low::numeric, 4), 'high', round(n.high::numeric, 4),
                                                'others', round(n.others::numeric, 4)) ORDER BY n.low DESC, n.cause, n.value)
                               FROM named n WHERE n.workspace_id = v.workspace_id AND NOT n.older AND v.enough), '[]'),
         'risks', coalesce((SELECT jsonb_agg(jsonb_build_object('campaign_id', r.id, 'campaign_name', r.campaign_name, 'rate', round(r.rate::numeric, 4),
                                               'alarming', v.verdict = 'useful' AND r.rate > :above, 'why', r.why) ORDER BY r.place)
                              FROM risks r WHERE r.workspace_id = v.workspace_id AND r.place <= :most AND v.enough), '[]'),
         'check', CASE WHEN v.enough AND v.checked THEN jsonb_build_object('chances', v.new_chances, 'corrupted', v.new_corrupted,
                    'skill', round(v.skill::numeric, 3), 'named', v.named, 'named_rightly', v.named_rightly) END)
  FROM verdicts v
ON CONFLICT (workspace_id) DO UPDATE SET made_at = excluded.made_at, report = excluded.report;

-- name: mark_predicted!
UPDATE health_state SET predicted_at = clock_timestamp();

-- name: delete_days!
DELETE FROM cause_days WHERE day <= (clock_timestamp() - :span::interval)::date;

-- name: delete_reports!
-- Of workspaces that have nothing to predict from any more.
DELETE FROM risk_reports WHERE made_at < clock_timestamp() - interval '1 day';

-- name: delete_versions!
DELETE FROM service_versions WHERE started_at < clock_timestamp() - :kept::interval;

-- name: reports
SELECT workspace_id, made_at, report FROM risk_reports WHERE :workspace_id::uuid IS NULL OR workspace_id = :workspace_id ORDER BY made_at DESC, workspace_id LIMIT :most;

-- name: alarming
SELECT workspace_id, made_at, report FROM risk_reports WHERE (report ->> 'alarming')::int > 0 ORDER BY workspace_id;
