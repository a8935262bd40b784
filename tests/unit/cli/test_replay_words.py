"""What is typed at `tact replay`: moments of real time, whose events, how fast; and a sentence for everything else."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from operations.replay.arguments import SelectionWord, parse_moment, parse_rate, parse_selection, parse_topic
from operations.replay.groups import plan_offsets
from operations.replay.inspection import Skip, classify_record, original_record
from operations.replay.ranges import Range
from operations.replay.selection import EventSelection
from shared.contracts.sends_due import SendDue
from shared.contracts.topics import SENDS_DUE
from shared.refusals import Refused

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
ID = "0b7f6c1e-8f1d-4f8e-9a53-0d2f4c3a1b22"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h ago", NOW - timedelta(hours=2)),
        ("90m", NOW - timedelta(minutes=90)),
        ("1.5 days ago", NOW - timedelta(days=1.5)),
        ("2026-03-10T14:00Z", NOW - timedelta(hours=1)),
        ("2026-03-10T15:30+01:00", NOW - timedelta(minutes=30)),
        ("2026-03-10 14:00", NOW - timedelta(hours=1)),
        ("now", NOW),
        ("beginning", None),
    ],
)
def test_a_moment_is_a_time_or_a_span_and_utc_unless_it_says_otherwise(text: str, at: datetime | None) -> None:
    assert parse_moment(text, "--from", now=NOW) == at


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday-ish", "is no time"),
        ("2026-03-10T16:00Z", "in the future"),
        ("-2h", "is no time"),
        ("٢h", "is no time"),
        ("99999999 weeks", "further back"),
        ("", "is no time"),
    ],
)
def test_a_moment_nobody_can_use_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        parse_moment(text, "--from", now=NOW)


def test_nothing_lies_before_the_beginning() -> None:
    with pytest.raises(Refused, match="give --to a later time"):
        parse_moment("beginning", "--to", now=NOW)


def test_whose_events_are_named_by_an_id_or_a_name() -> None:
    assert parse_selection(f"account={ID}") == SelectionWord("account", ID)
    assert parse_selection(" campaign = Spring in May ") == SelectionWord("campaign", "Spring in May")
    assert parse_selection(f" prospect = {ID} ") == SelectionWord("prospect", ID)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("prospect=Ana", "needs an id"),
        ("lead=1", "cannot be read"),
        ("account=", "cannot be read"),
        (ID, "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_whose_events_without_a_name_are_refused(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        parse_selection(text)


def test_a_rate_is_events_a_second() -> None:
    assert (parse_rate("500/s"), parse_rate("500"), parse_rate("30/min")) == (500, 500, 0.5)


@pytest.mark.parametrize("text", ["0", "-5/s", "fast", "5/year", "1e9", "9" * 400])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no rate"):
        parse_rate(text)


def test_an_unknown_topic_is_answered_with_those_there_are_and_dead_letters_with_their_own_command() -> None:
    assert parse_topic("sends.due") is SENDS_DUE
    with pytest.raises(Refused, match=r"Topics are: accounts\.status"):
        parse_topic("sends.dew")
    with pytest.raises(Refused, match="dead-letters redrive"):
        parse_topic("sends.due.dlq")


class Record:
    """As much of a consumer's record as is looked at."""

    def __init__(self, value: bytes | None, headers: list[tuple[str, bytes | None]] | None = None) -> None:
        self.value = value
        self.headers = headers or []


def test_records_without_a_value_or_sense_are_left_alone_and_so_are_copies_whose_original_is_replayed() -> None:
    whole = Range("sends.due", {0: 5}, {0: 9})
    event = SendDue(send_id=uuid4(), account_id=uuid4(), dispatch_no=1)
    value = event.model_dump_json().encode()

    def sorted_out(record: Record, selection: EventSelection = EventSelection()) -> object:  # noqa: B008 - frozen and empty
        return classify_record(SENDS_DUE, record, whole, selection)

    assert sorted_out(Record(value)) == event
    assert sorted_out(Record(None)) is Skip.TOMBSTONE
    assert sorted_out(Record(b"{")) is Skip.UNREADABLE
    assert sorted_out(Record(b"\xff\xfe")) is Skip.UNREADABLE
    assert sorted_out(Record(value, [("replay-of", b"sends.due/0/5")])) is Skip.COPY
    assert sorted_out(Record(value, [("replay-of", b"sends.due/0/4")])) == event  # its original is not in the range
    assert sorted_out(Record(value, [("replay-of", None)])) == event
    assert sorted_out(Record(value), EventSelection("account", event.account_id)) == event
    assert sorted_out(Record(value), EventSelection("campaign", uuid4(), sends=frozenset({event.send_id}))) == event
    assert sorted_out(Record(value), EventSelection("account", uuid4())) is Skip.OTHERS


@pytest.mark.parametrize("header", [b"sends.due", b"sends.due/0", b"sends.due/a/b", b"\xff/1/2/3", b""])
def test_a_header_that_names_no_record_is_no_origin(header: bytes) -> None:
    assert original_record(Record(b"{}", [("replay-of", header)])) is None


def test_a_rewind_goes_back_and_never_skips_what_the_group_has_not_read() -> None:
    """By partition: read to its end; behind; never committed; silent since that moment while the group is behind; made again."""
    whole = Range(SENDS_DUE.name, {0: 5, 1: 5, 2: 5, 3: 9, 4: 2}, {0: 9, 1: 9, 2: 9, 3: 9, 4: 3})
    moves, again = plan_offsets(whole, {0: 0, 1: 0, 2: 1, 3: 0, 4: 0}, {0: 9, 1: 3, 3: 4, 4: 700})
    assert [(move.before, move.after) for move in moves] == [(9, 5), (3, 3), (None, 1), (4, 4), (700, 2)]
    assert {p: again.ends[p] - start for p, start in again.starts.items()} == {0: 4, 1: 0, 2: 0, 3: 0, 4: 1}
