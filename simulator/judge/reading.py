"""Reads the log line by line: a log may have a million lines and is never held whole."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

Line = str | bytes | Mapping[str, Any]

WRITES: Final = frozenset({"invitation", "message", "withdrawal", "other"})
NOT_THE_MEMBERS: Final = ("/accounts", "/webhooks")


class LogError(Exception):
    """The log cannot be read at all; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call the simulator answered, or would have answered if the client had waited."""

    seq: int
    at: datetime
    answered_at: datetime | None
    real_at: datetime
    route: str
    action: str
    account_id: str | None
    recipient: str | None
    person: str
    text: str | None
    status: int | None
    error: str | None
    effect: bool
    effect_id: str | None
    fault: str | None
    degree: str | None
    replied_at: datetime | None

    @property
    def as_member(self) -> bool:
        """Whether LinkedIn sees the account do something; the state of accounts and webhooks is Unipile's own."""
        return self.account_id is not None and not self.route.partition(" ")[2].startswith(NOT_THE_MEMBERS)

    @property
    def where(self) -> str:
        """How an example names it."""
        return f"line {self.seq}, {self.at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """Something that happened in the world without a call of ours, or because of one."""

    seq: int
    kind: str
    at: datetime
    real_at: datetime
    account_id: str | None
    person: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no entry; `torn` when it is the last one, cut off while it was written."""

    number: int
    why: str
    torn: bool


def read(log: str | Path | Iterable[Line]) -> Iterator[LoggedCall | LoggedEvent | Unreadable]:
    """Every entry of a log file, or of lines or objects at hand, in order.

    Raises:
        LogError: there is no such file, or it may not be read.
    """
    if not isinstance(log, str | Path):
        yield from _entries(log)
        return
    try:
        with Path(log).open("rb") as file:
            yield from _entries(file)
    except OSError as error:
        raise LogError(f"The log {log} cannot be read: {error.strerror}. Give the file the simulator was started with (--log).") from error


def _entries(lines: Iterable[Line]) -> Iterator[LoggedCall | LoggedEvent | Unreadable]:
    broken: Unreadable | None = None
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, Mapping) and not line.strip():
            continue
        if broken is not None:
            yield Unreadable(broken.number, broken.why, torn=False)  # only the last line can have been cut off
            broken = None
        try:
            entry = line if isinstance(line, Mapping) else json.loads(line)
            yield _call(entry) if entry["kind"] == "call" else _event(entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            cut_off = isinstance(line, bytes | str) and line[-1:] not in (b"\n", "\n")
            broken = Unreadable(number, f"{type(error).__name__}: {error}", torn=cut_off)
    if broken is not None:
        yield broken


def _call(entry: Mapping[str, Any]) -> LoggedCall:
    return LoggedCall(
        seq=entry["seq"],
        at=_parse_moment(entry["at"]),
        answered_at=_parse_moment_or_none(entry["answered_at"]),
        real_at=_parse_moment(entry["real_at"]),
        route=entry["route"],
        action=entry["action"],
        account_id=entry["account_id"],
        recipient=entry["recipient"],
        person=entry["recipient_public_id"] or entry["recipient"] or "no person",
        text=entry["text"] or None,
        status=entry["status"],
        error=entry["error"],
        effect=entry["effect"] is True,
        effect_id=entry["effect_id"],
        fault=entry["fault"],
        degree=entry["recipient_degree"],
        replied_at=_parse_moment_or_none(entry["recipient_replied_at"]),
    )


def _event(entry: Mapping[str, Any]) -> LoggedEvent:
    return LoggedEvent(
        entry["seq"],
        entry["kind"],
        _parse_moment(entry["at"]),
        _parse_moment(entry["real_at"]),
        entry.get("account_id"),
        entry.get("person"),
    )


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment


def _parse_moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _parse_moment(text)
