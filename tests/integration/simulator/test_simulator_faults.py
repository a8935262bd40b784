"""Failing on demand: what took effect is in the log, whatever the client came to know."""

import asyncio
import signal

import httpx
import pytest

from tests.integration.simulator.simulator_process import ANA, FRIEND, Simulator, until


async def test_a_time_out_after_the_effect_leaves_an_effect_nobody_was_told_of(simulator: Simulator) -> None:
    await simulator.lever("/faults", fault="timeout_after_effect", match={"route": "POST /users/invite"}, hang_s=30)
    with pytest.raises(httpx.ReadTimeout):
        await simulator.api.post("/users/invite", json={"account_id": "acc-premium", "provider_id": ANA}, timeout=0.3)

    async def logged() -> bool:
        return len(await simulator.effects()) == 1

    await until(logged)
    (effect,) = await simulator.effects()
    assert (effect["recipient"], effect["answered_at"], effect["fault"]) == (ANA, None, "timeout_after_effect")
    assert (await simulator.get("/users/ana-nunez")).json()["invitation"] == {"type": "SENT", "status": "PENDING"}


async def test_a_time_out_before_the_effect_leaves_none(simulator: Simulator) -> None:
    await simulator.lever("/faults", fault="timeout_before_effect", match={"recipient": "ana-nunez"}, hang_s=30)
    with pytest.raises(httpx.ReadTimeout):
        await simulator.api.post("/users/invite", json={"account_id": "acc-premium", "provider_id": ANA}, timeout=0.3)

    async def logged() -> bool:
        return len(await simulator.entries(action="invitation")) == 1

    await until(logged)
    assert await simulator.effects() == []
    assert "invitation" not in (await simulator.get("/users/ana-nunez")).json()


async def test_who_waits_long_enough_is_told_of_the_time_out(simulator: Simulator) -> None:
    await simulator.lever("/faults", fault="timeout_after_effect", hang_s=0.05)
    answer = await simulator.invite()
    assert (answer.status_code, answer.json()["type"]) == (504, "errors/request_timeout")
    (effect,) = await simulator.effects()
    assert (effect["status"], effect["error"]) == (504, "request_timeout")
    assert effect["answered_at"] is not None


@pytest.mark.parametrize(("fault", "effects"), [("cut_after_effect", 1), ("cut_before_effect", 0)])
async def test_a_cut_connection_says_nothing_about_the_effect(simulator: Simulator, fault: str, effects: int) -> None:
    await simulator.lever("/faults", fault=fault, match={"action": "message", "account_id": "acc-premium"})
    with pytest.raises(httpx.TransportError):
        await simulator.write()
    (entry,) = await simulator.entries(action="message")
    assert (entry["status"], entry["answered_at"], entry["fault"]) == (None, None, fault)
    assert len(await simulator.effects()) == effects
    assert len((await simulator.get("/messages")).json()["items"]) == effects


@pytest.mark.parametrize("effect", [True, False])
async def test_a_500_may_or_may_not_hide_an_effect(simulator: Simulator, effect: bool) -> None:
    await simulator.lever("/faults", fault="status", status=500, type="errors/provider_error", effect=effect)
    answer = await simulator.invite()
    assert (answer.status_code, answer.json()["type"]) == (500, "errors/provider_error")
    assert answer.json()["detail"].startswith("The provider is experiencing operational problems")
    assert [entry["status"] for entry in await simulator.effects()] == ([500] if effect else [])


async def test_a_fault_strikes_as_often_as_ordered_and_only_where_it_fits(simulator: Simulator) -> None:
    await simulator.lever("/faults", fault="status", type="errors/provider_error", times=2, match={"recipient": ANA.replace("ACo", "ACw")})
    assert (await simulator.invite("ACoAASomebody0001")).status_code == 200
    assert [(await simulator.invite()).status_code for _ in range(3)] == [500, 500, 200]
    assert (await simulator.levers.get("/faults")).json() == {"items": []}


async def test_a_fault_with_a_probability_stays_and_repeats_with_its_seed(simulator: Simulator) -> None:
    async def struck() -> list[int]:
        await simulator.lever("/faults", fault="status", type="errors/too_many_requests", probability=0.5, seed=3)
        answers = [(await simulator.get("/users/me")).status_code for _ in range(20)]
        assert (await simulator.levers.delete("/faults")).json() == {"cleared": 1}
        return answers

    first = await struck()
    assert set(first) == {200, 429}
    assert await struck() == first


async def test_a_held_call_acts_when_released_even_if_its_client_died(simulator: Simulator) -> None:
    await simulator.lever("/hold", match={"action": "invitation"})
    call = asyncio.create_task(simulator.invite())

    async def waiting() -> bool:
        return bool((await simulator.levers.get("/hold")).json()["items"][0]["waiting"] == 1)

    await until(waiting)
    assert await simulator.effects() == []
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await simulator.lever("/release") == {"released": 1}

    async def acted() -> bool:
        return len(await simulator.effects()) == 1

    await until(acted)
    (effect,) = await simulator.effects()
    assert (effect["fault"], effect["answered_at"]) == ("held", None)
    assert effect["effect_at"] >= effect["at"]


