"""What is typed, read: moments of technical time, whose events, how fast. Pure: `now` is an argument."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.topics import TOPICS, Topic
from shared.refusals import Refused

BEGINNING: Final = "beginning"
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)(?:\s+ago)?", re.IGNORECASE | re.ASCII
)
_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*(s|sec|second|m|min|minute))?", re.IGNORECASE | re.ASCII)
_KINDS: Final = ("account", "campaign", "prospect", "workspace")
LONGEST_AGO: Final = 5_200  # weeks; far before any topic, and still a date that Python can hold


@dataclass(frozen=True, slots=True)
class Where:
    """Only the events of this one: `kind` is account, campaign, prospect or workspace; `word` its id or, but for a prospect, its name."""

    kind: str
    word: str


def topic(name: str) -> Topic:  # type: ignore[type-arg] # any of them
    """The declared topic of that name.

    Raises:
        Refused: there is none; dead letters have a command of their own.
    """
    if name in TOPICS:
        return TOPICS[name]
    if name.removesuffix(".dlq") in TOPICS:
        raise Refused(f"{name} holds dead letters. `tact dead-letters redrive` gives those back to their topic.")
    raise Refused(f"There is no topic '{name}'. Topics are: {', '.join(sorted(TOPICS))}.")


def moment(text: str, option: str, *, now: datetime) -> datetime | None:
    """An ISO time, `now`, a span like `2h ago`; None for `beginning`. Without an offset it is UTC.

    Raises:
        Refused: nobody can read it, or it is in the future.
    """
    word = text.strip()
    if word.lower() == BEGINNING:
        if option == "--to":
            raise Refused("Nothing lies before the beginning: --to wants a later moment, or is left out for up to now.")
        return None
    if word.lower() == "now":
        return now
    if (span := ago(word, option)) is not None:
        return now - span
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        raise Refused(
            f"{option} {text!r} is no time. Write 2026-03-10T14:00Z (UTC unless it says otherwise), a span like '2h ago', or 'beginning'."
        ) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if at > now:
        raise Refused(f"{option} {said(at)} is in the future; it is {said(now)}. Records carry real time, not the stack's business time.")
    return at


def ago(text: str, option: str) -> timedelta | None:
    """How long before now `2h ago` or `90m` is; None: it is no such words.

    Raises:
        Refused: no topic reaches so far back.
    """
    found = _AGO.fullmatch(text.strip())
    if found is None:
        return None
    number, unit = float(found[1]), _UNITS[found[2][0].lower()]
    if timedelta(**{unit: min(number, 1e6)}) > timedelta(weeks=LONGEST_AGO):
        raise Refused(f"{option} {text!r} is further back than any topic reaches. `--from beginning` takes everything there is.")
    return timedelta(**{unit: number})


def where(text: str) -> Where:
    """`account=…`, `campaign=…` or `workspace=…` with an id or a name, `prospect=…` with an id.

    Raises:
        Refused: another word, or none behind it.
    """
    kind, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not value or kind not in _KINDS:
        raise Refused(
            f"--where {text!r} names nobody. Write account=, campaign= or workspace= with an id or a name, or prospect= with an id."
        )
    if kind == "prospect":
        try:
            UUID(value)
        except ValueError:
            raise Refused(f"--where prospect= wants an id like 0b7f6c1e-…, not {value!r}; `tact explain` finds a prospect's.") from None
    return Where(kind, value)


def rate(text: str) -> float:
    """Events in a second, from `500/s`, `500` or `30/min`.

    Raises:
        Refused: it is none.
    """
    found = _RATE.fullmatch(text.strip())
    per_second = float(found[1]) / (60 if (found[2] or "s")[0].lower() == "m" else 1) if found else 0
    if not 0 < per_second < float("inf"):
        raise Refused(f"--rate {text!r} is no rate. Write 500/s, or leave it out for full speed.")
    return per_second


def said(at: datetime | None) -> str:
    """A technical moment for people."""
    return "the beginning" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
