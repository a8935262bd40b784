"""One thing people are told, and how it is put into words that fit a header, a chat and a mail."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shared.vocabulary import NoticeKind

LONGEST_REASON: Final = 500  # characters
LONGEST_SUBJECT: Final = 150  # characters; mail programs show less
TOLD_OF: Final = tuple(kind for kind in NoticeKind if kind is not NoticeKind.TEST)
"""What a channel may ask for; a test goes to the channel that is tested."""
_ENDS: Final = (".", "!", "?", "…")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing people are told, told once: `dedupe_key` names the thing and not the event that brought it."""

    workspace_id: UUID
    kind: NoticeKind
    dedupe_key: str
    about: UUID
    """The campaign, account or channel that a flood of such notices would be of."""
    subject: str
    text: str
    details: Mapping[str, Any]
    happened_at: datetime  # business


def one_line(text: str) -> str:
    """The text without line breaks or control characters: it may stand in a header."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text).split())


def sentence(reason: str | None) -> str:
    """A reason as a sentence, or nothing."""
    text = one_line(reason or "")
    if not text:
        return ""
    text = text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
    return text if text.endswith(_ENDS) else f"{text}."


def subject(text: str) -> str:
    """A subject of bounded length."""
    whole = f"Tact: {one_line(text)}"
    return whole if len(whole) <= LONGEST_SUBJECT else whole[: LONGEST_SUBJECT - 1] + "…"


def moment(at: datetime) -> str:
    """A moment as people write it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
