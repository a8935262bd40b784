-- When an unknown attempt may be looked up (again) is business time (docs/adr/0034): the provider's lag, the time between two looks
-- and the opening of the account's hours all are, and a clock that leaps over a night would leave a technical moment behind. In
-- production both are the same, so that services of the version before may run beside this.
UPDATE send_attempts a SET look_after = c.business_at + (a.look_after - c.anchored_at) * c.speed
  FROM stack_clock c
 WHERE a.state = 'unknown' AND a.look_after IS NOT NULL AND (c.speed <> 1 OR c.business_at <> c.anchored_at);
COMMENT ON COLUMN send_attempts.look_after IS 'business: when an unknown may be looked up (again)';
-- A look answers for all unknown attempts of an account, and finds them without reading everybody's.
CREATE INDEX send_attempts_unknown_of_account ON send_attempts (account_id) WHERE state = 'unknown' AND NOT needs_person;
