"""`tact prove` as an operator types it, with the topic of a real broker."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.contracts.envelope import enclose
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import SENDS_COMPLETED
from shared.kafka.admin import create_topics
from shared.kafka.publisher import Publisher
from tests.integration.operations.proof.prove_stage import World, a_world, seal
from tests.integration.simulator.simulator_process import KEY, running
from tests.support.commands import Said, tact


async def announce(world: World, kafka: str, **wrong: Any) -> None:
    """An event for each of the first account's attempts but the last; `wrong` is what the first one says."""
    rows = await world.pool.fetch(
        "SELECT id, send_id, prospect_id, campaign_id, workspace_id, account_id, provider_ref, answered_at AS at FROM send_attempts"
        " WHERE account_id = $1 ORDER BY id",
        world.accounts[0],
    )
    events = [
        SendCompleted.model_validate(
            {**dict(row), "message_type": "connection_request", "outcome": SendOutcome.SENT} | (wrong if not number else {})
        )
        for number, row in enumerate(rows[:-1])
    ]
    publisher = Publisher(kafka, client_id="prove-test", fatal=pytest.fail)
    await publisher.start()
    await publisher.publish([enclose(SENDS_COMPLETED, e, source="sender", key=world.accounts[0], at=e.at) for e in events])
    await publisher.stop(within=5)


async def said(database: str, kafka: str, *words: str) -> Said:
    """Run the command on this database and broker."""
    return await tact("prove", *words, env={"TACT_DATABASE_URL": database, "TACT_KAFKA": kafka})


async def test_events_are_compared_with_rows_and_a_line_says_that_all_is_well(
    pool: asyncpg.Pool, database: str, kafka: str, tmp_path: Path
) -> None:
    await create_topics(kafka)
    world = await a_world(pool)
    await announce(world, kafka)
    await seal(pool)
    missing = await said(database, kafka, "--account", "Account 0")
    assert (missing.code, missing.err) == (1, "")
    assert missing.out.splitlines()[:3] == [
        f"events send_attempts {world.attempts[-1]}",
        "    says    accepted, nothing in sends.completed",
        "    should  an event of its outcome",
    ]
    await pool.execute(
        "INSERT INTO outbox (service, topic, key, headers, payload) SELECT 'sender', 'sends.completed', account_id::text, '{}',"
        " json_build_object('send_id', send_id)::text FROM send_attempts WHERE id = $1",
        world.attempts[-1],
    )
    kept = tmp_path / "heads.json"
    well = await said(database, kafka, "--account", "acc-0", "--keep", str(kept))
    assert (well.code, well.out.startswith("All is well: 12 attempts (12 sent), 12 links, 11 events; head 12:")) == (0, True), well
    day = await said(database, kafka, "-a", "acc-0", "-d", "2026-03-11", "--json", "--head", str(kept))
    assert (day.code, json.loads(day.out)["looked_at"]["attempts"], json.loads(day.out)["looked_at"]["links"]) == (0, 5, 5), day.out


async def test_what_the_topic_says_and_the_ledger_does_not_is_named(pool: asyncpg.Pool, database: str, kafka: str) -> None:
    await create_topics(kafka)
    world = await a_world(pool, attempts=3)
    at = await pool.fetchval("SELECT answered_at FROM send_attempts WHERE id = $1", world.attempts[0])
    await announce(world, kafka, at=at + timedelta(seconds=9))
    await announce(world, kafka, send_id=uuid4())
    await seal(pool)
    broken = json.loads((await said(database, kafka, "-a", "acc-0", "--json")).out)
    shoulds = [each["should"] for each in broken["breaks"]]
    assert [f"{at}, as attempt {world.attempts[0]}", "no event: the ledger has no accepted attempt", "an event of its outcome"] == shoulds


