"""What `tact status` reads: accounts, what they did lately, campaigns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def accounts(connection: Connection, *, most: int) -> list[Mapping[str, Any]]:
    """What each account may do, what waits, and which send is next."""
    return [row async for row in queries.accounts(connection, most=most)]


async def used_lately(connection: Connection, account_ids: Sequence[UUID], *, now: datetime) -> list[Mapping[str, Any]]:
    """What these accounts did on their own days of the last week."""
    return [row async for row in queries.used_lately(connection, account_ids=list(account_ids), now=now)]


async def campaigns(connection: Connection, *, most: int) -> list[Mapping[str, Any]]:
    """Each campaign in people."""
    return [row async for row in queries.campaigns(connection, most=most)]
