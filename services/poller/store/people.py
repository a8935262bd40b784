"""Which leads a person shown by the provider is, and what of it is written on the lead and the recipient."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.poller.rules.observations import ObservedAccount
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class _PersonsLead:
    """A person of the provider and one of the leads it is."""

    person_id: str
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class _ChatPartner:
    """A conversation, and the member on its other side."""

    chat_id: str
    provider_id: str


async def find_leads(connection: Connection, account: ObservedAccount, people: Iterable[tuple[str, str | None]]) -> dict[str, list[UUID]]:
    """Leads by person id, for pairs of person id and vanity; several where one person was imported under several names."""
    pairs: dict[str, str | None] = {}
    for person_id, vanity in people:
        pairs[person_id] = pairs.get(person_id) or vanity
    if not pairs:
        return {}
    rows = await fetch_all(
        connection,
        queries.find_leads,
        _PersonsLead,
        account_id=account.id,
        workspace_id=account.workspace_id,
        person_ids=list(pairs),
        vanities=list(pairs.values()),
    )
    found: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(row.lead_id)
    return dict(found)


async def record_connection(
    connection: Connection, account: ObservedAccount, person_id: str, vanity: str | None, lead_ids: Sequence[UUID]
) -> None:
    """They are relations of this account."""
    await execute(
        connection,
        queries.record_connection,
        account_id=account.id,
        person_id=person_id,
        vanity=vanity,
        lead_ids=list(lead_ids),
        now=account.now,
    )


async def load_chat_partners(connection: Connection, account: ObservedAccount, chat_ids: Iterable[str]) -> dict[str, str]:
    """The member on the other side of our conversations, by chat."""
    rows = await fetch_all(connection, queries.load_chat_partners, _ChatPartner, account_id=account.id, chat_ids=sorted(set(chat_ids)))
    return {row.chat_id: row.provider_id for row in rows}


async def record_reply(connection: Connection, lead_ids: Sequence[UUID], said_at: datetime) -> None:
    """They wrote to us at that business moment."""
    await execute(connection, queries.record_reply, lead_ids=list(lead_ids), said_at=said_at)


async def record_opt_out(connection: Connection, lead_ids: Sequence[UUID], said_at: datetime) -> None:
    """They want no more messages, from no campaign of the workspace."""
    await execute(connection, queries.record_opt_out, lead_ids=list(lead_ids), said_at=said_at)
    await execute(connection, queries.suppress, lead_ids=list(lead_ids))
