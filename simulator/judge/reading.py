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
            told = line if isinstance(line, Mapping) else json.loads(line)
            yield _call(told) if told["kind"] == "call" else _event(told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            cut_off = isinstance(line, bytes | str) and line[-1:] not in (b"\n", "\n")
            broken = Unreadable(number, f"{type(error).__name__}: {error}", torn=cut_off)
    if broken is not None:
        yield broken


def _call(told: Mapping[str, Any]) -> LoggedCall:
    return LoggedCall(
        seq=told["seq"],
        at=_moment(told["at"]),
        answered_at=_moment_or_none(told["answered_at"]),
        real_at=_moment(told["real_at"]),
        route=told["route"],
        action=told["action"],
        account_id=told["account_id"],
        recipient=told["recipient"],
        person=told["recipient_public_id"] or told["recipient"] or "no person",
        text=told["text"] or None,
        status=told["status"],
        error=told["error"],
        effect=told["effect"] is True,
        effect_id=told["effect_id"],
        fault=told["fault"],
        degree=told["recipient_degree"],
        replied_at=_moment_or_none(told["recipient_replied_at"]),
    )


def _event(told: Mapping[str, Any]) -> LoggedEvent:
    return LoggedEvent(told["seq"], told["kind"], _moment(told["at"]), _moment(told["real_at"]), told.get("account_id"), told.get("person"))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)
