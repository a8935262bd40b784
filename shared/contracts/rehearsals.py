"""What a consumer says when it is asked what an event would make it do (docs/replay.md)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class About(StrEnum):
    """What a row that would change belongs to."""

    PROSPECT = "prospect"
    SEND = "send"
    ACCOUNT = "account"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Would:
    """One thing that an event would do now: whom or what it concerns, and the deed in words ("plan direct_message_1")."""

    about: About
    id: UUID | str
    deed: str
