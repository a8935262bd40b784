"""What ends planned sends, and what wakes accounts that may act again."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.db.statements import lock_accounts, lock_sends, wake_accounts

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class StoppableSend:
    """A send that must not leave, and why."""

    id: UUID
    account_id: UUID
    lead_id: UUID
    prospect_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class _CancelledSend:
    account_id: UUID
    dispatched: bool
    reason: str


async def stoppable_of_leads(connection: Connection, lead_ids: Sequence[UUID]) -> list[StoppableSend]:
    """Planned sends to leads who have answered or opted out."""
    return await fetch_all(connection, queries.stoppable_of_leads, StoppableSend, lead_ids=lead_ids)


async def stoppable_of_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> list[StoppableSend]:
    """Planned sends of prospects that have left their campaign."""
    return await fetch_all(connection, queries.stoppable_of_prospects, StoppableSend, prospect_ids=prospect_ids)


async def stoppable_mail(connection: Connection, feedback: Sequence[tuple[UUID, str, str]]) -> list[StoppableSend]:
    """Planned e-mails to addresses that bounced or declined: lead, address, what came back."""
    return await fetch_all(
        connection,
        queries.stoppable_mail,
        StoppableSend,
        lead_ids=[f[0] for f in feedback],
        addresses=[f[1] for f in feedback],
        feedbacks=[f[2] for f in feedback],
    )


async def cancel(connection: Connection, sends: Sequence[StoppableSend]) -> list[str]:
    """Cancel those still pending or dispatched and free the accounts that waited for a sender; returns their reasons.

    Accounts are locked before sends, as everywhere.
    """
    ids = [send.id for send in sends]
    await lock_accounts(connection, {send.account_id for send in sends})
    await lock_sends(connection, ids)
    cancelled = await fetch_all(connection, queries.cancel, _CancelledSend, send_ids=ids, reasons=[send.reason for send in sends])
    freed = await fetch_column(
        connection, queries.release_leases, UUID, account_ids=[send.account_id for send in cancelled if send.dispatched]
    )
    await wake_accounts(connection, freed)
    return [send.reason for send in cancelled]


async def wake_usable(connection: Connection, account_ids: Sequence[UUID]) -> int:
    """Wake those of these accounts that may act and have something to do; returns how many."""
    ids = await lock_usable(connection, account_ids)
    if ids:
        await execute(connection, queries.lift_lanes, account_ids=ids)
        await wake_accounts(connection, ids)
    return len(ids)


async def lock_usable(connection: Connection, account_ids: Sequence[UUID]) -> list[UUID]:
    """Lock those of these accounts that may act, have something to do and sleep."""
    return await fetch_column(connection, queries.lock_usable, UUID, account_ids=account_ids, not_rendered=NOT_RENDERED)
