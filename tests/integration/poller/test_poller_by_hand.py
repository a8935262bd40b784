"""Invitations a member sends in LinkedIn itself spend the account's budget: once, on their day, whatever is read in whatever order."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenInvitation
from services.poller.settings import PollerSettings
from services.poller.store.reads import ReadKind
from services.poller.workflows.match_invitations import note_invitations, reconcile
from services.poller.workflows.read_pages import PageSizes
from services.poller.workflows.schedule_reads import ReadScheduler
from shared.unipile.client import UnipileClient
from tests.integration.poller.poller_stage import Stage
from tests.integration.simulator.simulator_process import Simulator, running

NAMES = ("ana", "bea", "cleo", "dora", "eva", "fay")
PEOPLE = {name: f"ACoAA{name.capitalize():0<11}" for name in NAMES}
DAY = timedelta(days=1)


@pytest.fixture
async def simulator(tmp_path: Path, database: str, stage: Stage) -> AsyncIterator[Simulator]:
    """The stage's account, and people who accept nothing by themselves. The list lags behind by nothing."""
    world: dict[str, Any] = {
        "behaviour": {"acceptance_rate": 0, "reply_rate": 0, "invite_list_lag_s": 0},
        "accounts": [{"id": stage.provider_account_id, "provider_user_id": stage.member_id, "connections": 3}],
        "people": [{"public_identifier": n, "provider_id": p, "accepts_after_s": None, "replies_to": None} for n, p in PEOPLE.items()],
    }
    async with running(tmp_path, "--clock-database", database, world=world) as one:
        yield one


@pytest.fixture
def provider_url(simulator: Simulator) -> str:
    return simulator.base


@pytest.fixture
def reader(poller_pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings) -> ReadScheduler:
    """With pages so small that a few people fill several."""
    return ReadScheduler(poller_pool, client, settings, instance="test", pages=PageSizes(invitations=2))


async def by_hand(stage: Stage, simulator: Simulator, *names: str) -> None:
    for name in names:
        await simulator.lever("/invite-by-hand", account_id=stage.provider_account_id, person=PEOPLE[name])


async def read(reader: ReadScheduler, stage: Stage, *, pages: int = 1) -> None:
    """Pages of one read, each at a turn of its own."""
    for _ in range(pages):
        await stage.owner.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account_id)
        assert (await reader.read_all_now(ReadKind.INVITATIONS)).outcomes == {"read": 1}


async def used(stage: Stage) -> int:
    return int(await stage.owner.fetchval("SELECT coalesce(sum(used), 0) FROM account_usage WHERE action = 'invitation'"))


async def foreign(stage: Stage) -> dict[str, tuple[bool, bool]]:
    """By vanity: whether it counts, and whether it is explained."""
    rows = await stage.owner.fetch("SELECT public_identifier, counted, attempt_id FROM foreign_invitations")
    return {row["public_identifier"]: (row["counted"], row["attempt_id"] is not None) for row in rows}


async def account(stage: Stage) -> ObservedAccount:
    return ObservedAccount(stage.account_id, stage.workspace_id, await stage.now())


def shown(name: str, *, ago: timedelta | None, now: Any, person: bool = True) -> SeenInvitation:
    return SeenInvitation(f"id-{name}", PEOPLE[name] if person else None, name, None if ago is None else now - ago, {
        "invited_user_public_id": name
    })  # fmt: skip


async def note(stage: Stage, poller_pool: asyncpg.Pool, *page: SeenInvitation, source: ObservationSource = ObservationSource.POLL) -> None:
    async with poller_pool.acquire() as connection, connection.transaction():
        await note_invitations(connection, await account(stage), page, source=source, mark=None)


