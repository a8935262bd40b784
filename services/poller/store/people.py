"""Who a person shown by the provider is to us, and what of it is written on the lead and the recipient."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.poller.rules.seen import Account
from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def find_leads(connection: Connection, account: Account, people: Iterable[tuple[str, str | None]]) -> dict[str, list[UUID]]:
    """Leads by person id, for pairs of person id and vanity; several where one person was imported under several names."""
    pairs: dict[str, str | None] = {}
    for person_id, vanity in people:
        pairs[person_id] = pairs.get(person_id) or vanity
    if not pairs:
        return {}
    found: dict[str, list[UUID]] = defaultdict(list)
    async for row in queries.find_leads(
        connection,
        account_id=account.id,
        workspace_id=account.workspace_id,
        person_ids=list(pairs),
        vanities=list(pairs.values()),
    ):
        found[row["person_id"]].append(row["lead_id"])
    return dict(found)


async def lock_leads(connection: Connection, lead_ids: Iterable[UUID]) -> None:
    """Hold these leads until the transaction ends."""
    async for _ in queries.lock_leads(connection, lead_ids=sorted(set(lead_ids))):
        pass


async def seen_connected(connection: Connection, account: Account, person_id: str, vanity: str | None, lead_ids: Sequence[UUID]) -> None:
    """They are relations of this account."""
    await queries.seen_connected(
        connection, account_id=account.id, person_id=person_id, vanity=vanity, lead_ids=list(lead_ids), now=account.now
    )


async def of_chats(connection: Connection, account: Account, chat_ids: Iterable[str]) -> dict[str, str]:
    """The other side of conversations of ours, by chat."""
    return {
        row["chat_id"]: row["provider_id"]
        async for row in queries.of_chats(connection, account_id=account.id, chat_ids=sorted(set(chat_ids)))
    }


async def answered(connection: Connection, lead_ids: Sequence[UUID], said_at: datetime) -> None:
    """They wrote to us at that business moment."""
    await queries.answered(connection, lead_ids=list(lead_ids), said_at=said_at)


async def opted_out(connection: Connection, lead_ids: Sequence[UUID], said_at: datetime) -> None:
    """They want no more messages, from no campaign of the workspace."""
    await queries.opted_out(connection, lead_ids=list(lead_ids), said_at=said_at)
    await queries.suppress(connection, lead_ids=list(lead_ids))
