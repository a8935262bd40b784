"""A send that planning ends is told like one that the sender ends: from the row to the notice at the owner."""

import json
from datetime import timedelta

import asyncpg
import pytest

from services.healer.workflows.notices import channels as keep_channels
from services.healer.workflows.notices.notify import Notify
from services.queuer.workflows.planning.plan import Planner
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.vocabulary import NoticeMedium
from tests.integration.healer.notices_stage import SECRET, TERMS, a_stage
from tests.integration.queuer.world import make_world
from tests.support.builders import BASE

PLACEHOLDER = {"connection_request": "Hi {firstName}!"}


async def told(pool: asyncpg.Pool) -> list[SendCompleted]:
    """What the queuer's outbox holds for sends.completed."""
    rows = await pool.fetch("SELECT payload FROM outbox WHERE topic = 'sends.completed' AND service = 'queuer' ORDER BY id")
    return [SendCompleted.model_validate_json(row["payload"]) for row in rows]


async def test_a_blocked_placeholder_becomes_a_notice_by_webhook_and_by_mail(database: str, pool: asyncpg.Pool, planner: Planner) -> None:
    async with a_stage(database, pool) as stage:
        world = await make_world(pool, on_missing="block", message_templates=PLACEHOLDER)
        for medium, target, secret in (
            (NoticeMedium.WEBHOOK, f"{stage.to.url}/hook", SECRET),
            (NoticeMedium.EMAIL, "ana@example.test", None),
        ):
            await keep_channels.add_channel(
                stage.pool, TERMS, workspace_id=world.workspace, name=medium.value, medium=medium, target=target, secret=secret
            )
        [prospect] = await world.enrol(1, first_name="")
        await planner.plan([prospect])
        await planner.plan([prospect])
        (event,) = await told(pool)
        assert (event.prospect_id, event.outcome, event.for_good) == (prospect, SendOutcome.FAILED, True)
        assert timedelta(0) <= event.at - BASE < timedelta(minutes=1)
        await Notify(stage.pool, stage.clock, mail=False).of_sends([event])
        while await stage.deliver.round():
            pass
        (request,) = stage.to.requests
        text = json.loads(request.body)["text"]
        assert "firstName" in text
        assert len(stage.box.messages) == 1


@pytest.mark.parametrize("choice", ["skip", "blank"])
async def test_what_is_left_out_is_told_and_what_waits_is_not(pool: asyncpg.Pool, planner: Planner, choice: str) -> None:
    world = await make_world(pool, on_missing=choice, message_templates=PLACEHOLDER)
    await planner.plan(await world.enrol(1, first_name=""))
    assert [event.outcome for event in await told(pool)] == ([SendOutcome.SKIPPED] if choice == "skip" else [])
