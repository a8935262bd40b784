"""Every topic three times from its first offset, beside four running services: nothing leaves, no row changes.

One stack for all of it, and the tests stand in the order of its day.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from cli.target import database
from operations.rebuild import rebuild_projections
from operations.replay import ranges
from operations.replay.engine import ReplayRequest, replay_range, rewind_group
from operations.replay.groups import wait_until_consumed
from operations.replay.inspection import original_record
from services.queuer.workflows.campaigns.change import CampaignChanges, change_campaign
from shared.contracts.topics import INTEGRITY_EVENTS, PROSPECTS_LEFT, SENDS_DUE
from shared.kafka.admin import create_topics
from shared.kafka.publisher import Publisher, Raw
from shared.refusals import Refused
from tests.faults.replay_stage import Rows, Stage, every_topic, playing
from tests.support.commands import REPOSITORY, tact
from tests.support.facts import eventually

LEFT = 60
"""Events of prospects.left that the command is killed in."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One stack for all of these tests."""
    async with playing(tmp_path_factory.mktemp("replays")) as played:
        yield played


@pytest.fixture(autouse=True)
def servers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands speak to that stack."""
    for name, value in stage.env.items():
        monkeypatch.setenv(name, value)


async def replay_everything(stage: Stage, times: int) -> int:
    """Every topic from its first offset, all of them at once; returns how many events were published."""
    published = 0
    for _ in range(times):
        requests = [ReplayRequest(topic=topic, since="beginning", apply=True) for topic in every_topic()]
        for answer in await asyncio.gather(*(replay_range(each, stage.servers) for each in requests)):
            assert answer["events"] > 0, f"{answer['topic']} had nothing to replay"
            assert answer["would_act"] == 0, answer
            behind = answer["applied"]["behind"]
            assert {left for group, left in behind.items() if group != "healer.mail.feedback"} == {0}, answer  # the healer does not read it
            published += answer["applied"]["published"]
    return published


async def rebuild(stage: Stage, *, apply: bool) -> dict[str, Any]:
    """Compare what is derived with what it is derived from; returns the report of --json."""
    return (await rebuild_projections(lambda role: database(role=role), stage.env["TACT_KAFKA"], apply=apply)).as_json()


async def difference(stage: Stage, before: Rows) -> dict[str, tuple[list[str], list[str]]]:
    """By table, the rows that are gone and the rows that are new."""
    now = await stage.rows()
    changed = [name for name in before if before[name] != now[name]]
    return {name: (list((before[name] - now[name]).elements()), list((now[name] - before[name]).elements())) for name in changed}


async def test_every_topic_three_times_after_a_day_changes_nothing(stage: Stage) -> None:
    before, writes = await stage.stand_still(), stage.writes()
    assert await replay_everything(stage, 3) > 300
    assert await difference(stage, before) == {}
    assert stage.writes() == writes


async def test_what_is_derived_is_what_the_ledger_and_the_topics_say_and_a_difference_is_found_and_mended(stage: Stage) -> None:
    answer = await rebuild(stage, apply=False)
    assert (answer["differing"], answer["compared"] > 100) == (0, True), answer
    await stage.pool.execute("UPDATE campaigns SET completed_leads_count = completed_leads_count + 2 WHERE id = $1", stage.campaign)
    await stage.pool.execute(
        """UPDATE account_usage SET used = used - 1
            WHERE action = 'invitation'
              AND (account_id, local_date) = (
                  SELECT account_id, local_date FROM account_usage WHERE action = 'invitation' AND used > 0 LIMIT 1)"""
    )
    await stage.pool.execute("UPDATE leads SET last_reply_at = NULL WHERE first_name = 'answers-0'")
    found = await rebuild(stage, apply=True)
    assert (found["differing"], found["mended"]) == (3, 2), found
    await stage.pool.execute(
        """UPDATE leads l SET last_reply_at = m.said_at FROM campaign_messages m
            WHERE m.lead_id = l.id AND m.direction = 'in' AND l.first_name = 'answers-0'"""
    )
    assert (await rebuild(stage, apply=False))["differing"] == 0


async def test_an_event_whose_effect_was_lost_is_named_and_acts(stage: Stage) -> None:
    await stage.pool.execute("DELETE FROM integrity_findings WHERE kind = 'a_test'")
    request = ReplayRequest(topic=INTEGRITY_EVENTS, since="beginning", where=f"workspace={stage.workspace}")
    dry = await replay_range(request, stage.servers)
    assert (dry["would_act"], [each["deed"] for each in dry["who_would_act"]]) == (1, ["open a finding a_test"])
    assert await stage.pool.fetchval("SELECT count(*) FROM integrity_findings WHERE kind = 'a_test'") == 0
    done = await tact("replay", "integrity.events", "--from", "beginning", "--apply", "--reason", "it was lost", env=stage.env)
    assert done.code == 0, done
    assert "1 of 1 that would act have acted" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80, done.out
    assert await stage.pool.fetchval("SELECT count(*) FROM integrity_findings WHERE kind = 'a_test'") == 1


async def test_after_templates_steps_accounts_sequences_and_opt_outs_have_changed_it_changes_nothing_either(stage: Stage) -> None:
    words = {"direct_message_1": "Other words, {first_name|friend}", "direct_message_3": "One step more"}
    await change_campaign(stage.pool, stage.campaign, CampaignChanges(message_templates=words))
    for lever, status in (("disconnect", "disconnected"), ("reconnect", "usable")):
        await stage.lever(f"/accounts/acc-1/{lever}")
        await eventually(partial(_account_is, stage, status), within=60, what=f"the account to be {status}")
    await _resume(stage, "answers-0")
    await _opt_out(stage, "silent-1")
    before, writes = await stage.stand_still(), stage.writes()
    assert await replay_everything(stage, 3) > 300
    assert await difference(stage, before) == {}
    assert stage.writes() == writes


async def test_a_replay_that_is_killed_goes_on_and_leaves_alone_what_nobody_can_read(stage: Stage) -> None:
    await _publish_left(stage)
    words = ["replay", "prospects.left", "--from", "beginning", "--rate", "20/s", "--reason", "a killed one", "--apply", "--json"]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *words, cwd=REPOSITORY, env=os.environ | stage.env, stdout=asyncio.subprocess.DEVNULL
    )
    await eventually(lambda: _published(stage), within=60, what="the replay to get on")
    child.kill()
    await child.wait()
    again = await tact(*[word if word != "20/s" else "5000/s" for word in words], env=stage.env)
    assert again.code == 0, again
    answer = json.loads(again.out)
    assert answer["applied"]["resumed"]
    assert 0 < answer["applied"]["published"] < LEFT
    whole = await ranges.find_range(stage.env["TACT_KAFKA"], PROSPECTS_LEFT.name, None, None)
    records = [record async for batch in ranges.read_range(stage.env["TACT_KAFKA"], whole) for record in batch]
    copies = [record for record in records if _of(record, b"killed")]
    assert all(record.value and record.value.startswith(b"{") for record in copies)
    ours = {
        (record.topic, record.partition, record.offset)
        for record in records
        if original_record(record) is None and record.value and b'"reason": "test"' in record.value
    }
    assert len(ours) == LEFT
    assert ours <= {original_record(record) for record in copies}  # and those that the day had itself
    assert await stage.pool.fetchval("SELECT bool_and(finished_at IS NOT NULL) FROM replay_runs")


async def test_a_group_is_moved_only_while_nobody_is_in_it_and_its_second_reading_changes_nothing(stage: Stage) -> None:
    request, group = ReplayRequest(topic=INTEGRITY_EVENTS, since="beginning"), INTEGRITY_EVENTS.group("healer")
    with pytest.raises(Refused, match="has live members"):
        await rewind_group(request, group, stage.servers)
    with pytest.raises(Refused, match=r"No group healer\.nothing has ever read"):
        await rewind_group(request, "healer.nothing", stage.servers)
    healer = stage.stack.processes.detach("healer")
    healer.send(signal.SIGTERM)
    await asyncio.wait_for(healer.wait(), 40)
    dry = await rewind_group(request, group, stage.servers)
    assert sum(move["before"] - move["after"] for move in dry["offsets"] if move["before"]) == dry["records"] > 0
    assert dry["would_act"] == 0
    moved = await rewind_group(replace(request, apply=True), group, stage.servers)
    assert set(moved["applied"]["stands_at"].values()) == {0}
    before = await stage.rows()
    await stage.stack.start_service("healer")
    await eventually(lambda: _has_read(stage, group), within=60, what="the healer to read it all again")
    assert await difference(stage, before) == {}


async def test_a_topic_that_was_lost_comes_back_from_the_table(stage: Stage) -> None:
    late = await stage.enrol_late(4)
    kafka = stage.env["TACT_KAFKA"]
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([SENDS_DUE.name])
    await admin.close()
    await stage.run_on()
    await eventually(lambda: _handed_out(stage, late), within=60, what="a send to be handed out into nowhere")
    await create_topics(kafka)
    await eventually(lambda: _invited(stage, late), within=200, what="every prospect to be invited all the same")
    effects = await stage.invited()
    assert len(effects) == len(set(effects))


async def _account_is(stage: Stage, status: str) -> bool:
    return bool(
        await stage.pool.fetchval("SELECT status = $1::text::account_status FROM accounts WHERE provider_account_id = 'acc-1'", status)
    )


async def _resume(stage: Stage, who: str) -> None:
    """A person wants the sequence to go on although the lead has answered."""
    prospect = stage.prospects[who]
    await stage.pool.execute("UPDATE campaign_prospects SET status = 'messaging', resumed_at = business_now() WHERE id = $1", prospect)
    cancelled = await stage.pool.fetch("SELECT id FROM send_queue WHERE prospect_id = $1 AND status = 'cancelled'", prospect)
    for row in cancelled:
        await stage.pool.fetchval("SELECT reopen($1, 'a test', 'resumed', business_now())", row["id"])


async def _opt_out(stage: Stage, who: str) -> None:
    prospect = stage.prospects[who]
    lead = await stage.pool.fetchval("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1 RETURNING lead_id", prospect)
    await stage.pool.execute("UPDATE leads SET opted_out_at = business_now() WHERE id = $1", lead)


async def _publish_left(stage: Stage) -> None:
    """Enough of them to be killed in, a tombstone and poison among them."""
    publisher = Publisher(stage.env["TACT_KAFKA"], client_id="test", fatal=lambda _why: None)
    await publisher.start()
    event = {"campaign_id": str(stage.campaign), "workspace_id": str(stage.workspace), "reason": "test"}
    records = [json.dumps({"prospect_id": str(uuid4()), **event}).encode() for _ in range(LEFT)]
    values: list[bytes | None] = [*records[:20], None, b"\xff no json", *records[20:]]
    await publisher.publish_raw([Raw("prospects.left", str(number).encode(), value, []) for number, value in enumerate(values)])
    await publisher.stop()


async def _published(stage: Stage) -> bool:
    return bool(await stage.pool.fetchval("SELECT published > 5 FROM replay_runs WHERE finished_at IS NULL"))


def _of(record: ConsumerRecord, reason: bytes) -> bool:
    return any(name == "replay-reason" and reason in value for name, value in record.headers)


async def _has_read(stage: Stage, group: str) -> bool:
    return (await wait_until_consumed(stage.env["TACT_KAFKA"], INTEGRITY_EVENTS, within=0))[group] == 0


async def _handed_out(stage: Stage, late: list[UUID]) -> bool:
    return bool(await stage.pool.fetchval("SELECT EXISTS (SELECT FROM send_queue WHERE prospect_id = ANY($1) AND dispatch_no > 0)", late))


async def _invited(stage: Stage, late: list[UUID]) -> bool:
    still = await stage.pool.fetch("SELECT status FROM campaign_prospects WHERE id = ANY($1) AND contacted_at IS NULL", late)
    assert still == []
    return True
