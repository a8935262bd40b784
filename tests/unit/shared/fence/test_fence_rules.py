"""When database and Kafka belong together, and when nothing may leave."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.stack_heads import StackHead
from shared.fence.rules import UNHEARD, FenceRow, SeenHeads, find_differences, find_refusal, may_adopt_itself

STACK = uuid4()
TEN = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
TOKENS = [UUID(int=n) for n in range(200)]
NOW = 1_000.0


def head(seq: int, **values: Any) -> StackHead:
    """One head; its token says its number."""
    at = TEN + timedelta(seconds=seq)
    named = {"stack_id": STACK, "epoch": 1, "seq": seq, "token": TOKENS[seq], "previous": TOKENS[seq - 1], "beat_at": at, "business_at": at}
    return StackHead(**{**named, **values})


def heard(*heads: StackHead, at: float | None = NOW) -> SeenHeads:
    """Kafka has shown these, the last of them at that moment."""
    seen = SeenHeads()
    for each in heads:
        seen.take(each, live_at=at)
    return seen


def row(seq: int = 50, **values: Any) -> FenceRow:
    """The database at that head, on the servers it was adopted on."""
    row = FenceRow(
        stack_id=STACK,
        epoch=1,
        system_identifier=7,
        timeline=1,
        kafka_cluster="here",
        seq=seq,
        token=TOKENS[seq],
        previous=TOKENS[seq - 1],
        attempt_id=0,
        beat_at=TEN,
        business_at=TEN + timedelta(seconds=seq),
        read_only_since=None,
        read_only_why=None,
        neighbours=(),
        own_system_identifier=7,
        own_timeline=1,
        durable=True,
    )
    return replace(row, **values)


def refused(row: FenceRow, seen: SeenHeads, *, now: float = NOW + 1, throw_away: bool = False, mark: int | None = None) -> str | None:
    """What a sender is told."""
    known = mark if mark is not None else (seen.last.seq if seen.last else 0)
    return find_refusal(row, seen, mark=known, now=now, throw_away=throw_away)


def differ(row: FenceRow, seen: SeenHeads, *, kafka_cluster: str = "here") -> list[str]:
    """What a look at both sides finds."""
    return find_differences(row, seen, kafka_cluster=kafka_cluster, mark=seen.last.seq if seen.last else 0)


@pytest.mark.parametrize("ahead", [0, 1])
def test_two_sides_that_agree_let_everything_leave(ahead: int) -> None:
    seen = heard(head(49), head(50))
    assert refused(row(50 + ahead), seen) is None
    assert differ(row(50 + ahead), seen) == []


def test_a_database_behind_kafka_was_restored() -> None:
    seen = heard(head(150))
    [why] = differ(row(50), seen)
    assert why == (
        "The database's ledger ends with head 50 (2026-03-10 10:00:50), and Kafka knows head 150 (2026-03-10 10:02:30): "
        "the database was restored from an older state."
    )
    assert refused(row(50), seen) == why


def test_a_head_that_came_while_the_row_was_read_is_no_difference() -> None:
    assert refused(row(50), heard(head(50), head(51)), mark=50) is None


def test_a_kafka_behind_the_database_was_restored_too() -> None:
    assert "Kafka was restored" in differ(row(150), heard(head(50)))[0]


def test_a_kafka_without_heads_beside_a_ledger_that_has_them_is_new() -> None:
    assert differ(row(50), SeenHeads()) == ["Kafka knows no head of this ledger, and 50 were written to it: its topic is new."]
    assert differ(row(1), SeenHeads()) == []
    assert "no fresh head" in (refused(row(50), SeenHeads()) or "")


def test_the_same_head_written_by_two_databases_is_a_copy() -> None:
    other = head(50, token=uuid4())
    for seen in (heard(head(49), head(50), other), heard(head(49), other)):
        assert "a second stack runs on a copy" in differ(row(50), seen)[0]
        assert "a second stack runs on a copy" in (refused(row(50), seen) or "")


def test_a_head_that_comes_late_or_again_changes_nothing() -> None:
    seen = heard(head(49), head(50), head(49), head(50))
    assert refused(row(50), seen) is None
    seen.take(head(2), live_at=NOW)
    assert seen.last is not None
    assert seen.last.seq == 50


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"own_timeline": 2}, "a standby was promoted"),
        ({"own_system_identifier": 8}, "restored on another server"),
        ({"own_timeline": None}, "is a standby"),
        ({"durable": False}, "fsync or synchronous_commit off"),
        ({"stack_id": None}, "not adopted yet"),
        ({"read_only_since": TEN, "read_only_why": "because."}, "because."),
    ],
)
def test_nothing_leaves_by_a_server_that_is_not_the_one(values: dict[str, Any], words: str) -> None:
    assert words in (refused(row(50, **values), heard(head(50))) or "")


def test_only_what_is_thrown_away_may_forget() -> None:
    assert refused(row(50, durable=False), heard(head(50)), throw_away=True) is None


def test_another_kafka_is_a_difference() -> None:
    assert "this is another Kafka" in differ(row(50), heard(head(50)), kafka_cluster="there")[0]


def test_silence_shuts_the_fence_and_a_head_opens_it_again() -> None:
    seen = heard(head(50))
    late = NOW + UNHEARD.total_seconds() + 1
    assert "for 16 s" in (refused(row(50), seen, now=late) or "")
    assert differ(row(50), seen) == []
    seen.take(head(51), live_at=late)
    assert refused(row(51), seen, now=late) is None


def test_what_was_in_the_topic_before_is_not_fresh() -> None:
    assert "no fresh head" in (refused(row(50), heard(head(50), at=None)) or "")


def test_one_who_stood_still_does_not_take_old_heads_for_fresh_ones() -> None:
    assert "for 59 s" in (refused(row(110), heard(head(50)), now=NOW) or "")


@pytest.mark.parametrize(
    ("empty", "alone", "throw_away", "itself"),
    [(True, True, False, True), (False, True, False, False), (True, False, False, False), (False, False, True, True)],
)
def test_only_a_new_stack_adopts_itself(empty: bool, alone: bool, throw_away: bool, itself: bool) -> None:
    fresh = row(0, stack_id=None, token=None, previous=None)
    assert may_adopt_itself(fresh, ledger_is_empty=empty, topic_is_empty=alone, throw_away=throw_away) is itself
    assert not may_adopt_itself(row(50), ledger_is_empty=True, topic_is_empty=True, throw_away=True)
