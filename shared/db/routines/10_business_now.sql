-- Business time at a technical moment, by the stack's clock (docs/adr/0003). Equal to it in production.
CREATE OR REPLACE FUNCTION business_at(technical timestamptz) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT c.business_at + (technical - c.anchored_at) * c.speed FROM stack_clock c;
END;

CREATE OR REPLACE FUNCTION business_now() RETURNS timestamptz LANGUAGE sql VOLATILE
BEGIN ATOMIC
  SELECT business_at(clock_timestamp());
END;
