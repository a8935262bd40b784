"""Deliveries to a real listener: registered headers, duplicates, losses, retries, and what an account missed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from tests.integration.simulator.simulator_process import ANA, WORLD, Simulator, running, until

SECRET = "secret-of-the-listener"


@dataclass
class Listener:
    """Takes webhooks and answers as told."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(orjson.loads(await request.read()))
        self.headers.append(dict(request.headers))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def got(self, count: int) -> None:
        """Wait for so many deliveries."""

        async def enough() -> bool:
            return len(self.bodies) >= count

        await until(enough)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_post("/hook", listener.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield listener
    finally:
        await runner.cleanup()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as one:
        yield one


async def register(simulator: Simulator, listener: Listener, source: str, **more: object) -> str:
    """POST /webhooks with the secret header."""
    body = {"request_url": listener.url, "source": source, "headers": [{"key": "Unipile-Auth", "value": SECRET}], **more}
    answer = await simulator.api.post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["object"]) == (201, "WebhookCreated")
    return str(answer.json()["webhook_id"])


async def outcomes(simulator: Simulator) -> list[str]:
    """What the log says of the deliveries."""
    return [entry["outcome"] for entry in await simulator.entries(kind="webhook")]


async def test_an_acceptance_is_told_without_invitation_or_chat_id(simulator: Simulator, listener: Listener) -> None:
    await register(simulator, listener, "users", name="relations")
    await simulator.invite()
    await simulator.lever("/people/ana-nunez/accept", account_id="acc-premium")
    await listener.got(1)
    assert listener.bodies[0] == {
        "event": "new_relation",
        "account_id": "acc-premium",
        "account_type": "LINKEDIN",
        "webhook_name": "relations",
        "user_full_name": "Ana Nunez",
        "user_provider_id": ANA,
        "user_public_identifier": "ana-nunez",
        "user_profile_url": "https://www.linkedin.com/in/ana-nunez",
        "user_picture_url": None,
    }
    assert listener.headers[0]["Unipile-Auth"] == SECRET
    assert listener.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"


async def test_our_own_message_is_told_as_well_as_the_reply(simulator: Simulator, listener: Listener) -> None:
    await register(simulator, listener, "messaging", headers=[{"key": "Content-Type", "value": "application/json"}])
    await simulator.write()
    await listener.got(1)
    await simulator.lever("/people/friend-of-tom/reply", account_id="acc-premium", text="Hello back")
    await listener.got(2)
    own, reply = listener.bodies
    assert (own["is_sender"], own["message"]) == (True, "Hello")
    assert own["account_info"]["user_id"] == own["sender"]["attendee_provider_id"]
    assert (reply["is_sender"], reply["message"]) == (False, "Hello back")
    assert reply["account_info"]["user_id"] != reply["sender"]["attendee_provider_id"]
    assert listener.headers[0]["Content-Type"] == "application/json"


async def test_an_account_status_has_no_event_key(simulator: Simulator, listener: Listener) -> None:
    await register(simulator, listener, "account_status")
    await simulator.lever("/accounts/acc-premium/disconnect")
    await listener.got(1)
    await simulator.lever("/accounts/acc-premium/reconnect")
    await listener.got(2)
    assert [body["AccountStatus"]["message"] for body in listener.bodies] == ["CREDENTIALS", "RECONNECTED"]
    assert listener.bodies[0] == {"AccountStatus": {"account_id": "acc-premium", "account_type": "LINKEDIN", "message": "CREDENTIALS"}}


async def test_what_a_disconnected_account_missed_follows_when_it_is_back(simulator: Simulator, listener: Listener) -> None:
    await register(simulator, listener, "messaging")
    await simulator.lever("/accounts/acc-premium/disconnect")
    await simulator.lever("/people/friend-of-tom/reply", account_id="acc-premium", text="Are you there?")
    assert listener.bodies == []
    await simulator.lever("/accounts/acc-premium/reconnect")
    await listener.got(1)
    assert listener.bodies[0]["message"] == "Are you there?"


