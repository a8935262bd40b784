"""A link's bytes are hashed: whatever writes them, they stay those of form 1."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from asyncpg.pgproto import pgproto
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.facts import FIELDS, AttemptFacts, encode_facts

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | words | st.lists(words, max_size=3)


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, values)))
def test_they_are_compact_json_with_every_letter_as_it_is(row: dict[str, Any]) -> None:
    assert encode_facts(AttemptFacts(**row)) == json.dumps([row[name] for name in FIELDS], ensure_ascii=False, separators=(",", ":"))


def test_moments_days_and_ids_have_one_form() -> None:
    row: dict[str, Any] = dict.fromkeys(FIELDS)
    row |= {
        FIELDS[0]: datetime(2026, 3, 10, 12, tzinfo=UTC),
        FIELDS[1]: datetime(2026, 3, 10, 14, 0, 0, 7, tzinfo=timezone(timedelta(hours=2))),
        FIELDS[2]: date(2026, 3, 10),
        FIELDS[3]: UUID(int=1),
        FIELDS[4]: pgproto.UUID("00000000-0000-0000-0000-000000000002"),
    }
    assert json.loads(encode_facts(AttemptFacts(**row)))[:5] == [
        "2026-03-10T12:00:00.000000Z",
        "2026-03-10T12:00:00.000007Z",
        "2026-03-10",
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000002",
    ]