async def settle(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    async with poller_pool.acquire() as connection, connection.transaction():
        await reconcile(connection, await account(stage))


async def test_what_was_sent_by_hand_spends_the_budget_once(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    answer = await simulator.invite(PEOPLE["ana"], account=stage.provider_account_id)
    ana = await stage.enrol(person_id=PEOPLE["ana"], contacted=timedelta(seconds=5))
    await stage.owner.execute("UPDATE send_attempts SET provider_ref = $2 WHERE id = $1", ana.attempt_id, answer.json()["invitation_id"])
    await by_hand(stage, simulator, "bea", "cleo")
    await read(reader, stage, pages=2)
    assert await foreign(stage) == {"bea": (True, False), "cleo": (True, False)}
    assert await used(stage) == 2
    await read(reader, stage)
    await read(reader, stage)
    assert await used(stage) == 2
    assert len(await stage.observations("invitation")) == 3


async def test_a_read_goes_on_until_known_ground_and_no_further(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    await by_hand(stage, simulator, "ana", "bea", "cleo")
    await read(reader, stage, pages=2)
    await by_hand(stage, simulator, "dora", "eva", "fay")
    before = len(await simulator.entries(kind="call"))
    await read(reader, stage, pages=2)
    assert await used(stage) == 6
    row = await stage.owner.fetchrow("SELECT cursor FROM account_reads WHERE kind = 'invitations_sent'")
    assert row is not None
    assert "page" not in row["cursor"], "the second page shows who was known before"
    assert len(await simulator.entries(kind="call")) - before == 2


async def test_a_page_that_was_lost_is_read_again(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    await by_hand(stage, simulator, "ana")
    await read(reader, stage)
    await by_hand(stage, simulator, "bea", "cleo", "dora", "eva")
    await read(reader, stage)
    await stage.owner.execute("UPDATE account_reads SET cursor = cursor - 'page'")
    await read(reader, stage, pages=3)
    assert await used(stage) == 5, "the page in between was new, though the first one was known by then"


async def test_the_week_long_read_to_the_end_shows_what_is_gone(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    await by_hand(stage, simulator, "ana", "bea", "cleo", "dora")
    await read(reader, stage, pages=2)
    await simulator.lever(f"/people/{PEOPLE['bea']}/withdraw", account_id=stage.provider_account_id)
    await read(reader, stage)
    gone = "SELECT public_identifier FROM foreign_invitations WHERE gone_at IS NOT NULL"
    assert await stage.owner.fetch(gone) == []
    await stage.owner.execute("UPDATE account_reads SET cursor = cursor || jsonb_build_object('ended', '2020-01-01T00:00:00+00:00')")
    await read(reader, stage, pages=2)
    assert [row["public_identifier"] for row in await stage.owner.fetch(gone)] == ["bea"]
    assert await used(stage) == 4, "it was sent all the same"


async def test_an_unknown_attempt_is_not_counted_twice(stage: Stage, poller_pool: asyncpg.Pool) -> None:
    now = await stage.now()
    ana = await stage.enrol("pending", contacted=None, attempt="unknown", person_id=PEOPLE["ana"])
    await note(stage, poller_pool, shown("ana", ago=timedelta(), now=now))
    assert await foreign(stage) == {}
    await stage.owner.execute("UPDATE send_attempts SET state = 'not_happened', given_back = true WHERE id = $1", ana.attempt_id)
    await settle(poller_pool, stage)
    assert (await foreign(stage), await used(stage)) == ({"ana": (True, False)}, 1), "it did not leave by us, so it left by hand"


async def test_one_that_is_ours_after_all_is_given_back_to_its_day(stage: Stage, poller_pool: asyncpg.Pool) -> None:
    now = await stage.now()
    ana = await stage.enrol("pending", contacted=None, attempt="unknown", known=False, person_id=PEOPLE["ana"])
    await note(stage, poller_pool, shown("bea", ago=DAY, now=now, person=False))
    assert await used(stage) == 1
    await stage.owner.execute("UPDATE send_attempts SET state = 'accepted', provider_ref = 'id-bea' WHERE id = $1", ana.attempt_id)
    await settle(poller_pool, stage)
    await settle(poller_pool, stage)
    assert (await foreign(stage), await used(stage)) == ({"bea": (False, True)}, 0)


async def test_an_invitation_proven_by_an_answer_learns_its_id_from_the_list(stage: Stage, poller_pool: asyncpg.Pool) -> None:
    ana = await stage.enrol(person_id=PEOPLE["ana"], contacted=DAY)
    await note(stage, poller_pool, shown("ana", ago=DAY, now=await stage.now()))
    assert await stage.owner.fetchval("SELECT provider_ref FROM send_attempts WHERE id = $1", ana.attempt_id) == "id-ana"


async def test_the_first_look_counts_the_week_by_its_dates_and_nothing_older(stage: Stage, poller_pool: asyncpg.Pool) -> None:
    now = await stage.now()
    await note(
        stage, poller_pool, *(shown(n, ago=d * DAY, now=now) for n, d in (("ana", 1), ("bea", 6), ("cleo", 9), ("dora", 100))),
        shown("eva", ago=None, now=now), source=ObservationSource.BASELINE,
    )  # fmt: skip
    assert {name for name, (counted, _) in (await foreign(stage)).items() if counted} == {"ana", "bea"}
    days = await stage.owner.fetch(
        """SELECT f.counted_on, (f.sent_at AT TIME ZONE a.timezone)::date AS day
             FROM foreign_invitations f JOIN accounts a ON a.id = f.account_id WHERE f.counted"""
    )
    assert all(row["counted_on"] == row["day"] for row in days)
    usage = await stage.owner.fetch("SELECT local_date, used FROM account_usage ORDER BY 1")
    assert [(row["local_date"], row["used"]) for row in usage] == sorted((row["day"], 1) for row in days)


async def test_the_same_list_again_in_any_order_and_any_pages_changes_nothing(stage: Stage, poller_pool: asyncpg.Pool) -> None:
    now = await stage.now()
    await stage.enrol("pending", contacted=None, attempt="unknown", person_id=PEOPLE["fay"])
    rows = [shown(name, ago=n * DAY, now=now) for n, name in enumerate(NAMES)]
    await note(stage, poller_pool, *rows)
    chance = random.Random(11)

    async def standing() -> Any:
        kept = await stage.owner.fetch("SELECT invitation_id, sent_at, counted_on, counted, attempt_id FROM foreign_invitations ORDER BY 1")
        return kept, await stage.owner.fetch("SELECT local_date, action, used FROM account_usage ORDER BY 1, 2")

    once = await standing()
    for _ in range(8):
        chance.shuffle(rows)
        cut = chance.randint(1, len(rows) - 1)
        for page in (rows[:cut], rows[cut:]):
            await note(stage, poller_pool, *page, source=chance.choice([ObservationSource.POLL, ObservationSource.BASELINE]))
    assert await standing() == once
