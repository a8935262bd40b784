"""Routes for workspaces, accounts, their hours, limits and tokens."""
