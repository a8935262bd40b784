"""SQL for the hours of accounts, campaigns and workspaces; the workflow beside it is workflows/accounts/hours.py."""

from shared.db.queries import load

queries = load(__file__)
