"""Half of the places for one batch, and a few calls in one turn of the loop, so that nobody else waits for it (ADR 0038)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from pydantic import SecretStr

from services.sender.channels.linkedin import LinkedIn
from services.sender.channels.registry import Deliverer
from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome
from services.sender.store.ledger import Ledger
from services.sender.workflows.call_pool import STARTED_IN_ONE_TURN, CallPool
from services.sender.workflows.circuit_breaker import CircuitBreaker
from services.sender.workflows.send import Sender
from shared.contracts.sends_due import SendDue
from shared.unipile.client import UnipileClient
from tests.integration.sender.conftest import Stage
from tests.integration.simulator.simulator_process import KEY
from tests.support import builders
from tests.support.facts import eventually


class Counted:
    """LinkedIn, and in which turn of the loop each call came to it."""

    def __init__(self, channel: Deliverer) -> None:
        self._channel = channel
        self._turn = 0
        self.turns: list[int] = []

    async def deliver(self, attempt: Attempt, may_begin: Callable[[], bool]) -> AttemptOutcome:
        self.turns.append(self._turn)
        return await self._channel.deliver(attempt, may_begin)

    async def count(self) -> None:
        while True:
            self._turn += 1
            await asyncio.sleep(0)


async def due(stage: Stage, many: int) -> list[SendDue]:
    """So many sends, each of an account of its own."""
    async with stage.pool.acquire() as connection:
        known = [{"id": f"acc-{n}", "type": "premium"} for n in range(many)]
        (await stage.simulator.levers.post("/accounts", json=known)).raise_for_status()
        accounts = [await builders.an_account(connection, stage.workspace, provider_account_id=f"acc-{n}") for n in range(many)]
    return [SendDue(send_id=(await stage.due(account=each))[0], account_id=each, dispatch_no=1) for each in accounts]


def a_sender(stage: Stage, calls: CallPool) -> Sender:
    ledger = Ledger(stage.pool, owner="sender-of-halves")
    return Sender(ledger, calls, stage.clock, CircuitBreaker(stage.clock), act_within=timedelta(seconds=30), call_time=timedelta(seconds=5))


async def test_a_batch_takes_half_of_the_places_and_waits_until_so_many_are_free(stage: Stage) -> None:
    await stage.simulator.lever("/hold", match={"action": "invitation"})
    events = await due(stage, 6)
    async with UnipileClient(stage.simulator.base, SecretStr(KEY), timeout=timedelta(seconds=20)) as client:
        calls = CallPool(LinkedIn(client, now=stage.clock.now), stage.finisher, stage.clock, calls=4)
        sending = asyncio.create_task(a_sender(stage, calls).send_batch(events))
        await eventually(lambda: waiting_calls(stage, 4), what="four calls to be held")
        batches = await stage.pool.fetch("SELECT count(*)::int AS many FROM send_attempts GROUP BY xmin::text")
        assert [each["many"] for each in batches] == [2, 2]
        assert not sending.done()
        await stage.simulator.levers.post("/release", json={})
        await sending
        await calls.wait_until_idle()
        await stage.finisher.drain()
    assert len({effect["recipient"] for effect in await stage.effects()}) == len(await stage.effects()) == 6


async def test_calls_are_started_a_few_in_one_turn_of_the_loop(stage: Stage) -> None:
    events = await due(stage, 20)
    async with UnipileClient(stage.simulator.base, SecretStr(KEY), timeout=timedelta(seconds=20)) as client:
        line = Counted(LinkedIn(client, now=stage.clock.now))
        counting = asyncio.create_task(line.count())
        calls = CallPool(line, stage.finisher, stage.clock, calls=64)
        await a_sender(stage, calls).send_batch(events)
        await calls.wait_until_idle()
        counting.cancel()
        await stage.finisher.drain()
    assert len(line.turns) == 20
    assert max(Counter(line.turns).values()) == STARTED_IN_ONE_TURN
    assert len(await stage.effects()) == 20


async def waiting_calls(stage: Stage, many: int) -> bool:
    """So many calls are held at the provider."""
    held = (await stage.simulator.levers.get("/hold")).json()["items"]
    return bool(sum(each["waiting"] for each in held) == many)
