-- A campaign whose people are all at an end is completed by itself, and goes on by itself when somebody is added. One that a person has
-- completed stays so.
ALTER TABLE campaigns ADD COLUMN completed_by_itself boolean NOT NULL DEFAULT false;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_completed_by_itself CHECK (NOT completed_by_itself OR status = 'completed');
CREATE INDEX campaigns_completed_by_itself ON campaigns (completed_at) WHERE completed_by_itself;
ALTER TYPE notice_kind ADD VALUE 'campaign_completed';
