"""The simulator's own log: the judge in every test of "once", written by other code than the code under test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from simulator.unipile.settings import SimulatorCannotStartError
from simulator.unipile.world.moments import iso

CHUNK: Final = 1 << 20


class Log:
    """Numbered JSON objects, one per answered call and per fact of the world, in memory as bytes and in a file as lines.

    The file is appended to and numbering goes on where an earlier process stopped, because a test may restart the
    simulator and still has to find every effect.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None
        self._first = 1
        if path is not None:
            try:
                self._first = 1 + _lines(path)
                self._file = path.open("ab", buffering=0)  # every line is with the kernel before the next call is served
            except OSError as error:
                raise SimulatorCannotStartError(
                    f"The log {path} cannot be written: {error.strerror}. Choose another file with --log."
                ) from error
        self._lines: list[bytes] = []
        self._tags: list[tuple[str, str | None, str | None]] = []  # kind, action, account
        self._effects: list[int] = []

    @property
    def last_seq(self) -> int:
        """The number of the youngest entry; 0 before the first."""
        return self._first + len(self._lines) - 1

    def write(self, entry: dict[str, object]) -> None:
        """Number an entry and write it down."""
        # Joined, and so copied: what orjson hands out keeps a buffer several times as large as its text.
        line = orjson.dumps({"seq": self._first + len(self._lines), **entry}) + b"\n"
        if entry.get("effect") is True:
            self._effects.append(len(self._lines))
        self._lines.append(line)
        self._tags.append((str(entry["kind"]), _text(entry.get("action")), _text(entry.get("account_id"))))
        if self._file is not None:
            self._file.write(line)

    def fact(self, kind: str, at: datetime, account_id: str | None, **more: object) -> None:
        """A world event: not a call, but something that happened."""
        now = iso(datetime.now(UTC))
        self.write({"kind": kind, "at": iso(at), "real_at": now, "account_id": account_id, **more})

    def entries(
        self, *, after: int = 0, kind: str | None = None, action: str | None = None, account_id: str | None = None, limit: int | None = None
    ) -> list[bytes]:
        """Entries as lines of JSON, in order, with a number above `after`."""
        wanted = (kind, action, account_id)
        start = max(0, after + 1 - self._first)
        found: list[bytes] = []
        for index in range(start, len(self._lines)):
            if limit is not None and len(found) >= limit:
                break
            if all(want is None or want == has for want, has in zip(wanted, self._tags[index], strict=True)):
                found.append(self._lines[index])
        return found

    def effects(self, *, action: str | None = None, account_id: str | None = None) -> list[bytes]:
        """Only the calls that took effect."""
        tags = self._tags
        return [
            self._lines[index]
            for index in self._effects
            if (action is None or tags[index][1] == action) and (account_id is None or tags[index][2] == account_id)
        ]

    def close(self) -> None:
        """Close the file; every line is in it already."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _lines(path: Path) -> int:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return 0
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
