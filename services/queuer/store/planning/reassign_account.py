"""The prospects of an account that is gone, and the step back to being planned anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, load
from shared.db.statements import lock_prospects, write_audit_line

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class AccountCampaign:
    """An account with what it has to do for a campaign."""

    account_id: UUID
    campaign_id: UUID


FIRST: Final = AccountCampaign(UUID(int=0), UUID(int=0))
"""Before every account and campaign."""


@dataclass(frozen=True, slots=True)
class _LaneRow(AccountCampaign):
    left_it: bool


@dataclass(frozen=True, slots=True)
class _MovableSend:
    send_id: UUID
    prospect_id: UUID


@dataclass(frozen=True, slots=True)
class _Departure:
    workspace_id: UUID
    why: str | None


@dataclass(frozen=True, slots=True)
class DetachedProspects:
    """Prospects that were taken away from an account, and why the account is gone."""

    workspace_id: UUID
    why: str
    prospect_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class _Receiver:
    account_id: UUID
    prospects: int


async def lost_accounts(connection: Connection, *, lost_before: datetime) -> list[AccountCampaign]:
    """Accounts that have been disconnected since before then, with the campaigns that have another to go on with."""
    return await fetch_all(connection, queries.lost_accounts, AccountCampaign, lost_before=lost_before)


async def removed_accounts(
    connection: Connection, after: AccountCampaign, *, most: int
) -> tuple[list[AccountCampaign], AccountCampaign | None]:
    """Accounts that no longer belong to a campaign they have work for, of one page; and its end, None after the last."""
    page = await fetch_all(
        connection, queries.next_lanes, _LaneRow, after_account=after.account_id, after_campaign=after.campaign_id, most=most
    )
    removed = [AccountCampaign(lane.account_id, lane.campaign_id) for lane in page if lane.left_it]
    return removed, page[-1] if len(page) == most else None


async def detach_prospects(connection: Connection, work: AccountCampaign, *, lost_before: datetime, most: int) -> DetachedProspects | None:
    """Take up to `most` prospects away from an account that is gone; planning goes on in the same transaction.

    Locks in the order that all services share: accounts, sends, prospects. A send that is dispatched or under way stays where it is.
    """
    account_id, campaign_id = work.account_id, work.campaign_id
    seen = await _load_movable(connection, work, None, most=most)
    if not seen:
        return None  # the usual answer, and worth no lock
    await fetch_column(connection, queries.lock_accounts_of_campaign, UUID, account_id=account_id, campaign_id=campaign_id)
    departure = await fetch_one(
        connection, queries.departure, _Departure, account_id=account_id, campaign_id=campaign_id, lost_before=lost_before
    )
    if departure is None or departure.why is None:
        return None
    sends = [send.send_id for send in seen]
    locked = set(await fetch_column(connection, queries.try_lock_pending, UUID, send_ids=sends, account_id=account_id))
    await lock_prospects(connection, [send.prospect_id for send in seen if send.send_id in locked])
    # A statement of its own: it sees what was committed while the locks were waited for.
    movable = await _load_movable(connection, work, list(locked), most=most)
    sends = [send.send_id for send in movable]
    people = await fetch_column(connection, queries.clear_words, UUID, send_ids=sends, account_id=account_id, not_rendered=NOT_RENDERED)
    await execute(connection, queries.detach_prospects, prospect_ids=people, account_id=account_id)
    return DetachedProspects(departure.workspace_id, departure.why, people) if people else None


async def record_reassignment(connection: Connection, work: AccountCampaign, detached: DetachedProspects) -> None:
    """Record in the audit log from which account, why, which prospects, and which accounts have them now."""
    receivers = await fetch_all(connection, queries.receivers, _Receiver, prospect_ids=detached.prospect_ids)
    details = {
        "campaign_id": str(work.campaign_id),
        "why": detached.why,
        "given_to": {str(each.account_id): each.prospects for each in receivers},
        "prospects": [str(each) for each in sorted(detached.prospect_ids)],
    }
    await write_audit_line(
        connection, "queuer", "hand over", "account", work.account_id, workspace_id=detached.workspace_id, details=details
    )


async def _load_movable(connection: Connection, work: AccountCampaign, send_ids: Sequence[UUID] | None, *, most: int) -> list[_MovableSend]:
    return await fetch_all(
        connection, queries.movable, _MovableSend, account_id=work.account_id, campaign_id=work.campaign_id, send_ids=send_ids, most=most
    )
