"""A person's retry, from the failed desk to planning: words that were missing are found anew, and the sweep changes nothing else."""

import asyncio

import asyncpg

from services.queuer.workflows.insight import failed_sends as desk
from services.queuer.workflows.planning.plan import Planner
from shared.refusals import Conflict
from tests.integration.queuer.world import make_world

WORDS = {"connection_request": "Hi {firstName}"}


async def test_a_send_without_words_gets_them_when_the_lead_was_mended_and_fails_again_when_not(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool, message_templates=WORDS)
    [prospect] = await world.enrol(1, first_name="")
    await planner.plan([prospect])
    [send] = await world.sends()
    assert (send["status"], (await world.prospect(prospect))["status"]) == ("failed", "failed")

    assert (await desk.retry(queuer_pool, send["id"], actor="a person")).changed
    await planner.plan([prospect])
    [again] = await world.sends()
    assert (again["status"], again["error_message"]) == ("failed", send["error_message"]), "the lead is as it was"

    await pool.execute("UPDATE leads SET first_name = 'Ana'")
    assert (await desk.retry(queuer_pool, send["id"], actor="a person")).changed
    await planner.plan([prospect])
    [mended] = await world.sends()
    assert (mended["status"], mended["message"], mended["error_message"]) == ("pending", "Hi Ana", None)
    assert (await world.prospect(prospect))["status"] == "pending"


async def test_retry_and_drop_pressed_at_once_come_to_one_of_the_two(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool, message_templates=WORDS)
    prospects = await world.enrol(6, first_name="")
    await planner.plan(prospects)
    pressed = [verb(queuer_pool, send["id"], actor="a person") for send in await world.sends() for verb in (desk.retry, desk.drop)]
    results = await asyncio.gather(*pressed, return_exceptions=True)
    assert all(isinstance(result, desk.ChangedSend | Conflict) for result in results), results
    assert sum(isinstance(result, desk.ChangedSend) and result.changed for result in results) == 6
    lines = await pool.fetch("SELECT object_id, count(*) AS lines FROM audit_log WHERE object = 'send' GROUP BY object_id")
    assert [line["lines"] for line in lines] == [1] * 6
