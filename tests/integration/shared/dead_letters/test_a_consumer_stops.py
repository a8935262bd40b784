"""Too many dead letters: the consumer stops, says why, keeps its topic, and goes on when somebody lets it."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from prometheus_client import REGISTRY

from shared.kafka import dead_letters, stops
from shared.runtime.settings import ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service
from tests.integration.shared.dead_letters.post import GOOD, Office, an_office
from tests.support.facts import eventually

FEW = 20
Record = tuple[bytes, list[tuple[str, bytes | None]]]
POISON: Record = (b"{", [])
AFTER: Record = (GOOD, [])


@contextlib.asynccontextmanager
async def a_service(office: Office, database: str) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    service = Service("queuer", ServiceSettings(database_url=database, kafka=office.kafka), port=0)
    await service.open()
    service.inbox.subscribe(office.topic, office.handle, urgent=True)
    app = make_app(service, title="t", description="t")
    await service.consume()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as caller:
            yield service, caller
    finally:
        await service.stop()
        await service.pool.close()


async def test_it_stops_says_why_and_goes_on_by_a_persons_word_or_a_restart(
    kafka: str, database: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "MOST_IN_A_ROW", FEW)
    office = await an_office(kafka)
    await office.write(*[POISON] * (2 * FEW + 5), AFTER)
    async with a_service(office, database) as (service, caller):
        await eventually(lambda: service.inbox.stopped, within=20, what="the consumer to stop")
        ready = await caller.get("/readyz")
        why = ready.json()["stopped"][office.topic.name]
        assert (ready.status_code, ready.json()["consuming"]) == (503, False)
        assert f"{FEW} in a row" in why
        assert "tact dead-letters list" in why
        assert (await caller.get("/livez")).status_code == 200, "a restart would only set more aside"
        assert REGISTRY.get_sample_value("tact_consumer_stopped", {"topic": office.topic.name}) == 1
        (row,) = await eventually(lambda: stops.load_stopped(pool), what="the row people are told from")
        assert (row.group_name, row.topic, row.instance, row.why) == (
            service.inbox.group(office.topic.name),
            office.topic.name,
            service.instance,
            why,
        )
        assert len(await office.letters()) == FEW, "it does not go on emptying its topic"

        assert len(await stops.resume_group(pool, row.group_name, actor="somebody")) == 1

        async def stopped_again() -> bool:
            return bool(service.inbox.stopped) and len(await office.letters()) == 2 * FEW

        await eventually(stopped_again, within=40, what="it to go on and to stop at the same limit again")
        assert await stops.resume_group(pool, "nobody.knows", actor="somebody") == []
        assert [letter.origin.offset for letter in await office.letters()] == list(range(2 * FEW))
    assert office.handled == []

    async with a_service(office, database) as (service, caller):
        await eventually(lambda: office.handled == ["1"], within=20, what="the event behind the poison, after a restart")
        assert (await caller.get("/readyz")).status_code == 200
    places = [letter.origin.offset for letter in await office.letters()]
    assert places == list(range(2 * FEW + 5)), "every one of them is kept, once"
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'resume' AND actor = 'somebody'") == 1


async def test_a_handler_that_fails_on_everything_stops_too(
    kafka: str, database: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pool
    monkeypatch.setattr(dead_letters, "MOST_IN_A_ROW", FEW)
    office = await an_office(kafka)
    office.fails_on = {"1"}
    await office.write(*[AFTER] * (FEW + 5))
    async with a_service(office, database) as (service, _):
        await eventually(lambda: service.inbox.stopped, within=20, what="the consumer to stop")
        assert len(await office.letters()) == FEW
        office.fails_on = set()  # the cause is mended
        service.inbox.resume(office.topic.name)
        await eventually(lambda: office.handled, within=20, what="the rest")


async def test_one_in_twenty_is_too_much_as_well_although_no_two_follow_each_other(
    kafka: str, database: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pool
    monkeypatch.setattr(dead_letters, "SMALLEST_VOLUME", 100)
    office = await an_office(kafka)
    some = [*[AFTER] * 19, POISON] * 5
    await office.write(*some)
    async with a_service(office, database) as (service, caller):
        await eventually(lambda: len(office.handled) == 95, within=20, what="the good ones among the first hundred")
        assert service.inbox.stopped == {}
        await office.write(*some)
        await eventually(lambda: service.inbox.stopped, within=20, what="the consumer to stop")
        why = (await caller.get("/readyz")).json()["stopped"][office.topic.name]
        assert why.startswith("5 of the last 1"), why
        assert len(await office.letters()) == 5
