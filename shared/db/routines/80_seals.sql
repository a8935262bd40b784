-- What of an attempt is sealed, each column as text that does not depend on a session's settings; of free words and documents
-- their hash. `evidence` grows at its end, so each of its parts has a hash of its own.
CREATE OR REPLACE VIEW attempt_facts WITH (security_invoker = true) AS
SELECT a.id, a.workspace_id, a.campaign_id, a.prospect_id, a.lead_id, a.account_id, a.send_id, a.action::text AS action, a.state::text AS state,
       a.owner, a.dispatch_no, a.recipient_id, encode(a.message_sha256, 'hex') AS message_sha256, a.decided_at, a.valid_until, a.act_by,
       a.counted_on, a.given_back, a.answered_at, a.http_status, a.error_type, encode(sha256(convert_to(a.error_detail, 'UTF8')), 'hex') AS error_detail,
       a.provider_ref, a.chat_id, encode(sha256(convert_to(a.picture::text, 'UTF8')), 'hex') AS picture,
       CASE WHEN a.evidence IS NOT NULL THEN
         (SELECT array_agg(encode(sha256(convert_to(part::text, 'UTF8')), 'hex') ORDER BY n)
            FROM jsonb_array_elements(CASE jsonb_typeof(a.evidence) WHEN 'array' THEN a.evidence ELSE jsonb_build_array(a.evidence) END)
                 WITH ORDINALITY AS parts(part, n)) END AS evidence,
       a.withdrawn_at
  FROM send_attempts a;

CREATE OR REPLACE FUNCTION seal_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.seal_queue (attempt_id, account_id) VALUES (OLD.id, OLD.account_id);
  RETURN NULL;
END $$;
-- Not for an answer that comes in time, which is nearly every one: those the job finds by itself, and finish pays a comparison.
CREATE OR REPLACE TRIGGER seal_again AFTER UPDATE ON send_attempts FOR EACH ROW WHEN (OLD.state <> 'intent') EXECUTE FUNCTION seal_again();

CREATE OR REPLACE FUNCTION refuse_change_of_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A seal is never changed or deleted; what changed later is a further link.'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'seals_are_append_only';
END $$;
CREATE OR REPLACE TRIGGER seals_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attempt_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_seals();
