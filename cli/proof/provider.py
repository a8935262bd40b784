"""The provider's own lists against the ledger. What differs is told, and is no break: lists lag and forget, and members write by hand.

Each list is one paced read under the account's claim, as the healer's are: no send and no other read meanwhile, and the account's
spacing runs from its end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from cli.console import Refused, say
from services.healer.store import unknowns
from services.healer.store.unknowns import Claim
from services.healer.workflows.read import account_said, sent_list
from shared.db.queries import load
from shared.policy import SPACING, jitter
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
PAUSE: Final = timedelta(seconds=30)
"""Between two tries at an account that is in somebody's hand; business time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`whose`: "only we" or "only they" have it."""

    account: UUID
    whose: str
    what: str
    reason: str
    """What it most likely means."""

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


async def compare(pool: asyncpg.Pool, client: UnipileClient, clock: StackClock, account: UUID) -> list[Difference]:
    """Two reads: the invitations that stand, and what the account wrote in the last two days.

    Raises:
        Refused: the account cannot be had, or the provider cannot be read.
    """
    say(f"reading the provider's lists of account {account}: each waits for the account's spacing")
    now = clock.now()
    try:
        listed = await _under_claim(pool, clock, account, lambda claim: sent_list(client, claim, (clock.now(), clock.technical_now())))
        said = await _under_claim(
            pool, clock, account, lambda claim: account_said(client, claim, now - SAID, (clock.now(), clock.technical_now()))
        )
    except ProviderError as error:
        raise Refused(f"The provider's lists could not be read: {error}") from error
    return await _invitations(pool, account, listed, now) + await _messages(pool, account, said, now)


async def _under_claim(pool: asyncpg.Pool, clock: StackClock, account: UUID, read: Callable[[Claim], Awaitable[T]]) -> T:
    for _ in range(LOOKS):
        lease = TURN / clock.speed + READ_WITHIN + timedelta(seconds=30)
        claim = await unknowns.claim(pool, account, free_by=clock.now() + TURN, lease=lease)
        if claim is not None:
            break
        await asyncio.sleep(PAUSE.total_seconds() / clock.speed)
    else:
        raise Refused(f"Account {account} is not to be had: it is not usable, or always in another hand. Try again later.")
    rest = timedelta()
    try:
        await clock.refresh()
        if claim.rests > timedelta():
            await asyncio.sleep(claim.rests.total_seconds() / clock.speed)
        rest = SPACING + jitter(f"prove {account} {clock.now()}")
        async with asyncio.timeout(READ_WITHIN.total_seconds()):
            return await read(claim)
    except TimeoutError:
        raise Refused(f"The provider did not show its lists in {READ_WITHIN.total_seconds():.0f} s.") from None
    finally:
        await unknowns.let_go(pool, claim, spacing=rest)


async def _invitations(pool: asyncpg.Pool, account: UUID, seen: Any, now: datetime) -> list[Difference]:
    ids, people = {item.id for item in seen.listed}, {item.invited_user_id for item in seen.listed if item.invited_user_id}
    differences = []
    if seen.complete:
        async for row in queries.invitations(pool, account_id=account, since=now - STANDS):
            if row["provider_ref"] in ids or row["recipient_id"] in people:
                continue
            young = row["answered_at"] is not None and row["answered_at"] > now - LAG
            reason = "the list may lag by hours" if young else "ignored or taken back by hand, or an acceptance nobody has seen yet"
            differences.append(Difference(account, "only we", f"invitation {row['provider_ref']} (attempt {row['id']})", reason))
    known = [row async for row in queries.known_invitations(pool, account_id=account, ids=sorted(ids), people=sorted(people))]
    ours, ours_people = {row["id"] for row in known}, {row["person"] for row in known}
    differences += [
        Difference(account, "only they", f"invitation {item.id} to {item.invited_user_public_id or item.invited_user_id}", "sent by hand")
        for item in seen.listed
        if item.id not in ours and (item.invited_user_id is None or item.invited_user_id not in ours_people)
    ]
    return differences


async def _messages(pool: asyncpg.Pool, account: UUID, seen: Any, now: datetime) -> list[Difference]:
    own = [m for m in seen.messages if m.is_sender and not m.is_event and m.timestamp >= now - SAID]
    ids = {m.id for m in own}
    rows = [row async for row in queries.messages(pool, account_id=account, since=now - SAID)]
    known = {row["id"] async for row in queries.known_messages(pool, account_id=account, ids=sorted(ids))} | {
        row["provider_ref"] for row in rows
    }
    differences = []
    if seen.whole:
        differences = [
            Difference(account, "only we", f"message {row['provider_ref']} (attempt {row['id']})", "the list lags, or somebody deleted it")
            for row in rows
            if row["provider_ref"] not in ids
        ]
    return differences + [
        Difference(account, "only they", f"message {m.id} of {m.timestamp:%Y-%m-%d %H:%M} UTC", "written by hand, or an invitation's note")
        for m in own
        if m.id not in known
    ]
