-- Deliveries of the notice that no healer lives, taken for the length of a lease, with the channel's address and secret. Of that notice
-- alone, and only while it is true: the queuer, who delivers it, can read no other channel's secret. The try is counted now, as the
-- healer counts its own.
CREATE OR REPLACE FUNCTION take_alarms(most integer, lease interval)
RETURNS TABLE (id uuid, attempts integer, workspace_id uuid, kind notice_kind, dedupe_key text, about uuid, subject text, text text, details jsonb,
               happened_at timestamptz, medium notice_medium, target text, secret text, enabled boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE notice_deliveries d
     SET attempts = d.attempts + 1, next_at = clock_timestamp() + take_alarms.lease
    FROM notices n, notice_channels c
   WHERE d.id IN (SELECT w.id FROM notice_deliveries w JOIN notices k ON k.id = w.notice_id
                   WHERE w.state = 'waiting' AND w.next_at <= clock_timestamp() AND k.kind = 'integrity_alert' AND k.details ->> 'alert' = 'healer_silent'
                   ORDER BY w.next_at LIMIT most FOR UPDATE OF w SKIP LOCKED)
     AND NOT EXISTS (SELECT FROM heartbeats h WHERE h.service = 'healer' AND h.beaten_at > clock_timestamp() - interval '30 seconds')
     AND d.state = 'waiting' AND n.id = d.notice_id AND c.id = d.channel_id
  RETURNING d.id, d.attempts, n.workspace_id, n.kind, n.dedupe_key, n.about, n.subject, n.text, n.details, n.happened_at,
            c.medium, c.target, c.secret, c.enabled
$$;
