-- Whose turn it is among the campaigns of an account, and how far each account of a campaign is behind its share (docs/adr/0021).
ALTER TABLE campaigns ADD COLUMN turn_length integer NOT NULL DEFAULT 1 CHECK (turn_length BETWEEN 1 AND 100); -- actions in a row of one account
-- Written with the lease, which writes this row anyway. No foreign key: its check would lock a campaign for every send.
ALTER TABLE accounts ADD COLUMN turn_of uuid, ADD COLUMN turn_left integer NOT NULL DEFAULT 0 CHECK (turn_left >= 0);
ALTER TABLE campaign_accounts ADD COLUMN credit double precision NOT NULL DEFAULT 0; -- takes the place of campaigns.next_account

-- With the turn's length in it the dispatcher's join stays in the index; without, PostgreSQL read all campaigns for every account.
DROP INDEX campaigns_running;
CREATE INDEX campaigns_running ON campaigns (id) INCLUDE (turn_length) WHERE status = 'running';

-- The safety nets look at these in turn: accounts nobody will look at by themselves, and people whose next step may be unplanned.
CREATE INDEX accounts_asleep ON accounts (id) WHERE wake_at IS NULL AND lease_until IS NULL AND status = 'usable';
CREATE INDEX campaign_prospects_under_way ON campaign_prospects (id) WHERE status IN ('connected', 'messaging');
CREATE INDEX accounts_lost ON accounts (status_changed_at) WHERE status = 'disconnected';
