"""Pure decisions about workspaces, accounts, their hours, limits and tokens."""