async def test_what_only_we_or_only_the_provider_has_is_told_and_breaks_nothing(pool: asyncpg.Pool, database: str, tmp_path: Path) -> None:
    """One invitation that is not in the list, one sent by hand, a message by hand, a note of ours, and an account nobody can read."""
    await a_world(pool, accounts=2, attempts=3)
    await pool.execute("UPDATE send_attempts SET recipient_id = 'ACoAAPerson000' || substr(recipient_id, 4)")
    await seal(pool)
    await pool.execute("UPDATE stack_clock SET speed = 2000, version = version + 1")  # the account's rests pass in moments
    await pool.execute("UPDATE accounts SET status = 'paused' WHERE provider_account_id = 'acc-1'")
    names = ["p0x1", "p0x2", "byhand"]
    people = [{"public_identifier": each, "provider_id": f"ACoAAPerson000{each}", "accepts_after_s": None} for each in names]
    friend = {"public_identifier": "friend", "provider_id": "ACoAAPerson000friend", "connected_to": ["acc-0"], "replies_to": None}
    theirs = {"accounts": [{"id": "acc-0", "type": "premium"}], "people": [*people, friend]}
    async with running(tmp_path, "--clock-database", database, world=theirs) as simulator:
        for each in names:
            assert (await simulator.invite(f"ACoAAPerson000{each}", account="acc-0")).status_code < 300
        for text in ("Hi", "A word by hand"):
            assert (await simulator.write("ACoAAPerson000friend", text, account="acc-0")).status_code < 300
        provider = {"TACT_UNIPILE_URL": simulator.base, "TACT_UNIPILE_API_KEY": KEY}
        env = {"TACT_DATABASE_URL": database, "TACT_KAFKA": "127.0.0.1:1", **provider}
        whole = await tact("prove", "--no-events", "--against-provider", "--json", env=env)
        assert whole.code == 0, whole
        document = json.loads(whole.out)
        assert document["notes"] == ["Account Account 1 is paused and was not read."]
        assert [
            (each["name"], each["whose"], each["what"].split(" of ")[0].split(" (")[0][:24]) for each in document["against_provider"]
        ] == [
            ("Account 0", "only they", document["against_provider"][0]["what"][:24]),
            ("Account 0", "only they", document["against_provider"][1]["what"][:24]),
            ("Account 0", "only we", "invitation inv-p0x3"),
        ]
        assert {each["reason"] for each in document["against_provider"][:2]} == {"sent by hand", "written by hand"}
        one = await tact("prove", "-a", "Account 1", "--no-events", "--against-provider", env=env)
        assert (one.code, "Account Account 1 is paused" in one.err) == (1, True), one
        keyless = await tact("prove", "-a", "acc-0", "--no-events", "--against-provider", env={**env, "TACT_UNIPILE_API_KEY": "wrong"})
        assert (keyless.code, "could not be read" in keyless.err) == (1, True), keyless


async def test_a_day_without_attempts_and_one_to_come_are_not_called_well(pool: asyncpg.Pool, database: str) -> None:
    await a_world(pool, attempts=3)
    await seal(pool)
    before = await said(database, "127.0.0.1:1", "-d", "2025-01-01", "--no-events")
    assert (before.code, before.out) == (0, "Nothing to prove: there is no attempt of what was asked about.\n")
    to_come = await said(database, "127.0.0.1:1", "-d", "2027-01-01", "--no-events")
    assert (to_come.code, "--day 2027-01-01 has not come yet" in to_come.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-a", "nobody"), "There is no account 'nobody'"),
        (("-c", "nothing"), "There is no campaign 'nothing'"),
        (("-a", "acc-0", "-c", "Theirs"), "belong to different workspaces"),
        (("-d", "yesterday"), "--day wants a day like 2026-03-10"),
        (("-d", "2026-02-30"), "--day wants a day like 2026-03-10"),
        (("--head", "12:ab"), "--head wants LINKS:HASH"),
        (("--head", "12:" + "ab" * 32), "name it with --account"),
        ((), "The ledger is not sealed yet"),
    ],
)
async def test_what_cannot_be_proved_is_said_in_one_sentence(stage: tuple[str, str], words: tuple[str, ...], says: str) -> None:
    database, kafka = stage
    answer = await said(database, kafka, *words)
    assert (answer.code, answer.out) == (1, "")
    assert says in answer.err


@pytest.fixture
async def stage(pool: asyncpg.Pool, database: str) -> tuple[str, str]:
    """A ledger that nobody has sealed, and another workspace's campaign; no broker."""
    await a_world(pool, attempts=1)
    other = await pool.fetchval("INSERT INTO workspaces (company_name, email) VALUES ('Other', 'o@other.example') RETURNING id")
    await pool.execute(
        "INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, message_templates) VALUES ($1, 'Theirs', 'connector', '{}')",
        other,
    )
    return database, "127.0.0.1:1"


async def test_a_database_without_a_schema_says_what_to_do(postgres_server: Any) -> None:
    name = f"empty_{uuid4().hex[:8]}"
    address = await postgres_server.create_database(name)
    answer = await said(address, "127.0.0.1:1")
    assert (answer.code, "tact migrate apply" in answer.err) == (1, True), answer
    await postgres_server.drop_database(name)
