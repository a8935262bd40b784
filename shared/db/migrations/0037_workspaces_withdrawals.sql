-- What a workspace's new connector campaigns take as their number unless they say their own; NULL: they take no invitation back.
ALTER TABLE workspaces ADD COLUMN withdraw_after_days integer CHECK (withdraw_after_days BETWEEN 1 AND 365);
