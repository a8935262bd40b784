"""The provider's own lists against the ledger. What differs is told, and is no break: lists lag and forget, and members write by hand.

Each list is one paced read under the account's claim, as the healer's are: no send and no other read meanwhile, and the account's
spacing runs from its end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from services.healer.store.unknown_attempts import attempts as unknowns
from services.healer.store.unknown_attempts.attempts import LeasedAccount
from services.healer.workflows.unknown_attempts.provider_reads import read_account_messages, read_sent_invitations
from shared.db.queries import fetch_all, fetch_column, load
from shared.policy import SPACING, jitter
from shared.refusals import Refused
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError

queries = load(__file__)
T = TypeVar("T")

STANDS: Final = timedelta(days=14)
"""Older invitations are taken back and forgotten by so many that their absence says nothing."""
LAG: Final = timedelta(hours=8)
"""So late the provider has been seen to show what happened."""
SAID: Final = timedelta(days=2)
TURN: Final = timedelta(seconds=160)
READ_WITHIN: Final = timedelta(seconds=120)
LOOKS: Final = 20
AT_ONCE: Final = 32
"""Accounts read at the same time; each keeps to its own spacing."""
PAUSE: Final = timedelta(seconds=30)
"""Between two tries to acquire the lease of an account; business time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`whose`: "only we" or "only they" have it."""

    account: UUID
    name: str
    """The account's."""
    whose: str
    what: str
    reason: str
    """What it most likely means."""

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """An account whose lists are read."""

    id: UUID
    name: str
    channel: str
    status: str


@dataclass(frozen=True, slots=True)
class LedgerInvitation:
    """An accepted invitation that should be in the provider's list."""

    id: int
    provider_ref: str | None
    recipient_id: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownInvitation:
    """An invitation of ours, or one that was seen as sent by hand."""

    id: str | None
    person: str | None


@dataclass(frozen=True, slots=True)
class LedgerMessage:
    """An accepted message."""

    id: int
    provider_ref: str | None
    answered_at: datetime | None


async def compare_all(
    pool: asyncpg.Pool, client: UnipileClient, clock: StackClock, ids: Sequence[UUID], *, report_progress: Callable[[str], None]
) -> tuple[list[Difference], list[str]]:
    """Two reads of each account: the invitations that stand, and what it wrote in the last two days; and what could not be read, and why.

    Raises:
        Refused: the one account that was asked about cannot be read.
    """
    rows = await fetch_all(pool, queries.accounts, ReadAccount, account_ids=list(ids))
    notes = [f"Account {row.name} is a mailbox: the provider has no list to compare." for row in rows if row.channel != "linkedin"]
    linkedin = [row for row in rows if row.channel == "linkedin"]
    notes += [f"Account {row.name} is {row.status} and was not read." for row in linkedin if row.status != "usable"]
    readable = [row for row in linkedin if row.status == "usable"]
    if notes and len(rows) == 1:
        raise Refused(notes[0])
    if readable:
        names = readable[0].name if len(readable) == 1 else f"{len(readable):,} accounts, {AT_ONCE} at a time"
        report_progress(f"reading the provider's lists of {names}: two reads each, some minutes apart by the account's spacing")
    slots, differences = asyncio.Semaphore(AT_ONCE), list[Difference]()

    async def one(account: ReadAccount) -> None:
        async with slots:
            try:
                differences.extend(await _compare(pool, client, clock, account))
            except Refused as error:
                if len(rows) == 1:
                    raise
                notes.append(str(error))

    await asyncio.gather(*(one(each) for each in readable))
    return sorted(differences, key=lambda each: (each.name, each.whose, each.what)), sorted(notes)


async def _compare(pool: asyncpg.Pool, client: UnipileClient, clock: StackClock, account: ReadAccount) -> list[Difference]:
    now = clock.now()
    try:
        listed = await _under_claim(
            pool, clock, account, lambda claim: read_sent_invitations(client, claim, (clock.now(), clock.technical_now()))
        )
        said = await _under_claim(
            pool, clock, account, lambda claim: read_account_messages(client, claim, now - SAID, (clock.now(), clock.technical_now()))
        )
    except ProviderError as error:
        raise Refused(f"The provider's lists of account {account.name} could not be read: {error}") from error
    return await _invitations(pool, account, listed, now) + await _messages(pool, account, said, now)


