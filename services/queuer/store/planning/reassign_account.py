"""Who waits for an account that is gone, and the step back to being planned anew."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import load
from shared.db.statements import lock_prospects

queries = load(__file__)


class Work(NamedTuple):
    """What an account has to do for a campaign."""

    account_id: UUID
    campaign_id: UUID


START = Work(UUID(int=0), UUID(int=0))


async def lost(connection: Connection, *, lost_before: datetime) -> list[Work]:
    """Accounts that have been disconnected since before then, with the campaigns that have another to go on with."""
    return [Work(row["account_id"], row["campaign_id"]) async for row in queries.lost_accounts(connection, lost_before=lost_before)]


async def removed(connection: Connection, after: Work, *, most: int) -> tuple[list[Work], Work | None]:
    """Accounts that no longer belong to a campaign they have work for, of one page; and its end, None after the last."""
    rows = queries.next_lanes(connection, after_account=after.account_id, after_campaign=after.campaign_id, most=most)
    page = [(Work(row["account_id"], row["campaign_id"]), row["left_it"]) async for row in rows]
    return [work for work, left_it in page if left_it], page[-1][0] if len(page) == most else None


async def take(connection: Connection, work: Work, *, lost_before: datetime, most: int) -> tuple[str, list[UUID]]:
    """Take up to `most` people away from an account that is gone; returns why it is, and them. Planning goes on in the same transaction.

    Locks in the order that all services share: accounts, sends, prospects. A send that is dispatched or under way stays where it is.
    """
    mine = {"account_id": work.account_id, "campaign_id": work.campaign_id}
    seen = [row async for row in queries.movable(connection, **mine, send_ids=None, most=most)]
    if not seen:
        return "", []  # the usual answer, and worth no lock
    async for _ in queries.lock_accounts(connection, **mine):
        pass
    why: str | None = await queries.still_gone(connection, **mine, lost_before=lost_before)
    if why is None:
        return "", []
    held = [
        row["id"] async for row in queries.lock_sends(connection, send_ids=[row["send_id"] for row in seen], account_id=work.account_id)
    ]
    await lock_prospects(connection, [row["prospect_id"] for row in seen if row["send_id"] in set(held)])
    # A statement of its own: it sees what was committed while the locks were waited for.
    sends = [row["send_id"] async for row in queries.movable(connection, **mine, send_ids=held, most=most)]
    rows = queries.take_words(connection, send_ids=sends, account_id=work.account_id, not_rendered=NOT_RENDERED)
    people = [row["prospect_id"] async for row in rows]
    await queries.take_account(connection, prospect_ids=people, account_id=work.account_id)
    return why, people


async def note(connection: Connection, work: Work, why: str, prospect_ids: Sequence[UUID]) -> None:
    """Leave a line in the audit log: from whom, why, who they are and who has them now."""
    given = {str(row["account_id"]): row["prospects"] async for row in queries.given_to(connection, prospect_ids=prospect_ids)}
    details = {
        "campaign_id": str(work.campaign_id),
        "why": why,
        "given_to": given,
        "prospects": [str(each) for each in sorted(prospect_ids)],
    }
    await queries.note(connection, account_id=work.account_id, details=details)
