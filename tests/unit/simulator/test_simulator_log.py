"""The judge's book: numbered, narrowed, and the same on disk."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from simulator.unipile.log import Log
from simulator.unipile.settings import SimulatorCannotStartError

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def call(action: str, account_id: str, *, effect: bool = False) -> dict[str, object]:
    """As little of a call as the log looks at."""
    return {"kind": "call", "action": action, "account_id": account_id, "effect": effect}


def seqs(lines: list[bytes]) -> list[int]:
    """The numbers of some lines."""
    return [orjson.loads(line)["seq"] for line in lines]


def test_entries_are_narrowed_by_everything_that_is_asked() -> None:
    log = Log(None)
    log.fact("started", MONDAY, None)
    log.write(call("invitation", "acc1", effect=True))
    log.write(call("invitation", "acc2"))
    log.write(call("message", "acc1", effect=True))
    assert seqs(log.entries()) == [1, 2, 3, 4]
    assert seqs(log.entries(after=2)) == [3, 4]
    assert seqs(log.entries(action="invitation", account_id="acc2")) == [3]
    assert seqs(log.entries(kind="started")) == [1]
    assert seqs(log.entries(limit=2)) == [1, 2]
    assert seqs(log.effects()) == [2, 4]
    assert seqs(log.effects(action="message", account_id="acc1")) == [4]
    assert log.last_seq == 4


def test_a_line_is_on_disk_before_the_next_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.jsonl"
    log = Log(path)
    log.write(call("invitation", "acc1", effect=True))
    assert orjson.loads(path.read_bytes()) == {"seq": 1, **call("invitation", "acc1", effect=True)}
    log.close()


def test_numbers_go_on_in_a_file_that_is_there_already(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for _ in range(2):
        log = Log(path)
        log.fact("started", MONDAY, None)
        log.close()
    assert seqs(path.read_bytes().splitlines()) == [1, 2]
    later = Log(path)
    later.fact("started", MONDAY, None)
    assert seqs(later.entries(after=2)) == [3]
    later.close()


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(SimulatorCannotStartError, match="Choose another file with --log"):
        Log(tmp_path)
