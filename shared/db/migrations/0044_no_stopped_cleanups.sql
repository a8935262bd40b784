-- A clean-up that made things worse ends with its error; nobody ever wrote this.
ALTER TABLE cleanup_runs DROP COLUMN stopped;
