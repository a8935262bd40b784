"""Begin: may these sends leave now? Those that may get an intent, and only after that the call pool gets them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.sender.metrics import BUSY, CIRCUIT_OPEN, DENIALS, LATENESS, STALE
from services.sender.rules.attempt import Attempt, attempt_of
from services.sender.rules.batch_decisions import BatchDecisions, Leaving, ReturnedSend, apply_refusal
from services.sender.rules.due_send import DueSend
from services.sender.rules.stops import events_of_stops, move_after_stop
from services.sender.store.ledger import Begin, Ledger
from services.sender.workflows.call_pool import CallPool
from services.sender.workflows.circuit_breaker import CircuitBreaker
from shared.contracts.sends_due import SendDue
from shared.policy import ALREADY_INVITED, SendNow, WeekUse, decide, weekly_invitations
from shared.policy.rows import case_of
from shared.runtime.clock import StackClock, Stopwatch
from shared.vocabulary import ActionRole

log = structlog.get_logger()

MOST_TRIES: Final = 20
FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.2
"""Seconds. A planner or a read locks an account for some milliseconds; without another try its send would wait until its dispatch expires,
which in a fast stack is the end of its day. After the last try the dispatch expires."""
LEASE_AFTER_ACT: Final = timedelta(seconds=60)
"""The account's lease lasts so long after its call had to begin: longer than any call takes, and finish releases the lease sooner."""


class Sender:
    """Begins batches of due sends."""

    def __init__(
        self, ledger: Ledger, calls: CallPool, clock: StackClock, breaker: CircuitBreaker, *, act_within: timedelta, call_time: timedelta
    ) -> None:
        self._ledger = ledger
        self._calls = calls
        self._clock = clock
        self._breaker = breaker
        self._act_within = act_within
        self._call_time = call_time

    async def send_batch(self, events: Sequence[SendDue]) -> None:
        """Begin all of them, never more at once than can be called; returns when every intent is durable."""
        latest = {event.send_id: event for event in sorted(events, key=lambda event: event.dispatch_no)}
        STALE.labels(where="batch").inc(len(events) - len(latest))
        waiting = list(latest.values())
        tries = 0
        while waiting:
            reserved = await self._calls.reserve(len(waiting))
            now, waiting = waiting[:reserved], waiting[reserved:]
            attempts, busy, since = await self._begin(now)
            self._calls.start(attempts, reserved=reserved, since=since)
            BUSY.inc(len(busy))
            if busy and tries < MOST_TRIES:
                tries += 1
                await asyncio.sleep(min(FIRST_PAUSE * tries, LONGEST_PAUSE))
                waiting += busy

    async def _begin(self, events: Sequence[SendDue]) -> tuple[list[Attempt], list[SendDue], Stopwatch]:
        """The attempts that may leave, the events whose account another transaction held, and the time since the decision."""
        try:
            async with self._ledger.begin(events) as begin:
                busy = [event for event in events if event.account_id not in begin.locked]
                STALE.labels(where="begin").inc(len(events) - len(busy) - len(begin.due))
                allowed = {event.send_id: event.allowed_at for event in events}
                return await self._decide_and_record(begin, allowed) if begin.due else [], busy, begin.since
        except BaseException:
            self._calls.release(len(events))
            raise

    async def _decide_and_record(self, begin: Begin, allowed: Mapping[UUID, datetime | None]) -> list[Attempt]:
        now, technical = begin.due[0].now, begin.due[0].technical
        decided = self._decide(begin.due, now, await self._week_uses(begin, now))
        act_by = technical + self._act_within
        leaving = [Leaving(row.send_id, send.valid_until, day) for row, send, day in decided.leaving]
        intents = await begin.record_intents(leaving, now=now, act_by=act_by, lease=LEASE_AFTER_ACT) if leaving else {}
        await self._sort_out_refused(begin, decided, intents, now)
        await begin.put_back(decided.back)
        await begin.close_lanes(decided.closings)
        await begin.skip(decided.skipped)
        stopped = [(row, decided.skipped[row.send_id]) for row in begin.due if row.send_id in decided.skipped]
        moves = [move for row, reason in stopped if (move := move_after_stop(row, reason, now))]
        moved = await begin.move_prospects(moves, now=now)
        await begin.release_accounts(decided.next_checks)
        await begin.publish(events_of_stops(stopped, moved, now))
        attempts, speed = [], self._clock.speed
        for row, send, _ in decided.leaving:
            if row.send_id in intents:
                since = allowed.get(row.send_id) or row.scheduled_for
                LATENESS.labels(kind=row.next_action.value).observe(max((now - since).total_seconds(), 0))
                within = min(self._act_within, (send.valid_until - now) / speed)
                attempts.append(attempt_of(row, intents[row.send_id], starts_within=within))
        return attempts

    def _decide(self, due: Sequence[DueSend], now: datetime, week_uses: dict[UUID, WeekUse]) -> BatchDecisions:
        decided = BatchDecisions()
        # A call takes real time, a window is business time: in a fast stack the window must close earlier by the difference.
        margin = self._clock.business(self._call_time) - self._call_time
        circuit_open_until = self._breaker.open_until(now)
        for row in due:
            case = case_of(row, week_uses.get(row.send_id))
            decision = decide(case, now=now, call_time=self._call_time, margin=margin).decision
            if isinstance(decision, SendNow) and circuit_open_until is not None:
                DENIALS.labels(reason=CIRCUIT_OPEN).inc()
                decided.back.append(ReturnedSend(row.send_id))
                decided.next_checks[row.account_id] = circuit_open_until
            elif isinstance(decision, SendNow):
                decided.leaving.append((row, decision, case.day(now)))
            else:
                DENIALS.labels(reason=decision.reason.value).inc()
                decided.next_checks[row.account_id] = apply_refusal(decided, row, decision, now)
        return decided

    async def _week_uses(self, begin: Begin, now: datetime) -> dict[UUID, WeekUse]:
        """The invitations of the week by send: counted exactly only for accounts whose daily counts add up to the cap; for the others the
        daily counts already prove that the cap is not reached."""
        inviting = [row for row in begin.due if row.next_action.role is ActionRole.CONNECT]
        caps = {row.account_id: weekly_invitations(row.weekly_limit, tier=row.tier) for row in inviting}
        near = {row.account_id for row in inviting if row.used_about_a_week >= caps[row.account_id]}
        exact = await begin.count_invitations_of_week({each: caps[each] for each in sorted(near)}, now=now) if near else {}
        uses = {}
        for row in inviting:
            week, cap = exact.get(row.account_id), caps[row.account_id]
            count = week.used if week else min(row.used_about_a_week, cap - 1)
            uses[row.send_id] = WeekUse(count, cap, week.frees_at if week and week.used >= cap else None)
        return uses

    async def _sort_out_refused(self, begin: Begin, decided: BatchDecisions, intents: Mapping[UUID, int], now: datetime) -> None:
        """A unique index refused an intent: a second invitation of one person, or a second call of one account at once."""
        refused = [row for row, _, _ in decided.leaving if row.send_id not in intents]
        if not refused:
            return
        invited = await begin.find_invited_already([row.send_id for row in refused])
        acting = {row.account_id for row, _, _ in decided.leaving if row.send_id in intents}
        for row in refused:
            if row.send_id in invited:
                DENIALS.labels(reason=ALREADY_INVITED).inc()
                decided.skipped[row.send_id] = ALREADY_INVITED
            else:
                decided.back.append(ReturnedSend(row.send_id))
            if row.account_id not in acting:
                decided.next_checks[row.account_id] = now
