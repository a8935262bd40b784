-- Whether the sender has a channel for campaigns of this type: SENDABLE_CAMPAIGN_TYPES of shared/vocabulary/channels.py, compared by
-- tests/integration/shared/db/test_channels_in_sql.py. One plain expression, so that the planner inlines it.
CREATE OR REPLACE FUNCTION has_channel(the_type campaign_type) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT the_type IN ('connector', 'messenger')
$$;
