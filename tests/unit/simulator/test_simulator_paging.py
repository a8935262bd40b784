"""Pages by cursor: whatever the size and however many equal moments, everything comes exactly once, newest first."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from simulator.unipile.api.paging import PageRequest

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A moment and a name."""

    at: datetime
    name: str


rows = st.lists(st.integers(0, 5), max_size=40).map(
    lambda offsets: [Row(MONDAY + timedelta(milliseconds=offset), f"{n:03d}") for n, offset in enumerate(offsets)]
)


@given(first=rows, second=rows, limit=st.integers(1, 7))
def test_pages_hold_every_row_of_every_list_once(first: list[Row], second: list[Row], limit: int) -> None:
    second = [Row(row.at, f"b{row.name}") for row in second]
    lists = [sorted(one, key=lambda row: (row.at, row.name)) for one in (first, second)]
    found: list[Row] = []
    query = f"limit={limit}"
    while True:
        asked = PageRequest.of(make_mocked_request("GET", f"/chats?{query}"))
        page, cursor = asked.page(lists, at=lambda row: row.at, name=lambda row: row.name)
        assert len(page) <= limit
        found += page
        if cursor is None:
            break
        query = f"cursor={cursor}"
    assert sorted(found, key=lambda row: row.name) == sorted(first + second, key=lambda row: row.name)
    assert all((one.at, one.name) > (other.at, other.name) for one, other in pairwise(found))
