"""A call that was decided in time and gets its connection too late: nothing leaves, and the attempt is as if it had never begun."""

from datetime import timedelta

from pydantic import SecretStr

from services.sender.channels.linkedin import LinkedIn
from services.sender.store.ledger import Ledger
from services.sender.workflows.call_pool import CallPool
from services.sender.workflows.circuit_breaker import CircuitBreaker
from services.sender.workflows.send import Sender
from shared.contracts.sends_due import SendDue
from shared.unipile.client import UnipileClient
from tests.integration.sender.conftest import Stage
from tests.integration.simulator.simulator_process import KEY
from tests.support import builders
from tests.support.facts import eventually

OVER = "SELECT count(*) = 2 AND max(act_by) < clock_timestamp() FROM send_attempts"


async def test_a_call_that_waits_for_its_connection_past_its_time_is_released_and_never_leaves(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        other = await builders.an_account(connection, stage.workspace, provider_account_id="acc-free")
    sends = {(await stage.due())[0]: stage.account, (await stage.due(account=other))[0]: other}
    await stage.simulator.lever("/hold", match={"action": "invitation"})
    async with UnipileClient(stage.simulator.base, SecretStr(KEY), timeout=timedelta(seconds=15), max_connections=1) as narrow:
        calls = CallPool(LinkedIn(narrow, now=stage.clock.now), stage.finisher, stage.clock, calls=8)
        ledger, breaker = Ledger(stage.pool, owner="sender-with-one-line"), CircuitBreaker(stage.clock)
        sender = Sender(ledger, calls, stage.clock, breaker, act_within=timedelta(seconds=3), call_time=timedelta(seconds=5))
        await sender.send_batch([SendDue(send_id=send, account_id=account, dispatch_no=1) for send, account in sends.items()])
        await eventually(lambda: stage.pool.fetchval(OVER), what="the time of both to be over")
        await stage.simulator.levers.post("/release", json={})
        await calls.wait_until_idle()
        await stage.finisher.drain()
    rows = await stage.pool.fetch("SELECT state::text, given_back, account_id FROM send_attempts ORDER BY state")
    assert sorted((row["state"], row["given_back"]) for row in rows) == [("accepted", False), ("released", True)]
    assert len(await stage.simulator.entries(kind="call")) == 1, "the provider never heard of the other one"
    statuses = await stage.pool.fetch("SELECT status::text FROM send_queue ORDER BY status")
    assert sorted(row["status"] for row in statuses) == ["pending", "sent"]
