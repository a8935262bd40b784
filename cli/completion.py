"""Names that the shell completes: asked of the API with a short timeout, and silent when no answer comes.

A completion runs at every press of the tab key, in the middle of what a person types: an error text would garble the line, and a long
wait would look like a broken terminal.
"""

from contextlib import suppress
from typing import Final

from cli.client import Api
from cli.context import current, read_contexts
from shared.refusals import Refused

SECONDS: Final = 2.0
"""How long a completion may wait for the API, connection included."""
MOST: Final = 200


def complete_campaign(incomplete: str) -> list[str]:
    """Campaigns whose name begins so."""
    return _names("/api/campaigns", "campaigns", "campaign_name", incomplete)


def complete_account(incomplete: str) -> list[str]:
    """Accounts whose name begins so."""
    return _names("/api/accounts", "accounts", "name", incomplete)


def complete_workspace(incomplete: str) -> list[str]:
    """Workspaces whose company's name begins so."""
    return _names("/api/workspaces", "workspaces", "company_name", incomplete)


def complete_context(incomplete: str) -> list[str]:
    """Stored contexts whose name begins so."""
    with suppress(Refused):
        return [name for name in sorted(read_contexts().by_name) if name.startswith(incomplete)]
    return []


def _names(path: str, key: str, field: str, incomplete: str) -> list[str]:
    with suppress(Refused, KeyError, TypeError), Api(current(), seconds=SECONDS) as api:
        rows = api.get(path, limit=MOST)[key]
        return sorted({row[field] for row in rows if row[field].casefold().startswith(incomplete.casefold())})
    return []
