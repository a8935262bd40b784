"""What happened becomes a notice, once, with a delivery for every channel that wants it."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.healer.metrics import NOTICES
from services.healer.rules.notices.notice_texts import (
    announce_flood_limit,
    hold_back_reason,
    word_alert,
    word_completed_campaign,
    word_failed_send,
    word_lost_account,
    word_read_only_stack,
    word_stopped_consumer,
    word_unknown_attempt,
)
from services.healer.store.health import alerts
from services.healer.store.notices import notices
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.notices import store as telling
from shared.notices.notice import Notice
from shared.runtime.clock import StackClock
from shared.vocabulary import AccountStatus

MOST_ALERTS: Final = 20
"""One of the whole stack is told to every workspace."""
MOST: Final = 100
"""Things that wait, told of in one go."""


class Notify:
    """Events wake it; rows decide. A topic read anew makes no second notice."""

    def __init__(self, pool: asyncpg.Pool, clock: StackClock, *, mail: bool, wake: Callable[[], None] = lambda: None) -> None:
        """`mail`: there is a server to hand mail to, so workspaces without a channel are told at their owner's address."""
        self._pool = pool
        self._clock = clock
        self._mail = mail
        self._wake = wake

    async def of_sends(self, events: Sequence[SendCompleted]) -> None:
        """Tell of sends that failed for good."""
        await self._record(await find_unannounced_sends(self._pool, events))

    async def of_accounts(self, events: Sequence[AccountStatusChanged]) -> None:
        """Tell of accounts that may not act any more."""
        await self._record(await find_unannounced_accounts(self._pool, events))

    async def of_what_waits(self) -> bool:
        """Tell of attempts that a person must settle, stopped consumers and campaigns that are done; True when there may be more."""
        now = self._clock.now()
        unknown = await notices.fetch_unknown_attempts(self._pool, most=MOST)
        stopped = await notices.fetch_stopped_consumers(self._pool, most=MOST)
        done = await notices.fetch_completed_campaigns(self._pool, most=MOST)
        await self._record([word_unknown_attempt(each, now=now) for each in unknown])
        await self._record([word_stopped_consumer(each, now=now) for each in stopped])
        await self._record([word_completed_campaign(each) for each in done])
        return MOST in {len(unknown), len(stopped), len(done)}

    async def of_read_only(self) -> bool:
        """Tell every workspace, once each time, that nothing leaves; True when more of them wait."""
        now = self._clock.now()
        untold = await notices.fetch_read_only_workspaces(self._pool, most=MOST)
        await self._record([word_read_only_stack(each, now=now) for each in untold])
        return len(untold) == MOST

    async def of_alerts(self) -> bool:
        """Tell of alerts that began and of those that are over; True when there may be more."""
        kept = await alerts.fetch_unannounced(self._pool, most=MOST_ALERTS)
        now = self._clock.now()
        for alert in kept:
            ends = ([False] if not alert.told else []) + ([True] if alert.closed_at is not None else [])
            to = await alerts.fetch_recipients(self._pool, alert.workspace_id)
            await self._record([word_alert(alert, workspace_id=workspace_id, over=over, now=now) for workspace_id in to for over in ends])
        if kept:
            await alerts.mark_announced(self._pool, kept)
        return len(kept) == MOST_ALERTS

    async def _record(self, told: Sequence[Notice]) -> None:
        if not told:
            return
        new: list[Notice] = []
        async with self._pool.acquire() as connection, connection.transaction():
            if self._mail:
                await telling.ensure_owner_channel(connection, [notice.workspace_id for notice in told])
            for notice in sorted(told, key=lambda each: each.dedupe_key):  # in one order, so that two healers never wait for each other
                lately = await notices.count_announced_lately(connection, notice)
                silent = hold_back_reason(notice, told_lately=lately, now=self._clock.now())
                worded = announce_flood_limit(notice, told_lately=lately)
                notice_id = await telling.insert_notice(connection, worded, told=silent is None)
                if notice_id is not None:
                    await telling.insert_deliveries(connection, notice_id, held_back=silent)
                    new.append(notice)
        for notice in new:
            NOTICES.labels(kind=notice.kind).inc()
        if new:
            self._wake()


async def find_unannounced_sends(pool: asyncpg.Pool, events: Sequence[SendCompleted]) -> list[Notice]:
    """Notices of sends that failed for good, without those that were written before."""
    failures = {event.send_id: event for event in events if event.outcome is SendOutcome.FAILED}
    found = await notices.fetch_failed_sends(pool, failures) if failures else []
    return await _new(pool, [word_failed_send(send) for send in found])


async def find_unannounced_accounts(pool: asyncpg.Pool, events: Sequence[AccountStatusChanged]) -> list[Notice]:
    """Notices of accounts that may not act any more, without those that were written before."""
    newest: dict[UUID, AccountStatusChanged] = {}
    for event in events:
        newest[event.account_id] = max(event, newest.get(event.account_id, event), key=lambda each: each.version)
    lost = {event.account_id: event.version for event in newest.values() if event.status is not AccountStatus.USABLE}
    found = await notices.fetch_lost_accounts(pool, lost) if lost else []
    return await _new(pool, [word_lost_account(account) for account in found])


async def _new(pool: asyncpg.Pool, told: Sequence[Notice]) -> list[Notice]:
    """Asked before anything is written: an event told again must not even give a workspace its owner's channel."""
    known = await notices.fetch_known_keys(pool, [notice.dedupe_key for notice in told]) if told else frozenset()
    return [notice for notice in told if notice.dedupe_key not in known]
