"""The ambiguity desk: seen by those who may, in words, and settled by a person once, with every row a look would have moved."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import httpx
import pytest

from services.healer.http.mount import mount
from services.healer.store.repairs import findings
from services.healer.store.unknown_attempts.outcomes import build_waiting_finding
from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.unknown_attempts import resolve as desk
from services.healer.workflows.unknown_attempts.resolve import AttemptDecision
from services.queuer.workflows.accounts.tokens import create_token
from shared.db.pool import open_pool
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.refusals import Conflict
from shared.runtime.clock import StackClock
from shared.runtime.settings import ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service
from shared.vocabulary import Role
from tests.integration.healer.healer_rows import House, Person, a_house, a_person, an_attempt, one
from tests.support.commands import Said, tact
from tests.support.serving import Served

LOOK = {
    "look": "invitation",
    "at": "2026-03-02T14:00:00+00:00",
    "seen_at": "2026-03-02T14:00:00+00:00",
    "complete": True,
    "listed": None,
    "listed_at": None,
    "witness": False,
    "profile": "untold",
    "verdict": "AskPerson: the profile does not tell (after 8 looks)",
}


@dataclass
class Case:
    """One unknown attempt that waits for a person."""

    house: House
    person: Person
    attempt: int


async def a_case(pool: asyncpg.Pool, house: House, name: str = "ana", action: str = "invitation") -> Case:
    person = await a_person(pool, house, name=name, send_status="sending", action=action)
    attempt = await an_attempt(pool, house, person, state="unknown", action=action)
    await pool.execute("UPDATE send_attempts SET needs_person = true, looks = 8, evidence = $2 WHERE id = $1", attempt, [LOOK])
    async with pool.acquire() as connection:
        await findings.record_findings(connection, [build_waiting_finding(attempt, house.workspace, "the profile does not tell")])
    return Case(house, person, attempt)


@dataclass
class Api:
    """The healer's API for one workspace's people and for others."""

    url: str
    app: httpx.ASGITransport
    viewer: str
    operator: str
    foreign: str

    async def ask(self, token: str, method: str, path: str, **body: object) -> httpx.Response:
        """One request."""
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=self.app, base_url="http://healer", headers=headers) as client:
            return await client.request(method, path, json=body or None)


@pytest.fixture
async def api(database: str, pool: asyncpg.Pool, house: House) -> AsyncIterator[Api]:
    theirs = await a_house(pool, provider_account="acc-theirs")

    async def token(workspace: House, role: Role) -> str:
        return (await create_token(pool, workspace_id=workspace.workspace, role=role, name="a test")).token

    service = Service("healer", ServiceSettings(database_url=database), port=0)
    async with await open_pool(database, role="tact_healer", size=4) as own, Web(timeout=timedelta(seconds=5), private=True) as web:
        service.pool, service.clock = own, StackClock(own)
        await service.clock.refresh()
        app = make_app(service, title="Tact healer", description="")
        await mount(
            app,
            service,
            mend=Maintenance(own, service.clock, call_time=timedelta(seconds=5)),
            deliver=Deliver(own, NoticeSender(service.clock, web=web, mail=None), timeout=timedelta(seconds=5)),
            terms=ChannelPolicy(mail=False, private=True),
        )
        yield Api(
            "http://healer",
            httpx.ASGITransport(app),
            viewer=await token(house, Role.VIEWER),
            operator=await token(house, Role.OPERATOR),
            foreign=await token(theirs, Role.ADMIN),
        )
        await service.finish()
        await service.close()


async def test_it_is_seen_in_words_within_its_own_workspace(pool: asyncpg.Pool, house: House, api: Api) -> None:
    case = await a_case(pool, house)
    (listed,) = (await api.ask(api.viewer, "GET", "/api/unknown?needs_person=true")).json()["attempts"]
    assert (listed["id"], listed["looks"], listed["needs_person"], listed["next_look"]) == (case.attempt, 8, True, None)
    assert listed["told"] == [
        "2026-03-02 14:00 UTC: the whole list of sent invitations shows none to this person; the profile did not tell. "
        "A person must say: the profile does not tell (after 8 looks)."
    ]
    whole = (await api.ask(api.viewer, "GET", f"/api/unknown/{case.attempt}")).json()["attempt"]
    assert (whole["message"], whole["recipient_id"], whole["send_status"]) == ("Hello ana", case.person.provider_id, "sending")
    assert (await api.ask(api.foreign, "GET", "/api/unknown")).json()["attempts"] == []
    only = (await api.ask(api.viewer, "GET", "/api/unknown?limit=1")).json()
    assert (len(only["attempts"]), only["next"]) == (1, None), "there is no page after the last"
    path = f"/api/unknown/{case.attempt}"
    assert (await api.ask(api.foreign, "GET", path)).status_code == 404
    assert (await api.ask(api.foreign, "POST", f"{path}/resolve", decision="accepted", reason="x")).status_code == 404
    assert (await api.ask(api.viewer, "POST", f"{path}/resolve", decision="accepted", reason="x")).status_code == 403
    for body in ({"decision": "perhaps", "reason": "x"}, {"decision": "accepted"}, {"decision": "accepted", "reason": " \n"}):
        assert (await api.ask(api.operator, "POST", f"{path}/resolve", **body)).status_code == 422
    assert (await api.ask(api.operator, "GET", "/api/unknown/99999999")).status_code == 404
    assert (await one(pool, "SELECT state FROM send_attempts"))["state"] == "unknown"


async def test_accepted_moves_what_a_look_would_have_moved_and_says_who_decided(pool: asyncpg.Pool, house: House, api: Api) -> None:
    case = await a_case(pool, house)
    path = f"/api/unknown/{case.attempt}/resolve"
    done = (await api.ask(api.operator, "POST", path, decision="accepted", reason="I see it in the list.")).json()
    assert (done["changed"], done["attempt"]["state"], done["attempt"]["send_status"]) == (True, "accepted", "sent")
    assert done["attempt"]["told"][-1].endswith("decided that it left: I see it in the list.")
    prospect = await one(pool, "SELECT status, contacted_at IS NOT NULL AS contacted FROM campaign_prospects")
    assert tuple(prospect) == ("connection_request_sent", True)
    assert (await one(pool, "SELECT state FROM integrity_findings"))["state"] == "repaired"
    event = await one(pool, "SELECT topic, payload FROM outbox")
    assert (event["topic"], json.loads(event["payload"])["outcome"]) == ("sends.completed", "sent")
    line = await one(pool, "SELECT workspace_id, actor, details FROM audit_log WHERE verb = 'resolve'")
    assert (line["workspace_id"], line["details"]["decision"], line["details"]["reason"]) == (
        house.workspace,
        "accepted",
        "I see it in the list.",
    )
    again = (await api.ask(api.operator, "POST", path, decision="accepted", reason="Again.")).json()
    assert again["changed"] is False
    refused = await api.ask(api.operator, "POST", path, decision="not-happened", reason="No.")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "settled_already")
    assert f"{line['actor']} decided so" in refused.json()["error"]["message"]
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'resolve'") == 1


async def test_not_happened_gives_the_day_back_and_lets_it_leave_in_its_turn(pool: asyncpg.Pool, house: House, api: Api) -> None:
    case = await a_case(pool, house, action="message")
    path = f"/api/unknown/{case.attempt}/resolve"
    done = (await api.ask(api.operator, "POST", path, decision="not-happened", reason="The chat lacks it.")).json()
    assert (done["attempt"]["state"], done["attempt"]["send_status"]) == ("not_happened", "pending")
    assert await pool.fetchval("SELECT sum(used) FROM account_usage") == 0
    assert json.loads((await one(pool, "SELECT payload FROM outbox"))["payload"])["outcome"] == "deferred"


async def test_of_two_people_at_once_one_wins_and_the_other_is_told(pool: asyncpg.Pool, house: House) -> None:
    case = await a_case(pool, house)
    results = await asyncio.gather(
        desk.resolve_attempt(pool, case.attempt, AttemptDecision.ACCEPTED, reason="It left.", actor="ann"),
        desk.resolve_attempt(pool, case.attempt, AttemptDecision.NOT_HAPPENED, reason="It did not.", actor="bob"),
        return_exceptions=True,
    )
    (lost,) = [result for result in results if isinstance(result, Conflict)]
    assert len([result for result in results if isinstance(result, desk.AttemptResolution) and result.changed]) == 1
    winner = (await one(pool, "SELECT actor FROM audit_log WHERE verb = 'resolve'"))["actor"]
    assert f"{winner} decided so" in lost.message


async def test_a_call_that_may_still_be_under_way_is_not_decided(pool: asyncpg.Pool, house: House) -> None:
    case = await a_case(pool, house)
    await pool.execute("UPDATE send_attempts SET act_by = clock_timestamp()")
    with pytest.raises(Conflict, match="may still be under way until"):
        await desk.resolve_attempt(pool, case.attempt, AttemptDecision.ACCEPTED, reason="x", actor="ann")


async def test_the_command_reads_well_and_is_dry_until_told(pool: asyncpg.Pool, served_api: Served, house: House) -> None:
    case = await a_case(pool, house)

    async def typed(*words: str) -> Said:
        return await tact("unknown", *words, env=served_api.env)

    listed = await typed("list", "--for-a-person")
    assert f"{case.attempt}  since" in listed.out, listed
    assert all(len(line) <= 80 for line in listed.out.splitlines())
    shown = await typed("show", str(case.attempt))
    assert "A person must say" in " ".join(shown.out.split())
    assert f"tact unknown resolve {case.attempt}" in shown.out
    dry = await typed("resolve", str(case.attempt), "accepted", "--reason", "I saw it.")
    assert "Nothing was changed" in dry.out, dry
    assert (await one(pool, "SELECT state FROM send_attempts"))["state"] == "unknown"
    done = await typed("resolve", str(case.attempt), "accepted", "--reason", "I saw it.", "--apply")
    assert f"Attempt {case.attempt} is accepted now; its send is sent." in done.out
    other = await typed("resolve", str(case.attempt), "not-happened", "--reason", "No.", "--apply")
    assert (other.code != 0, " decided so" in other.err.replace("\n", " ")) == (True, True)
    assert json.loads((await typed("list", "--json")).out) == {"attempts": [], "next": None}
