"""Begin: may these sends leave now? Those that may get an intent, and only then the courier gets them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.sender.metrics import BUSY, DENIALS, LATENESS, PROVIDER_BRAKE, STALE
from services.sender.rules import stops
from services.sender.rules.attempt import Attempt
from services.sender.rules.case import attempt_of
from services.sender.store.ledger import Begin, Closing, Due, Leaving, Ledger, PutBack
from services.sender.workflows.brake import Brake
from services.sender.workflows.courier import Courier
from shared.contracts.sends_due import SendDue
from shared.policy import ALREADY_INVITED, Hold, Scope, SendNow, Stop, Wait, WeekUse, decide, weekly_invitations
from shared.policy.rows import case_of
from shared.runtime.clock import StackClock, Stopwatch
from shared.vocabulary import Action, CampaignStatus

log = structlog.get_logger()

MOST_LOOKS: Final = 20
FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.2
"""Seconds. A planner or a read holds an account for some milliseconds; without another look its send would wait for the
end of its lease, which in a fast stack is the end of its day. After all the looks the lease decides."""
LOOK_AGAIN: Final = timedelta(hours=1)
"""Business time. A lane that never opens (a workspace that is not active, hours that meet no day) is looked at so often: whoever
mends the cause need not know of lanes, and asking at once again would be a hot loop."""
LEASE_AFTER_ACT: Final = timedelta(seconds=60)
"""An account stays in hand so long after its call had to begin: longer than any call takes, and finish frees it sooner."""


@dataclass(slots=True)
class _Decided:
    """What a batch came to, sorted by what must be written."""

    leaving: list[tuple[Due, SendNow, date]] = field(default_factory=list)
    back: list[PutBack] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    skipped: dict[UUID, str] = field(default_factory=dict)
    wakes: dict[UUID, datetime | None] = field(default_factory=dict)


class Sender:
    """Takes batches of due sends."""

    def __init__(self, ledger: Ledger, courier: Courier, clock: StackClock, brake: Brake, *, act_within: timedelta, call_time: timedelta):
        self._ledger = ledger
        self._courier = courier
        self._clock = clock
        self._brake = brake
        self._act_within = act_within
        self._call_time = call_time

    async def send_batch(self, events: Sequence[SendDue]) -> None:
        """Begin all of them, never more at once than can start; returns when every intent is durable."""
        latest = {event.send_id: event for event in sorted(events, key=lambda event: event.dispatch_no)}
        STALE.labels(where="batch").inc(len(events) - len(latest))
        waiting = list(latest.values())
        looks = 0
        while waiting:
            room = await self._courier.room(len(waiting))
            now, waiting = waiting[:room], waiting[room:]
            taken, busy, since = await self._begin(now)
            self._courier.take(taken, room=room, since=since)
            BUSY.inc(len(busy))
            if busy and looks < MOST_LOOKS:
                looks += 1
                await asyncio.sleep(min(FIRST_PAUSE * looks, LONGEST_PAUSE))
                waiting += busy

    async def _begin(self, events: Sequence[SendDue]) -> tuple[list[Attempt], list[SendDue], Stopwatch]:
        """The attempts that may leave, the events whose account was in another transaction, and since when it is decided."""
        try:
            async with self._ledger.begin(events) as begin:
                busy = [event for event in events if event.account_id not in begin.locked]
                STALE.labels(where="begin").inc(len(events) - len(busy) - len(begin.due))
                allowed = {event.send_id: event.allowed_at for event in events}
                return await self._decide_and_record(begin, allowed) if begin.due else [], busy, begin.since
        except BaseException:
            self._courier.give_room(len(events))
            raise

    async def _decide_and_record(self, begin: Begin, allowed: Mapping[UUID, datetime | None]) -> list[Attempt]:
        now, technical = begin.due[0]["now"], begin.due[0]["technical"]
        decided = self._decide(begin.due, now, await self._weeks(begin, now))
        act_by = technical + self._act_within
        leaving = [Leaving(row["send_id"], send.valid_until, day) for row, send, day in decided.leaving]
        made = await begin.intend(leaving, now=now, act_by=act_by, lease=LEASE_AFTER_ACT) if leaving else {}
        await self._sort_out_refused(begin, decided, made, now)
        await begin.put_back(decided.back)
        await begin.close(decided.closings)
        await begin.skip(decided.skipped)
        stopped = [(row, decided.skipped[row["send_id"]]) for row in begin.due if row["send_id"] in decided.skipped]
        moved = await begin.move([person for row, reason in stopped if (person := stops.moved(row, reason, now))], now=now)
        await begin.let_go(decided.wakes)
        await begin.announce(stops.tell(stopped, moved, now))
        attempts, speed = [], self._clock.speed
        for row, send, _ in decided.leaving:
            if row["send_id"] in made:
                since = allowed.get(row["send_id"]) or row["scheduled_for"]
                LATENESS.labels(kind=row["next_action"]).observe(max((now - since).total_seconds(), 0))
                within = min(self._act_within, (send.valid_until - now) / speed)
                attempts.append(attempt_of(row, made[row["send_id"]], starts_within=within))
        return attempts

    def _decide(self, due: Sequence[Due], now: datetime, weeks: dict[UUID, WeekUse]) -> _Decided:
        decided = _Decided()
        margin = self._clock.business(self._call_time) - self._call_time
        pulled = self._brake.until(now)
        for row in due:
            case = case_of(row, weeks.get(row["send_id"]))
            decision = decide(case, now=now, call_time=self._call_time, margin=margin).decision
            if isinstance(decision, SendNow) and pulled is not None:
                DENIALS.labels(reason=PROVIDER_BRAKE).inc()
                decided.back.append(PutBack(row["send_id"]))
                decided.wakes[row["account_id"]] = pulled
            elif isinstance(decision, SendNow):
                decided.leaving.append((row, decision, case.day(now)))
            else:
                _refuse(decided, row, decision, now)
        return decided

    async def _weeks(self, begin: Begin, now: datetime) -> dict[UUID, WeekUse]:
        """Exact counts only for the few whose days add up to the cap; for the rest their days are proof enough."""
        inviting = [row for row in begin.due if row["next_action"] == Action.INVITATION]
        caps = {row["account_id"]: weekly_invitations(row["weekly_limit"], tier=row["tier"]) for row in inviting}
        near = {row["account_id"] for row in inviting if row["used_about_a_week"] >= caps[row["account_id"]]}
        exact = await begin.weeks({account_id: caps[account_id] for account_id in sorted(near)}, now=now) if near else {}
        weeks = {}
        for row in inviting:
            week, cap = exact.get(row["account_id"]), caps[row["account_id"]]
            count = week.used if week else min(int(row["used_about_a_week"]), cap - 1)
            weeks[row["send_id"]] = WeekUse(count, cap, week.frees_at if week and week.used >= cap else None)
        return weeks

    async def _sort_out_refused(self, begin: Begin, decided: _Decided, made: dict[UUID, int], now: datetime) -> None:
        """An index said no: to a second invitation of one person, or to a second call of one account at once."""
        refused = [row for row, _, _ in decided.leaving if row["send_id"] not in made]
        if not refused:
            return
        invited = await begin.invited_already([row["send_id"] for row in refused])
        busy = {row["account_id"] for row, _, _ in decided.leaving if row["send_id"] in made}
        for row in refused:
            if row["send_id"] in invited:
                DENIALS.labels(reason=ALREADY_INVITED).inc()
                decided.skipped[row["send_id"]] = ALREADY_INVITED
            else:
                decided.back.append(PutBack(row["send_id"]))
            if row["account_id"] not in busy:
                decided.wakes[row["account_id"]] = now


def _refuse(decided: _Decided, row: Due, decision: Wait | Hold | Stop, now: datetime) -> None:
    DENIALS.labels(reason=decision.reason.value).inc()
    account_id, action = row["account_id"], Action(row["next_action"])
    decided.wakes[account_id] = now
    match decision:
        case Stop(reason):
            decided.skipped[row["send_id"]] = reason.value
        case Hold(condition, _, Scope.SEND):
            decided.back.append(PutBack(row["send_id"], held_for=condition.value))
        case Hold(_, _, Scope.ACCOUNT):
            decided.back.append(PutBack(row["send_id"]))
            decided.wakes[account_id] = None  # its status says when it comes back
        case Hold() if row["campaign_status"] != CampaignStatus.RUNNING:
            decided.back.append(PutBack(row["send_id"]))  # dispatch asks only for running campaigns
        case Hold(_, reason, scope):
            decided.back.append(PutBack(row["send_id"]))
            campaign = row["campaign_id"] if scope is Scope.LANE else None
            decided.closings.append(Closing(account_id, campaign, action, now + LOOK_AGAIN, reason.value))
        case Wait(until, _, Scope.SEND):
            decided.back.append(PutBack(row["send_id"], due=until))
        case Wait(until, _, Scope.ACCOUNT):
            decided.back.append(PutBack(row["send_id"]))
            decided.wakes[account_id] = until
        case Wait(until, reason, scope):
            decided.back.append(PutBack(row["send_id"]))
            campaign = row["campaign_id"] if scope is Scope.LANE else None
            decided.closings.append(Closing(account_id, campaign, action, until, reason.value))
