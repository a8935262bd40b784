"""SQL for a changed account: its name, type, country and zone; the workflow is workflows/accounts/change.py."""

from shared.db.queries import load

queries = load(__file__)
