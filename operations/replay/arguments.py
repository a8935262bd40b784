"""Parsing of what an operator types at `tact replay`: technical times, a selection of events, a rate. Pure: `now` is an argument."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.topics import TOPICS, Topic
from shared.refusals import Refused
from shared.spans import LONGEST, parse_duration

BEGINNING: Final = "beginning"
_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*(s|sec|second|m|min|minute))?", re.IGNORECASE | re.ASCII)
_KINDS: Final = ("account", "campaign", "prospect", "workspace")


@dataclass(frozen=True, slots=True)
class SelectionWord:
    """The typed `--where`: `kind` is account, campaign, prospect or workspace; `word` is an id, or a name (prospects have an id only)."""

    kind: str
    word: str


def parse_topic(name: str) -> Topic:  # type: ignore[type-arg] # any of them
    """The declared topic of that name.

    Raises:
        Refused: there is no such topic; dead letters have a command of their own.
    """
    if name in TOPICS:
        return TOPICS[name]
    if name.removesuffix(".dlq") in TOPICS:
        raise Refused(f"{name} holds dead letters. `tact dead-letters redrive` puts them back into their topic.")
    raise Refused(f"There is no topic '{name}'. Topics are: {', '.join(sorted(TOPICS))}.")


def parse_moment(text: str, option: str, *, now: datetime) -> datetime | None:
    """An ISO time, `now`, or a span like `2h ago`; None for `beginning`. A time without an offset is UTC.

    Raises:
        Refused: the text is no time, or the time is in the future.
    """
    word = text.strip()
    if word.lower() == BEGINNING:
        if option == "--to":
            raise Refused("No record is older than the beginning: give --to a later time, or leave it out to read up to now.")
        return None
    if word.lower() == "now":
        return now
    if (span := parse_span(word, option)) is not None:
        return now - span
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        raise Refused(
            f"{option} {text!r} is no time. Write 2026-03-10T14:00Z (UTC unless it says otherwise), a span like '2h ago', or 'beginning'."
        ) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if at > now:
        raise Refused(
            f"{option} {format_time(at)} is in the future; it is {format_time(now)}. "
            "Records carry real time, not the stack's business time."
        )
    return at


def parse_span(text: str, option: str) -> timedelta | None:
    """The length of a span like `2h ago` or `90m`; None when the text is no span.

    Raises:
        Refused: the span is longer than any topic keeps records.
    """
    span = parse_duration(text)
    if span is not None and span >= LONGEST:
        raise Refused(f"{option} {text!r} is further back than any topic reaches. `--from beginning` takes every record there is.")
    return span


def parse_selection(text: str) -> SelectionWord:
    """`account=…`, `campaign=…` or `workspace=…` with an id or a name, or `prospect=…` with an id.

    Raises:
        Refused: another kind, or no word after the equals sign.
    """
    kind, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not value or kind not in _KINDS:
        raise Refused(
            f"--where {text!r} cannot be read. Write account=, campaign= or workspace= with an id or a name, or prospect= with an id."
        )
    if kind == "prospect":
        try:
            UUID(value)
        except ValueError:
            raise Refused(f"--where prospect= needs an id like 0b7f6c1e-…, not {value!r}; `tact explain` prints a prospect's id.") from None
    return SelectionWord(kind, value)


def parse_rate(text: str) -> float:
    """Events per second, from `500/s`, `500` or `30/min`.

    Raises:
        Refused: the text is no rate.
    """
    found = _RATE.fullmatch(text.strip())
    per_second = float(found[1]) / (60 if (found[2] or "s")[0].lower() == "m" else 1) if found else 0
    if not 0 < per_second < float("inf"):
        raise Refused(f"--rate {text!r} is no rate. Write 500/s, or leave it out for full speed.")
    return per_second


def format_time(at: datetime | None) -> str:
    """A technical time for an operator; None is the beginning of the topic."""
    return "the beginning" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
