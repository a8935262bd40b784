"""The queuer's own API: workspaces, accounts and campaigns, over the same workflows as the command line."""
