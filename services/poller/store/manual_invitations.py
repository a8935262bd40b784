"""Invitations that a member sent by hand: the evidence for each, and what it takes of the account's budget."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.poller.rules.manual_invitations import GRANULARITY, ListedInvitation, OwnInvitation, sent_at
from services.poller.rules.observations import ObservedAccount
from services.poller.rules.translation import vanity_of
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_value, load
from shared.policy.rows import local_day

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class _ObservedInvitation:
    """An invitation of the list as it was first observed, and when the account's list was first read whole."""

    provider_key: str
    person_id: str | None
    payload: Mapping[str, Any]
    happened_at: datetime | None
    observed_at: datetime
    baseline_at: datetime | None


@dataclass(frozen=True, slots=True)
class _OwnAttempt:
    """An attempt to invite, with what is known of its recipient."""

    id: int
    provider_ref: str | None
    recipient_id: str | None
    decided_at: datetime
    public_identifier: str | None
    linkedin_vanity: str | None


@dataclass(frozen=True, slots=True)
class _CountedDay:
    """The account's local day that an invitation counts on; None where it spends no budget."""

    counted_on: date | None


async def load_listed(connection: Connection, account: ObservedAccount, since: datetime) -> list[ListedInvitation]:
    """Every invitation that was first observed after `since`, by any sender."""
    rows = await fetch_all(connection, queries.load_listed, _ObservedInvitation, account_id=account.id, since=since)
    return [_listed(row) for row in rows]


async def load_own(connection: Connection, account: ObservedAccount, listed: Sequence[ListedInvitation]) -> list[OwnInvitation]:
    """Our own attempts that may have caused any of these, the latest first."""
    oldest = min(one.sent_at or one.observed_at for one in listed)
    since = oldest - max(account.now - oldest, GRANULARITY)
    return [
        OwnInvitation(
            attempt_id=row.id,
            provider_ref=row.provider_ref,
            person_id=row.recipient_id,
            vanity=vanity_of(row.public_identifier, row.linkedin_vanity),
            decided_at=row.decided_at,
        )
        for row in await fetch_all(connection, queries.load_own, _OwnAttempt, account_id=account.id, since=since)
    ]


async def record_manual(
    connection: Connection, account: ObservedAccount, manual: Sequence[tuple[ListedInvitation, bool]]
) -> tuple[int, int]:
    """Record these as sent by hand, and count those whose flag is set; how many are new in the budget, and how many outside it."""
    if not manual:
        return 0, 0
    moments = [one.sent_at or one.observed_at for one, _ in manual]
    zones = await fetch_column(connection, queries.zones_at, str, account_id=account.id, moments=moments)
    rows = await fetch_all(
        connection,
        queries.record_manual,
        _CountedDay,
        account_id=account.id,
        workspace_id=account.workspace_id,
        now=account.now,
        invitation_ids=[one.invitation_id for one, _ in manual],
        recipient_ids=[one.person_id for one, _ in manual],
        public_identifiers=[one.vanity for one, _ in manual],
        sent_ats=moments,
        counted_ons=[local_day(at, zone) if counts else None for at, zone, (_, counts) in zip(moments, zones, manual, strict=True)],
    )
    days = [row.counted_on for row in rows if row.counted_on is not None]
    await _add_usage(connection, account, days, by=1)
    return len(days), len(rows) - len(days)


async def give_back_explained(connection: Connection, account: ObservedAccount, ours: Sequence[tuple[str, int]]) -> int:
    """These turned out to be ours: give what they took back to its day, and store their ids on their attempts; how many were counted."""
    if not ours:
        return 0
    ids, attempts = [invitation_id for invitation_id, _ in ours], [attempt_id for _, attempt_id in ours]
    days = await fetch_column(
        connection, queries.give_back_explained, date, account_id=account.id, invitation_ids=ids, attempt_ids=attempts
    )
    await _add_usage(connection, account, days, by=-1)
    await execute(connection, queries.store_invitation_ids, account_id=account.id, invitation_ids=ids, attempt_ids=attempts)
    return len(days)


async def mark_listed(connection: Connection, account: ObservedAccount, invitation_ids: Sequence[str]) -> None:
    """The list shows these now."""
    await execute(connection, queries.mark_listed, account_id=account.id, invitation_ids=list(invitation_ids), now=account.now)


async def mark_gone(connection: Connection, account_id: UUID, *, not_listed_since: datetime) -> int:
    """The whole list was read from that moment on (business): an invitation that it did not show is gone. How many are."""
    return len(await fetch_column(connection, queries.mark_gone, str, account_id=account_id, since=not_listed_since))


async def has_known(connection: Connection, account: ObservedAccount, invitation_ids: Sequence[str], *, mark: int) -> bool:
    """Whether any of these was observed no later than the observation `mark`."""
    known = await fetch_value(connection, queries.has_known, bool, account_id=account.id, invitation_ids=list(invitation_ids), mark=mark)
    return bool(known)


async def newest_observation(connection: Connection, account_id: UUID) -> int | None:
    """The id of the last invitation that was observed."""
    return await fetch_value(connection, queries.newest_observation, int, account_id=account_id)


async def _add_usage(connection: Connection, account: ObservedAccount, days: Sequence[date], *, by: int) -> None:
    if counts := Counter(days):
        uses = [count * by for count in counts.values()]
        await execute(connection, queries.add_usage, account_id=account.id, days=list(counts), uses=uses)


def _listed(row: _ObservedInvitation) -> ListedInvitation:
    near = row.payload.get("near")
    return ListedInvitation(
        invitation_id=row.provider_key,
        person_id=row.person_id,
        vanity=vanity_of(row.payload.get("invited_user_public_id")),
        sent_at=sent_at(
            shown=row.happened_at,
            near=datetime.fromisoformat(near) if near else None,
            observed_at=row.observed_at,
            baseline_at=row.baseline_at,
        ),
        observed_at=row.observed_at,
    )
