"""What the provider showed us, in our words: the same for a webhook, a read and a second look at a stored observation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class ObservationSource(StrEnum):
    """How we came to see it (column `observations.source`)."""

    WEBHOOK = "webhook"
    POLL = "poll"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """The account something was shown to, and the business moment at which we look."""

    id: UUID
    workspace_id: UUID
    now: datetime
    member_id: str | None = None
    """The member behind it: whatever this person writes is our own."""


@dataclass(frozen=True, slots=True)
class SeenRelation:
    """Somebody is a first-degree connection of the account."""

    person_id: str
    vanity: str | None
    happened_at: datetime | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SeenInvitation:
    """A row of the account's sent invitations: it waits for an answer, whoever sent it."""

    invitation_id: str
    person_id: str | None
    vanity: str | None
    sent_at: datetime | None
    payload: dict[str, Any]
    near: datetime | None = None
    """Where it has no date: that of the next newer one on its page."""


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """One message of a conversation between the account and `person_id`."""

    message_id: str
    chat_id: str | None
    person_id: str | None
    """The other side, whoever wrote; None where the provider does not say (groups)."""
    vanity: str | None
    own: bool
    """Written by the account itself, by us or by its owner's hand: never a reply."""
    text: str
    said_at: datetime
    private: bool = True
    """Between two people. What is said in a group answers nobody in particular."""
    spoken: bool = True
    """Words of a person, as opposed to an event such as a changed name, or a message taken back."""

    @property
    def may_be_reply(self) -> bool:
        """Worth comparing with our people."""
        return not self.own and self.private and self.spoken and self.person_id is not None
