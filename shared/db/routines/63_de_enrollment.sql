-- Leads that a campaign still holds though it has nothing more to say to them: their prospect has ended, or they opted out,
-- stopped texts or booked, and the lead still names the campaign or a step of it is still waiting. In order of lead,
-- after `after_lead`: a caller pages through, and one that cannot leave now does not stand in the way of the others.
CREATE OR REPLACE FUNCTION get_leads_for_de_enrollment(batch_size integer DEFAULT 500, the_workspace uuid DEFAULT NULL, after_lead uuid DEFAULT NULL,
                                                       only_leads uuid[] DEFAULT NULL)
RETURNS TABLE (lead_id uuid, prospect_id uuid, campaign_id uuid, workspace_id uuid, status prospect_status, reason text)
LANGUAGE sql STABLE AS $$
  SELECT l.id, p.id, p.campaign_id, l.workspace_id, p.status,
         CASE WHEN l.opted_out_at IS NOT NULL OR p.status = 'opted_out' THEN 'opted_out'
              WHEN l.sms_stop THEN 'sms_stop'
              WHEN l.booked THEN 'booked'
              ELSE p.status::text END
    FROM leads l
    JOIN LATERAL (SELECT x.id, x.campaign_id, x.status FROM campaign_prospects x
                   WHERE x.lead_id = l.id AND x.workspace_id = l.workspace_id
                     AND (x.campaign_id = l.campaign_id
                          OR EXISTS (SELECT FROM send_queue s WHERE s.lead_id = l.id AND s.prospect_id = x.id AND is_stoppable(s.status)))
                     -- a later enrolment of the same campaign speaks for it
                     AND NOT EXISTS (SELECT FROM campaign_prospects y WHERE y.lead_id = x.lead_id AND y.campaign_id = x.campaign_id
                                        AND y.enrolment_no > x.enrolment_no)) p ON true
   WHERE (l.campaign_id IS NOT NULL OR EXISTS (SELECT FROM send_queue s WHERE s.lead_id = l.id AND is_stoppable(s.status)))
     AND (NOT is_active(p.status)
          OR l.opted_out_at IS NOT NULL OR l.sms_stop OR l.booked)
     AND (the_workspace IS NULL OR l.workspace_id = the_workspace)
     AND (after_lead IS NULL OR l.id > after_lead)
     AND (only_leads IS NULL OR l.id = ANY(only_leads))
   ORDER BY l.id, p.id
   LIMIT batch_size
$$;

-- De-enrol one batch of them: cancel the waiting sends, clear the lead's campaign, log it, wake the planner. A lead whose step is under
-- way is skipped and comes in a later run. No status is changed here: the components that saw the opt-out or the reply have set it, and
-- the policy stops what a lead's own flags forbid.
CREATE OR REPLACE FUNCTION process_de_enrollment_batch(the_run uuid, batch_size integer DEFAULT 500, the_workspace uuid DEFAULT NULL,
                                                       after_lead uuid DEFAULT NULL)
RETURNS TABLE (candidates integer, de_enrolled integer, skipped integer, last_lead uuid)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  chosen uuid[];
  r record;
  out_now integer := 0;
  passed_by integer := 0;
BEGIN
  SELECT coalesce(array_agg(DISTINCT g.lead_id ORDER BY g.lead_id), '{}') INTO chosen
    FROM get_leads_for_de_enrollment(batch_size, the_workspace, after_lead) g;
  PERFORM FROM leads WHERE id = ANY(chosen) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM send_queue WHERE lead_id = ANY(chosen) AND is_open(status) ORDER BY id FOR NO KEY UPDATE;
  FOR r IN -- read again under the locks
    SELECT g.lead_id, g.prospect_id, g.campaign_id, g.workspace_id, g.status, g.reason, p.account_id,
           EXISTS (SELECT FROM send_queue s WHERE s.lead_id = g.lead_id AND s.prospect_id = g.prospect_id AND s.status = 'sending') AS under_way
      FROM get_leads_for_de_enrollment(batch_size * 10, the_workspace, NULL, chosen) g
      JOIN campaign_prospects p ON p.id = g.prospect_id
     ORDER BY g.lead_id, g.prospect_id
  LOOP
    IF r.under_way THEN
      passed_by := passed_by + 1;
      CONTINUE;
    END IF;
    UPDATE send_queue SET status = 'cancelled', error_message = 'de-enrolled: ' || r.reason
     WHERE lead_id = r.lead_id AND prospect_id = r.prospect_id AND is_stoppable(status);
    UPDATE leads SET campaign_id = NULL WHERE id = r.lead_id AND campaign_id = r.campaign_id;
    INSERT INTO de_enrollment_lead_log (run_id, workspace_id, lead_id, prospect_id, campaign_id, reason, status_before)
         VALUES (the_run, r.workspace_id, r.lead_id, r.prospect_id, r.campaign_id, r.reason, r.status)
    ON CONFLICT (run_id, prospect_id) DO NOTHING;
    PERFORM healer_says('prospects.left', 'tact.prospect.left.v1', coalesce(r.account_id, r.prospect_id)::text,
                        jsonb_build_object('prospect_id', r.prospect_id, 'campaign_id', r.campaign_id, 'workspace_id', r.workspace_id,
                                           'reason', r.reason));
    out_now := out_now + 1;
  END LOOP;
  UPDATE de_enrollment_runs u
     SET candidates = u.candidates + out_now + passed_by, de_enrolled = u.de_enrolled + out_now, skipped = u.skipped + passed_by
   WHERE u.id = the_run;
  RETURN QUERY SELECT out_now + passed_by, out_now, passed_by, chosen[cardinality(chosen)];
END $$;

-- How de-enrolment fares: what waits (up to 10,000 are counted) and what the runs did.
CREATE OR REPLACE VIEW de_enrollment_health WITH (security_invoker = true) AS
  SELECT (SELECT count(*) FROM get_leads_for_de_enrollment(10000)) AS leads_waiting,
         (SELECT max(started_at) FROM de_enrollment_runs) AS last_run_at,
         (SELECT status FROM de_enrollment_runs ORDER BY started_at DESC LIMIT 1) AS last_run_status,
         (SELECT count(*) FROM de_enrollment_runs WHERE started_at > clock_timestamp() - interval '24 hours') AS runs_24h,
         (SELECT count(*) FROM de_enrollment_runs WHERE status = 'failed' AND started_at > clock_timestamp() - interval '24 hours') AS failed_runs_24h,
         (SELECT count(*) FROM de_enrollment_runs WHERE status = 'running' AND started_at < clock_timestamp() - interval '1 hour') AS stuck_runs,
         (SELECT coalesce(sum(de_enrolled), 0) FROM de_enrollment_runs WHERE started_at > clock_timestamp() - interval '24 hours') AS de_enrolled_24h;
