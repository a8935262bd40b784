"""What ends planned sends, and what lets accounts go on."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import load
from shared.db.statements import business_now, lock_accounts, lock_sends, wake_accounts

queries = load(__file__)

Stoppable = tuple[UUID, UUID, str]
"""A send, its account and why it must not leave."""


async def of_leads(connection: Connection, lead_ids: Sequence[UUID]) -> list[Stoppable]:
    """Planned sends to leads who have answered or opted out."""
    return await _all(queries.stoppable_of_leads(connection, lead_ids=lead_ids))


async def of_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> list[Stoppable]:
    """Planned sends of prospects that have left their campaign."""
    return await _all(queries.stoppable_of_prospects(connection, prospect_ids=prospect_ids))


async def of_mail(connection: Connection, feedback: Sequence[tuple[UUID, str, str]]) -> list[Stoppable]:
    """Planned e-mails to addresses that bounced or declined: lead, address, what came back."""
    return await _all(
        queries.stoppable_mail(
            connection, lead_ids=[f[0] for f in feedback], addresses=[f[1] for f in feedback], feedbacks=[f[2] for f in feedback]
        )
    )


async def cancel(connection: Connection, sends: Sequence[Stoppable]) -> list[str]:
    """Cancel those still pending or dispatched and free the accounts that waited for a sender; returns their reasons.

    Accounts are locked before sends, as everywhere.
    """
    await lock_accounts(connection, {send[1] for send in sends})
    await lock_sends(connection, [send[0] for send in sends])
    gone = [row async for row in queries.cancel(connection, send_ids=[send[0] for send in sends], reasons=[send[2] for send in sends])]
    now = await business_now(connection)
    await queries.free(connection, account_ids=[row["account_id"] for row in gone if row["dispatched"]], now=now)
    return [row["reason"] for row in gone]


async def wake_usable(connection: Connection, account_ids: Sequence[UUID]) -> int:
    """Wake those of these accounts that may act and have something to do; returns how many."""
    ids = await to_wake(connection, account_ids)
    if not ids:
        return 0
    await queries.lift_lanes(connection, account_ids=ids)
    await wake_accounts(connection, ids)
    return len(ids)


async def to_wake(connection: Connection, account_ids: Sequence[UUID]) -> list[UUID]:
    """Lock those of these accounts that may act, have something to do and sleep."""
    return [row["id"] async for row in queries.wake_usable(connection, account_ids=account_ids, not_rendered=NOT_RENDERED)]


async def whose_sends(connection: Connection, send_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, UUID]]:
    """Each of these sends with its lead and its prospect."""
    return [(row["id"], row["lead_id"], row["prospect_id"]) async for row in queries.whose_sends(connection, send_ids=send_ids)]


async def _all(rows: Any) -> list[Stoppable]:
    return [(row["id"], row["account_id"], row["reason"]) async for row in rows]