async def test_two_registrations_for_one_source_tell_everything_twice(simulator: Simulator, listener: Listener) -> None:
    ids = [await register(simulator, listener, "messaging") for _ in range(2)]
    await simulator.write()
    await listener.got(2)
    assert listener.bodies[0]["message_id"] == listener.bodies[1]["message_id"]
    listed = (await simulator.api.get("/webhooks")).json()
    assert [item["id"] for item in listed["items"]] == ids
    assert listed["items"][0]["headers"] == [{"key": "Unipile-Auth", "value": SECRET}]
    assert (await simulator.api.delete(f"/webhooks/{ids[0]}")).json() == {"object": "WebhookDeleted"}
    assert (await simulator.api.delete(f"/webhooks/{ids[0]}")).status_code == 404


async def test_duplicates_and_losses_come_as_ordered_and_are_written_down(simulator: Simulator, listener: Listener) -> None:
    await register(simulator, listener, "messaging")
    await simulator.levers.put("/behaviour", json={"delivery": {"duplicate_percent": 100}})
    await simulator.write()
    await listener.got(2)
    assert listener.bodies[0] == listener.bodies[1]
    await simulator.levers.put("/behaviour", json={"delivery": {"duplicate_percent": 0, "lose_percent": 100}})
    await simulator.write(text="Never told")

    async def lost() -> bool:
        return (await outcomes(simulator))[-1:] == ["lost"]

    await until(lost)
    assert sorted(await outcomes(simulator)) == ["delivered", "duplicate", "lost"]
    assert len(listener.bodies) == 2


async def test_a_listener_that_answers_anything_but_200_is_asked_again_with_growing_delays(tmp_path: Path, listener: Listener) -> None:
    listener.answers = [500, 204]
    async with running(tmp_path, "--clock-speed", "1000") as simulator:
        await register(simulator, listener, "messaging")
        await simulator.write()
        await listener.got(3)

        async def delivered() -> bool:
            return await outcomes(simulator) == ["refused", "refused", "delivered"]

        await until(delivered)


async def test_a_listener_that_never_takes_it_is_given_up_after_five_retries(tmp_path: Path, listener: Listener) -> None:
    listener.answers = [503] * 6
    async with running(tmp_path, "--clock-speed", "100000") as simulator:
        await register(simulator, listener, "messaging")
        await simulator.write()

        async def given_up() -> bool:
            return await outcomes(simulator) == ["refused"] * 5 + ["given_up"]

        await until(given_up)
    assert len(listener.bodies) == 6


async def test_a_relation_is_told_hours_late_and_out_of_order_in_business_time(tmp_path: Path, listener: Listener) -> None:
    late = {"relation_delay": {"shortest_h": 1, "longest_h": 2}}
    world = WORLD | {"behaviour": {"acceptance_rate": 1, "acceptance_delay": {"shortest_h": 0, "longest_h": 0}, "delivery": late}}
    async with running(tmp_path, "--clock-speed", "36000", world=world) as simulator:
        await register(simulator, listener, "users")
        for n in range(8):
            await simulator.invite(f"ACoAAPerson{n:06d}")
        await listener.got(8)

        async def written() -> bool:
            return len(await outcomes(simulator)) == 8

        await until(written)
        accepted = {entry["person"]: entry["at"] for entry in await simulator.entries(kind="accepted")}
        told = {entry["person"]: entry["at"] for entry in await simulator.entries(kind="webhook")}
    assert accepted.keys() == told.keys()
    assert all(accepted[person] < told[person] for person in accepted)
    assert sorted(accepted, key=lambda one: accepted[one]) != sorted(told, key=lambda one: told[one])


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"source": "users"}, "missing_parameters"),
        ({"request_url": "ftp://x", "source": "users"}, "invalid_url"),
        ({"request_url": "http://127.0.0.1/", "source": "gossip"}, "invalid_parameters"),
        ({"request_url": "http://127.0.0.1/", "source": "users", "headers": ["x"]}, "invalid_parameters"),
        ({"request_url": "http://127.0.0.1/", "source": "users", "account_ids": "acc"}, "invalid_parameters"),
    ],
)
async def test_a_webhook_registered_wrongly_is_refused(untouched: Simulator, body: dict[str, object], slug: str) -> None:
    answer = await untouched.api.post("/webhooks", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, f"errors/{slug}")
