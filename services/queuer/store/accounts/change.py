"""The stored name, type, country and zone of an account that is being changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.queuer.store.accounts.accounts import unknown_account
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_one, fetch_value, load
from shared.vocabulary import AccountType

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class ChangeableAccount:
    """A locked account at the moment `now`: the zone of today and, where another one waits, which and from when on."""

    workspace_id: UUID
    now: datetime
    name: str
    account_type: AccountType
    country: str
    timezone: str
    timezone_next: str | None
    timezone_from: datetime | None


async def lock_account(connection: Connection, account_id: UUID, *, workspace_id: UUID | None) -> ChangeableAccount:
    """Lock an account, of that workspace if one is given.

    Raises:
        NotFound: there is none.
    """
    row = await fetch_one(connection, queries.lock_account, ChangeableAccount, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_account(account_id)
    return row


async def count_long_notes(connection: Connection, account_id: UUID, most: int) -> int:
    """How many planned invitations of the account have a note of more than `most` characters."""
    return await fetch_value(connection, queries.too_long, int, account_id=account_id, most=most) or 0


async def set_account(connection: Connection, account_id: UUID, row: ChangeableAccount) -> None:
    """Store a locked account's name, type, country and zone."""
    await execute(
        connection,
        queries.set_account,
        account_id=account_id,
        name=row.name,
        account_type=row.account_type.value,
        country=row.country,
        timezone=row.timezone,
        timezone_next=row.timezone_next,
        timezone_from=row.timezone_from,
    )
