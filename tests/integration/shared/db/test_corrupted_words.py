"""What a corrupted prospect is stands in a view, whose plan needs the words of the indexes, and in a function for rows in hand."""

import asyncpg

from shared.vocabulary import ProspectStatus
from tests.integration.healer.healer_rows import MONDAY_NINE, a_house, a_person


async def test_the_view_and_the_function_say_the_same_of_every_status(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    for status in ProspectStatus:
        for contacted_at in (None, MONDAY_NINE):
            await a_person(pool, house, name=f"{status}{contacted_at is None}", status=status, contacted_at=contacted_at, corrupt=True)
    differ = """SELECT p.status FROM campaign_prospects p LEFT JOIN corrupted_prospects c ON c.id = p.id
                 WHERE c.kind IS DISTINCT FROM corruption_of(p.status, p.contacted_at)"""
    assert await pool.fetch(differ) == []
    assert await pool.fetchval("SELECT count(*) FROM corrupted_prospects") == 3