async def test_latency_is_real_and_the_effect_lies_in_the_middle_of_it(simulator: Simulator) -> None:
    await simulator.lever("/latency", ms_min=200, ms_max=200)
    await simulator.invite()
    (effect,) = await simulator.effects()
    assert effect["at"] < effect["effect_at"] < effect["answered_at"]


async def test_an_invitation_by_hand_is_the_worlds_doing_and_no_call_of_ours(simulator: Simulator) -> None:
    await simulator.lever("/invite-by-hand", account_id="acc-premium", person="ana-nunez")
    await simulator.lever("/write-by-hand", account_id="acc-premium", person="friend-of-tom", text="Lunch?")
    assert (await simulator.invite()).json()["type"] == "errors/already_invited_recently"
    assert await simulator.effects() == []
    assert [entry["kind"] for entry in await simulator.entries(account_id="acc-premium") if entry["kind"] != "call"] == [
        "invited_by_hand",
        "wrote_by_hand",
    ]
    assert (await simulator.get("/messages")).json()["items"][0]["is_sender"] == 1


async def test_the_log_tells_what_lay_between_account_and_recipient_before_the_call(simulator: Simulator) -> None:
    await simulator.invite()
    await simulator.lever("/people/ana-nunez/accept", account_id="acc-premium")
    await simulator.write(ANA, "First")
    await simulator.lever("/people/ana-nunez/reply", account_id="acc-premium", text="Stop it")
    await simulator.write(ANA, "Second")
    invitation, first, second = await simulator.effects()
    assert (invitation["action"], invitation["pending_invitation"], invitation["recipient_accepted_at"]) == ("invitation", False, None)
    assert invitation["recipient_degree"] != "FIRST_DEGREE"
    assert (first["recipient_degree"], first["recipient_replied_at"]) == ("FIRST_DEGREE", None)
    assert invitation["answered_at"] <= first["recipient_accepted_at"] <= first["at"] <= second["recipient_replied_at"] <= second["at"]
    assert (second["text"], second["recipient_public_id"], second["route"]) == ("Second", "ana-nunez", "POST /chats")


async def test_the_log_can_be_read_on_from_a_number_and_is_the_same_in_the_file(simulator: Simulator) -> None:
    await simulator.invite()
    seen = (await simulator.levers.get("/log")).json()["last_seq"]
    await simulator.get("/users/me")
    await simulator.write()
    later = await simulator.entries(after=seen)
    assert [entry["action"] for entry in later] == ["read", "message"]
    assert [entry["seq"] for entry in later] == [seen + 1, seen + 2]
    assert await simulator.entries(after=seen, limit=1) == later[:1]
    assert len(simulator.log.read_bytes().splitlines()) == seen + 2


async def test_a_stop_writes_down_the_calls_that_hang_and_does_not_wait_for_them(simulator: Simulator) -> None:
    await simulator.lever("/faults", fault="timeout_after_effect", hang_s=30)
    call = asyncio.create_task(simulator.invite())

    async def under_way() -> bool:
        return bool((await simulator.levers.get("/state")).json()["calls_under_way"])

    await until(under_way)
    simulator.process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(simulator.process.wait(), 15)  # half of the time for which the call hangs
    with pytest.raises(httpx.TransportError):
        await call
    assert simulator.process.returncode == 0
    assert b'"fault":"timeout_after_effect"' in simulator.log.read_bytes().splitlines()[-1]


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/faults", {"fault": "explode"}, "fault"),
        ("/faults", {"fault": "status"}, "status"),
        ("/faults", {"fault": "status", "type": "errors/no_such_type"}, "status"),
        ("/people", {"public_identifier": "a b"}, "public_identifier"),
        ("/people", [{"first_name": "Ana"}], "public_identifier"),
        ("/accounts", {"id": "acc-3", "type": "gold"}, "type"),
        ("/latency", {"ms_min": 5, "ms_max": 1}, "ms_max"),
        ("/people/friend-of-tom/accept", {"account_id": "acc-premium"}, "pending"),
        ("/people/nobody-here/reply", {"account_id": "acc-premium"}, "nobody-here"),
        ("/accounts/acc-9/disconnect", {}, "acc-9"),
    ],
)
async def test_a_lever_pulled_wrongly_says_what_is_wrong(untouched: Simulator, path: str, body: object, names: str) -> None:
    answer = await untouched.levers.post(path, json=body)
    assert answer.status_code in (400, 404)
    assert names in answer.json()["error"]


async def test_behaviour_is_changed_by_name_and_the_rest_stays(simulator: Simulator) -> None:
    changed = (await simulator.levers.put("/behaviour", json={"acceptance_rate": 1, "delivery": {"lose_percent": 5}})).json()
    assert (changed["acceptance_rate"], changed["reply_rate"], changed["delivery"]["lose_percent"]) == (1, 0, 5)
    assert changed["delivery"]["relation_delay"] == {"shortest_h": 0, "longest_h": 0}
    refused = await simulator.levers.put("/behaviour", json={"acceptance_rate": 2})
    assert (refused.status_code, "acceptance_rate" in refused.json()["error"]) == (400, True)


async def test_a_message_is_held_apart_from_a_friend_of_another_account(simulator: Simulator) -> None:
    assert (await simulator.write(FRIEND, account="acc-free")).status_code == 422