async def _under_claim(pool: asyncpg.Pool, clock: StackClock, account: ReadAccount, read: Callable[[LeasedAccount], Awaitable[T]]) -> T:
    for _ in range(LOOKS):
        lease = TURN / clock.speed + READ_WITHIN + timedelta(seconds=30)
        claim = await unknowns.acquire_lease(pool, account.id, patience=TURN, lease=lease)
        if claim is not None:
            break
        await asyncio.sleep(PAUSE.total_seconds() / clock.speed)
    else:
        raise Refused(f"Account {account.name} is not to be had: it is always in another hand, or was paused. Try again later.")
    rest = timedelta()
    try:
        await clock.refresh()
        if claim.rests > timedelta():
            await asyncio.sleep(claim.rests.total_seconds() / clock.speed)
        rest = SPACING + jitter(f"prove {account.id} {clock.now()}")
        async with asyncio.timeout(READ_WITHIN.total_seconds()):
            return await read(claim)
    except TimeoutError:
        raise Refused(f"The provider did not show the lists of account {account.name} in {READ_WITHIN.total_seconds():.0f} s.") from None
    finally:
        await unknowns.release_lease(pool, claim, spacing=rest)


async def _invitations(pool: asyncpg.Pool, account: ReadAccount, seen: Any, now: datetime) -> list[Difference]:
    ids, people = {item.id for item in seen.listed}, {item.invited_user_id for item in seen.listed if item.invited_user_id}
    differences = []
    if seen.complete:
        for row in await fetch_all(pool, queries.invitations, LedgerInvitation, account_id=account.id, since=now - STANDS):
            if row.provider_ref in ids or row.recipient_id in people:
                continue
            young = row.answered_at is not None and row.answered_at > now - LAG
            reason = "the list may lag by hours" if young else "ignored or taken back by hand, or an acceptance that was not seen yet"
            differences.append(_difference(account, "only we", f"invitation {row.provider_ref} (attempt {row.id})", reason))
    known = await fetch_all(pool, queries.known_invitations, KnownInvitation, account_id=account.id, ids=sorted(ids), people=sorted(people))
    ours, ours_people = {row.id for row in known}, {row.person for row in known}
    differences += [
        _difference(account, "only they", f"invitation {item.id} to {item.invited_user_public_id or item.invited_user_id}", "sent by hand")
        for item in seen.listed
        if item.id not in ours and (item.invited_user_id is None or item.invited_user_id not in ours_people)
    ]
    return differences


async def _messages(pool: asyncpg.Pool, account: ReadAccount, seen: Any, now: datetime) -> list[Difference]:
    own = [m for m in seen.messages if m.is_sender and not m.is_event and m.timestamp >= now - SAID]
    ids = {m.id for m in own}
    rows = await fetch_all(pool, queries.messages, LedgerMessage, account_id=account.id, since=now - SAID)
    known = {*await fetch_column(pool, queries.known_messages, str, account_id=account.id, ids=sorted(ids))}
    known |= {row.provider_ref for row in rows if row.provider_ref is not None}
    unknown = [m for m in own if m.id not in known]
    texts = sorted({m.text for m in unknown if m.text})
    notes = await fetch_column(pool, queries.notes, str, account_id=account.id, texts=texts)
    differences = []
    if seen.whole:
        differences = [
            _difference(account, "only we", f"message {row.provider_ref} (attempt {row.id})", "the list lags, or it was deleted")
            for row in rows
            if row.provider_ref not in ids
        ]
    return differences + [
        _difference(account, "only they", f"message {m.id} of {m.timestamp:%Y-%m-%d %H:%M} UTC", "written by hand")
        for m in unknown
        if m.text not in notes
    ]


def _difference(account: ReadAccount, whose: str, what: str, reason: str) -> Difference:
    return Difference(account.id, account.name, whose, what, reason)
