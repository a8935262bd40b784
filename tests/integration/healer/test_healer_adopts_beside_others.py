"""Another stack's registration at the provider may stay, when a person says so, and is not found again."""

from datetime import timedelta

import asyncpg
import pytest

from services.healer.store.adoption import adoptions as adopting
from services.healer.store.adoption import requests
from shared.db.pool import open_pool
from shared.fence import store as fences
from shared.unipile.models import RegisteredWebhook
from shared.unipile.registrations import others
from tests.support.builders import BASE

THEIRS = "https://elsewhere.example/webhooks/unipile"


@pytest.mark.parametrize(("said", "allowed"), [("keep", [THEIRS]), ("remove", [])])
async def test_a_neighbour_is_remembered_only_where_it_may_stay(database: str, pool: asyncpg.Pool, said: str, allowed: list[str]) -> None:
    await fences.adopt_new(pool, await fences.read_fence(pool), kafka_cluster="k")
    async with await open_pool(database, role="tact_healer", size=2) as own:
        await fences.store_foreign_webhooks(own, [THEIRS])
        assert await fences.shut_fence(own, "another stack's webhook stands at the provider")
        assert await adopting.fetch_foreign_webhooks(own) == [THEIRS]
        await requests.request_adoption(
            own,
            requested_by="a test",
            differences=["a webhook"],
            lost_from=BASE - timedelta(days=7),
            lost_until=BASE,
            head=None,
            webhooks=said,
        )
        adoption = await adopting.fetch_open_adoption(own)
        assert adoption is not None
        await adopting.finish_adoption(own, adoption, await fences.read_fence(own), last=None, kafka_cluster="k", now=BASE)
        row = await fences.read_fence(own)
        assert (row.read_only_why, list(row.neighbours), await adopting.fetch_foreign_webhooks(own)) == (None, allowed, [])
    hook = RegisteredWebhook(id="w1", name="tact messaging", request_url=THEIRS)
    assert others([hook], url="https://tact.example/webhooks/unipile", allowed=row.neighbours) == (() if said == "keep" else (THEIRS,))
    assert await pool.fetchval("SELECT state FROM integrity_findings WHERE kind = 'stack_read_only'") == "repaired"
