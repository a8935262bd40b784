"""Invitations that a member sent by hand: what speaks for it, and what they take of the account's budget."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.poller.rules.by_hand import GRANULARITY, Listed, Own, sent_at
from services.poller.rules.seen import Account
from services.poller.rules.translate import vanity_of
from shared.db.pool import Connection
from shared.db.queries import fetch_column, load
from shared.policy.rows import local_day

queries = load(__file__)


async def lock_account(connection: Connection, account: Account) -> None:
    """Whoever counts holds the account."""
    await queries.lock_account(connection, account_id=account.id)


async def seen_since(connection: Connection, account: Account, since: datetime) -> list[Listed]:
    """Every invitation that was first seen after `since`, by whomever."""
    return [_listed(row) async for row in queries.seen_since(connection, account_id=account.id, since=since)]


async def own_invitations(connection: Connection, account: Account, listed: Sequence[Listed]) -> list[Own]:
    """Our own attempts that may stand behind any of these, the latest first."""
    oldest = min(one.sent_at or one.observed_at for one in listed)
    since = oldest - max(account.now - oldest, GRANULARITY)
    return [
        Own(
            attempt_id=row["id"],
            provider_ref=row["provider_ref"],
            person_id=row["recipient_id"],
            vanity=vanity_of(row["public_identifier"], row["linkedin_vanity"]),
            decided_at=row["decided_at"],
        )
        async for row in queries.own_invitations(connection, account_id=account.id, since=since)
    ]


async def stand(connection: Connection, account: Account, by_hand: Sequence[tuple[Listed, bool]]) -> tuple[int, int]:
    """Keep these as sent by hand and count those that are to be counted; how many are new in the budget, and how many outside it."""
    if not by_hand:
        return 0, 0
    moments = [one.sent_at or one.observed_at for one, _ in by_hand]
    zones = await fetch_column(connection, queries.zones_at, str, account_id=account.id, moments=moments)
    rows = queries.stand(
        connection,
        account_id=account.id,
        workspace_id=account.workspace_id,
        now=account.now,
        invitation_ids=[one.invitation_id for one, _ in by_hand],
        recipient_ids=[one.person_id for one, _ in by_hand],
        public_identifiers=[one.vanity for one, _ in by_hand],
        sent_ats=moments,
        counted_ons=[local_day(at, zone) if counts else None for at, zone, (_, counts) in zip(moments, zones, by_hand, strict=True)],
    )
    days = [row["counted_on"] async for row in rows]
    await _use(connection, account, [day for day in days if day is not None], by=1)
    return len([day for day in days if day is not None]), len([day for day in days if day is None])


async def explain(connection: Connection, account: Account, ours: Sequence[tuple[str, int]]) -> int:
    """These were ours after all: what they took is given back to its day; how many that was. Attempts learn their invitation's id."""
    if not ours:
        return 0
    ids, attempts = [invitation_id for invitation_id, _ in ours], [attempt_id for _, attempt_id in ours]
    rows = queries.explain(connection, account_id=account.id, invitation_ids=ids, attempt_ids=attempts)
    days = [row["counted_on"] async for row in rows]
    await _use(connection, account, days, by=-1)
    await queries.name_invitations(connection, account_id=account.id, invitation_ids=ids, attempt_ids=attempts)
    return len(days)


async def listed(connection: Connection, account: Account, invitation_ids: Sequence[str]) -> None:
    """The list shows these now."""
    await queries.listed(connection, account_id=account.id, invitation_ids=list(invitation_ids), now=account.now)


async def gone(connection: Connection, account_id: UUID, *, not_listed_since: datetime) -> int:
    """The whole list was read from that moment on (business): what it did not show waits no more. How many that are."""
    return len([row async for row in queries.gone(connection, account_id=account_id, since=not_listed_since)])


async def known_at(connection: Connection, account: Account, invitation_ids: Sequence[str], *, mark: int) -> bool:
    """Whether any of these was observed no later than the observation `mark`."""
    return bool(await queries.known_at(connection, account_id=account.id, invitation_ids=list(invitation_ids), mark=mark))


async def newest_observation(connection: Connection, account_id: UUID) -> int | None:
    """The id of the last invitation that was first seen."""
    found: int | None = await queries.newest_observation(connection, account_id=account_id)
    return found


async def _use(connection: Connection, account: Account, days: Sequence[date], *, by: int) -> None:
    if counts := Counter(days):
        await queries.use(connection, account_id=account.id, days=list(counts), uses=[count * by for count in counts.values()])


def _listed(row: Any) -> Listed:
    near = row["payload"].get("near")
    return Listed(
        invitation_id=row["provider_key"],
        person_id=row["person_id"],
        vanity=vanity_of(row["payload"].get("invited_user_public_id")),
        sent_at=sent_at(
            told=row["happened_at"],
            near=datetime.fromisoformat(near) if near else None,
            observed_at=row["observed_at"],
            baseline_at=row["baseline_at"],
        ),
        observed_at=row["observed_at"],
    )
