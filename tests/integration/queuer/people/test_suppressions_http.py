"""The do-not-contact lists over HTTP: how entries are written, whom they mean, and that they act at once."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.queuer.rules.people.suppression_entries import normalize
from shared.refusals import Refused
from shared.vocabulary import SuppressionKind
from tests.integration.queuer.api_stage import Stage
from tests.support import builders


async def post(stage: Stage, token: str, *entries: tuple[str, str], **more: Any) -> tuple[int, Any]:
    body = {"entries": [{"kind": kind, "value": value} for kind, value in entries]} | more
    async with stage.client(token) as client:
        answer = await client.post("/api/suppressions", json=body)
        return answer.status_code, answer.json()


async def planned(queuer: asyncpg.Pool, workspace: UUID, **lead: Any) -> tuple[UUID, UUID]:
    """A planned send to a lead; returns the send's and the prospect's id."""
    async with queuer.acquire() as connection:
        account = await builders.an_account(connection, workspace)
        campaign = await builders.a_campaign(connection, workspace, [account])
        prospect = await builders.a_prospect(connection, campaign, await builders.a_lead(connection, workspace, **lead))
        return await builders.a_send(connection, prospect, account, status="pending", dispatch_no=0), prospect


@pytest.mark.parametrize(
    ("kind", "written", "stored"),
    [
        ("person", "https://www.linkedin.com/in/Ana-N%C3%BA%C3%B1ez/?trk=x", "in:ana-núñez"),
        ("person", "in:ana-nunez", "in:ana-nunez"),
        ("person", "ACoAABcdefghijklmno", "id:ACoAABcdefghijklmno"),
        ("email", " Ana@Example.COM ", "ana@example.com"),
        ("domain", "@WWW.Example.com", "example.com"),
        ("domain", "https://www.example.co.uk/about", "example.co.uk"),
        ("domain", "ana@mail.example.com", "mail.example.com"),
        ("domain", "müller.example", "xn--mller-kva.example"),
        ("company", "  Acme, Inc. ", "Acme, Inc."),
    ],
)
def test_every_spelling_becomes_the_one_that_is_stored(kind: str, written: str, stored: str) -> None:
    assert normalize(SuppressionKind(kind), written) == stored


@pytest.mark.parametrize(
    ("kind", "written"),
    [("person", "https://www.linkedin.com/company/acme"), ("person", "mail:ana@example.com"), ("email", "ana"), ("domain", "example"),
     ("domain", "a b.com"), ("company", " . ")],
)  # fmt: skip
def test_what_names_nobody_is_refused(kind: str, written: str) -> None:
    with pytest.raises(Refused):
        normalize(SuppressionKind(kind), written)


@pytest.mark.parametrize(
    ("entry", "lead"),
    [
        (("person", "linkedin.com/in/ana-nunez"), {"linkedin_vanity": "ana-nunez", "identity": "id:ACoAABcdefghijklmno"}),
        (("person", "ACoAABcdefghijklmno"), {"linkedin_id": "ACoAABcdefghijklmno"}),
        (("email", "ANA@example.com"), {"email": "Ana@Example.com"}),
        (("domain", "www.example.com"), {"email": "ana@example.com"}),
        (("domain", "example.com"), {"email": "ana@mail.eu.EXAMPLE.com"}),
        (("company", "ACME inc"), {"company": "Acme,  Inc."}),
    ],
)
async def test_what_is_planned_for_somebody_on_the_list_is_cancelled_at_once(
    stage: Stage, queuer: asyncpg.Pool, entry: tuple[str, str], lead: dict[str, Any]
) -> None:
    send, prospect = await planned(queuer, stage.ours, **lead)
    other, _ = await planned(queuer, stage.ours, email="bo@notexample.com", company="Acme Labs")
    foreign, _ = await planned(queuer, stage.theirs, **lead)
    status, told = await post(stage, stage.operator, entry)
    assert (status, len(told["entries"]), told["cancelled"]) == (201, 1, 1), told
    row = await queuer.fetchrow("SELECT status, error_message FROM send_queue WHERE id = $1", send)
    assert row is not None
    assert tuple(row) == ("cancelled", "suppressed")
    ended = await queuer.fetchrow("SELECT status, outcome, error_message FROM campaign_prospects WHERE id = $1", prospect)
    assert ended is not None
    assert tuple(ended) == ("failed", "stopped", "suppressed")
    for untouched in (other, foreign):
        assert await queuer.fetchval("SELECT status FROM send_queue WHERE id = $1", untouched) == "pending"


async def test_an_opt_out_that_a_person_was_told_of_ends_every_campaign_of_the_workspace(stage: Stage, queuer: asyncpg.Pool) -> None:
    send, prospect = await planned(queuer, stage.ours, linkedin_vanity="ana-nunez")
    lead = await queuer.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", prospect)
    async with queuer.acquire() as connection:
        other = await builders.a_campaign(connection, stage.ours, [])
        second = await builders.a_prospect(connection, other, lead, status="messaging", contacted_at=builders.BASE)
    entry = {"kind": "person", "value": "linkedin.com/in/ana-nunez", "opted_out": True}
    async with stage.client(stage.operator) as client:
        told = (await client.post("/api/suppressions", json={"entries": [entry]})).json()
        refused = await client.post("/api/suppressions", json={"entries": [entry | {"kind": "domain", "value": "example.com"}]})
    assert (told["cancelled"], refused.status_code) == (1, 422)
    assert await queuer.fetchval("SELECT opted_out_at IS NOT NULL FROM leads WHERE id = $1", lead)
    assert await queuer.fetchval("SELECT error_message FROM send_queue WHERE id = $1", send) == "opted_out"
    statuses = await queuer.fetch("SELECT status FROM campaign_prospects WHERE id = ANY($1)", [prospect, second])
    assert [row["status"] for row in statuses] == ["opted_out", "opted_out"]


async def test_an_entry_for_everybody_reaches_all_and_is_the_platforms(stage: Stage, queuer: asyncpg.Pool) -> None:
    sends = [(await planned(queuer, workspace, email="ana@example.com"))[0] for workspace in (stage.ours, stage.theirs)]
    assert (await post(stage, stage.operator, ("domain", "example.com"), everywhere=True))[0] == 403
    status, told = await post(stage, stage.platform, ("domain", "example.com"), everywhere=True)
    assert (status, told["cancelled"], told["entries"][0]["workspace_id"]) == (201, 2, None)
    assert {await queuer.fetchval("SELECT status FROM send_queue WHERE id = $1", send) for send in sends} == {"cancelled"}
    async with stage.client(stage.operator) as client:
        assert (await client.get("/api/suppressions")).json()["entries"] == []
        gone = await client.delete(f"/api/suppressions/{told['entries'][0]['id']}")
    assert gone.status_code == 404  # theirs to read and to take back it is not
    async with stage.client(stage.platform) as client:
        shown = (await client.get("/api/suppressions", params={"everywhere": True})).json()["entries"]
    assert [entry["value"] for entry in shown] == ["example.com"]


async def test_adding_again_changes_nothing_and_one_bad_entry_adds_none(stage: Stage, queuer: asyncpg.Pool) -> None:
    first = await post(stage, stage.operator, ("company", "Acme, Inc."), ("email", "ana@example.com"))
    again = await post(stage, stage.operator, ("company", "ACME INC"), ("email", "Ana@example.com"))
    assert (len(first[1]["entries"]), len(again[1]["entries"]), again[1]["known"]) == (2, 0, 2)
    status, told = await post(stage, stage.operator, ("email", "bo@example.com"), ("domain", "nonsense"))
    assert (status, "write it like example.com" in told["error"]["message"]) == (422, True)
    assert await queuer.fetchval("SELECT count(*) FROM suppressions") == 2


async def test_an_entry_taken_back_is_gone_and_both_deeds_stand_in_the_audit_log(stage: Stage, queuer: asyncpg.Pool) -> None:
    _, told = await post(stage, stage.operator, ("person", "linkedin.com/in/ana-nunez"))
    path = f"/api/suppressions/{told['entries'][0]['id']}"
    async with stage.client(stage.foreign) as client:
        assert (await client.delete(path)).status_code == 404
    async with stage.client(stage.viewer) as client:
        assert (await client.delete(path)).status_code == 403
        assert len((await client.get("/api/suppressions", params={"kind": "person"})).json()["entries"]) == 1
    async with stage.client(stage.operator) as client:
        assert (await client.delete(path)).json()["entry"]["value"] == "in:ana-nunez"
        assert (await client.delete(path)).status_code == 404
    lines = await queuer.fetch("SELECT verb, details FROM audit_log WHERE object = 'suppression' ORDER BY id")
    assert [(line["verb"], line["details"]["value"]) for line in lines] == [("suppress", "in:ana-nunez"), ("unsuppress", "in:ana-nunez")]
