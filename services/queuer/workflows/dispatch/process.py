"""Send what is due at once, wait for what becomes of it, and say in words why the rest does not leave.

It is the dispatcher's own tick, so any number of callers may load_availability at any time: the rows decide which of them hands out a send.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg

from services.queuer.rules.accounts.account_status import message_of
from services.queuer.rules.dispatch.dispatch_outcome import DispatchOutcome, DispatchState, dispatch_outcome
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.store.dispatch.dispatch import Dispatch
from services.queuer.store.insight import queue
from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.accounts.account_availability import Asked, load_availability
from services.queuer.workflows.dispatch.dispatch import Dispatcher
from shared.refusals import NotFound

FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.5
"""Seconds between two looks at what was handed out; a call to the provider takes about one."""
LAGGING: Final = "Dispatching pauses: the senders have more in hand than they can begin"

_SENTENCES: Final = {"connection_request": "Connection request sent"}


@dataclass(frozen=True, slots=True)
class DispatchResult:
    """What became of one send that this tick dispatched."""

    send: DispatchState
    outcome: DispatchOutcome

    @property
    def name(self) -> str:
        """The recipient's name."""
        return f"{self.send.first_name} {self.send.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Processed:
    """The answer; `pending` counts what was still on its way when the wait was over."""

    message: str
    outcomes: Sequence[DispatchResult]
    asked: Asked

    @property
    def sent(self) -> list[DispatchResult]:
        """What left."""
        return [each for each in self.outcomes if each.outcome is DispatchOutcome.SENT]

    @property
    def pending(self) -> int:
        """Sends whose end is not known yet: under way, or being looked up."""
        return sum(each.outcome in {DispatchOutcome.UNDER_WAY, DispatchOutcome.UNKNOWN} for each in self.outcomes)


class Processor:
    """Any number of these may run."""

    def __init__(self, pool: asyncpg.Pool, dispatcher: Dispatcher, *, wait: timedelta, call_times: CallTimes) -> None:
        self._pool = pool
        self._dispatcher = dispatcher
        self._wait = wait.total_seconds()
        self._call_times = call_times

    async def process(self, scope: QueueScope, *, wait: timedelta | None = None) -> Processed:
        """One tick, its outcomes and why each account sends nothing more; `wait` in place of the setting.

        Raises:
            NotFound: the scope's workspace or account is not there.
            PublishError: the broker did not confirm; what was handed out comes back by itself.
        """
        async with self._pool.acquire() as connection:
            if not await queue.scope_exists(connection, scope):
                raise NotFound("There is no such workspace or account; `tact workspace list` and `tact account list` show those there are.")
        tick = await self._dispatcher.tick(workspace_id=scope.workspace_id, account_id=scope.account_id)
        outcomes = await self._outcomes(tick.due, self._wait if wait is None else wait.total_seconds())
        async with self._pool.acquire() as connection:
            asked = await load_availability(connection, scope, self._call_times)
        if tick.read_only:
            return Processed(f"Nothing leaves: {tick.read_only}", outcomes, asked)
        return Processed(LAGGING if tick.lagging else _message(outcomes, asked), outcomes, asked)

    async def _outcomes(self, due: Sequence[Dispatch], wait: float) -> list[DispatchResult]:
        """Look at the rows until all of them have come to something, or the wait is over."""
        deadline, pause = time.monotonic() + wait, FIRST_PAUSE
        while due:
            async with self._pool.acquire() as connection:
                outcomes = [DispatchResult(send, dispatch_outcome(send)) for send in await queue.load_dispatch_states(connection, due)]
            left = deadline - time.monotonic()
            if left <= 0 or all(each.outcome is not DispatchOutcome.UNDER_WAY for each in outcomes):
                return outcomes
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
        return []


def _message(outcomes: Sequence[DispatchResult], asked: Asked) -> str:
    sent = [each for each in outcomes if each.outcome is DispatchOutcome.SENT]
    left = f"{asked.remaining} message{'' if asked.remaining == 1 else 's'} remaining in queue"
    if len(sent) == 1:
        return f"{_SENTENCES.get(sent[0].send.message_type, 'Message sent')}. {left}"
    if sent:
        return f"{len(sent)} messages sent. {left}"
    if any(each.outcome in {DispatchOutcome.UNDER_WAY, DispatchOutcome.UNKNOWN} for each in outcomes):
        return f"Not known yet whether it was sent. {left}"
    if any(each.outcome is DispatchOutcome.LOOKED_UP for each in outcomes):
        return f"Recipient looked up, nothing sent yet. {left}"
    ended = [each for each in outcomes if each.outcome in {DispatchOutcome.FAILED, DispatchOutcome.SKIPPED}]
    if ended:
        return f"Nothing sent, {len(ended)} ended. {left}"
    return message_of([each.standing for each in asked.accounts])
