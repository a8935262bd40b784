-- Whose clocks a lead lives by: a name of the tz database, '' where the location does not tell, NULL while nobody has looked.
ALTER TABLE leads ADD COLUMN timezone text;
-- Those with a location that nobody has looked at. An import looks at once, so only what is older than the column is in here.
CREATE INDEX leads_without_timezone ON leads (id) WHERE timezone IS NULL AND location <> '';
