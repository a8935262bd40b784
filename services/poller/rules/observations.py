"""What the provider showed us, in our terms: the same for a webhook, a read and a stored observation that is matched again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class ObservationSource(StrEnum):
    """How an observation was made (column `observations.source`)."""

    WEBHOOK = "webhook"
    POLL = "poll"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """The account that an observation belongs to, and the business moment at which it is handled."""

    id: UUID
    workspace_id: UUID
    now: datetime
    member_id: str | None = None
    """The provider's id of the account's member: messages of this member are our own."""


@dataclass(frozen=True, slots=True)
class SeenRelation:
    """A person is a first-degree connection of the account."""

    person_id: str
    vanity: str | None
    happened_at: datetime | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SeenInvitation:
    """A row of the account's sent invitations: it waits for an answer; a campaign or the member may have sent it."""

    invitation_id: str
    person_id: str | None
    vanity: str | None
    sent_at: datetime | None
    payload: dict[str, Any]
    near: datetime | None = None
    """Where the invitation has no date: the date of the next newer one on its page."""


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """One message of a conversation between the account and `person_id`."""

    message_id: str
    chat_id: str | None
    person_id: str | None
    """The person on the other side, of messages in both directions; None where the provider does not say (groups)."""
    vanity: str | None
    own: bool
    """Written by the account, from a campaign or by its member: never a reply."""
    text: str
    said_at: datetime
    private: bool = True
    """Between two people. A message in a group is no reply to one person."""
    spoken: bool = True
    """Words of a person, as opposed to an event such as a changed name, or a deleted message."""

    @property
    def may_be_reply(self) -> bool:
        """Whether the message is matched with our leads."""
        return not self.own and self.private and self.spoken and self.person_id is not None
