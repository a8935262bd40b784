"""A LinkedIn account that Unipile holds, and everything that lies between it and each member."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from simulator.unipile.world.ids import digest
from simulator.unipile.world.people import SimulatedPerson

NOTE_LIMIT = {"free": 200, "premium": 300, "sales_navigator": 300}

InvitationStatus = Literal["PENDING", "ACCEPTED", "IGNORED", "WITHDRAWN"]


@dataclass(slots=True)
class Invitation:
    """One invitation, sent or received; only pending ones are in the account's lists."""

    id: str
    order: int
    person: SimulatedPerson
    at: datetime
    note: str | None
    status: InvitationStatus = "PENDING"
    by_hand: bool = False


@dataclass(slots=True)
class Relation:
    """A first-degree connection."""

    person: SimulatedPerson
    since: datetime
    order: int


@dataclass(slots=True)
class Message:
    """One message of a chat; `mine` is seen from the account."""

    id: str
    order: int
    chat: "Chat"
    text: str
    at: datetime
    mine: bool
    seen: bool = False


@dataclass(slots=True)
class Chat:
    """A 1:1 conversation; an account and a member never have two."""

    id: str
    account: "SimulatedAccount"
    person: SimulatedPerson
    order: int
    last_at: datetime
    messages: list[Message] = field(default_factory=list)
    unread: int = 0
    archived: bool = False
    pinned: bool = False
    muted: bool = False

    @property
    def provider_id(self) -> str:
        """LinkedIn's own id of the chat, which the API also takes together with the account."""
        return "2-" + digest("thread", self.id).hex()[:40]


@dataclass(slots=True)
class Bond:
    """What lies between one account and one member."""

    relation: Relation | None = None
    pending: Invitation | None = None
    last: Invitation | None = None
    received: Invitation | None = None
    locked_until: datetime | None = None
    accepted_at: datetime | None = None
    replied_at: datetime | None = None
    chat: Chat | None = None
    written: int = 0


@dataclass(slots=True, eq=False)
class SimulatedAccount:
    """Lists are kept in ascending order, so that a page is a slice from the end, however long the list has become."""

    id: str
    name: str
    type: str
    country: str
    owner: SimulatedPerson
    created_at: datetime
    status: str = "OK"
    relations: list[Relation] = field(default_factory=list)
    sent: list[Invitation] = field(default_factory=list)
    pending: dict[str, Invitation] = field(default_factory=dict)
    received: list[Invitation] = field(default_factory=list)
    chats: list[Chat] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    invited_at: deque[datetime] = field(default_factory=deque)
    bonds: dict[str, Bond] = field(default_factory=dict)

    @property
    def connected(self) -> bool:
        """Whether Unipile's session with LinkedIn lives."""
        return self.status == "OK"

    @property
    def note_limit(self) -> int:
        """The most characters of an invitation's note."""
        return NOTE_LIMIT[self.type]

    def add_relation(self, relation: Relation) -> None:
        """In order of the day it began: declared ones may lie in the past."""
        insort(self.relations, relation, key=lambda one: (one.since, one.order))

    def add_sent(self, invitation: Invitation) -> None:
        """The youngest of the pending ones."""
        self.sent.append(invitation)
        self.pending[invitation.id] = invitation

    def remove_sent(self, invitation: Invitation) -> None:
        """No longer pending: gone from the list, wherever it stood."""
        del self.pending[invitation.id]
        del self.sent[bisect_left(self.sent, invitation.order, key=lambda one: one.order)]

    def remove_received(self, invitation: Invitation) -> None:
        """Answered: gone from the list."""
        del self.received[bisect_left(self.received, invitation.order, key=lambda one: one.order)]

    def visible_sent(self, until: datetime) -> int:
        """How many of `sent` the lagging list shows: those sent by that moment."""
        return bisect_right(self.sent, until, key=lambda one: one.at)

    def touch_chat(self, chat: Chat, at: datetime) -> None:
        """Move a chat to where its last message puts it."""
        if chat.messages:
            del self.chats[bisect_left(self.chats, chat_key(chat), key=chat_key)]
        chat.last_at = at
        insort(self.chats, chat, key=chat_key)


def chat_key(chat: Chat) -> tuple[datetime, str]:
    """Chats are ordered, and cursors point, by last activity and id."""
    return chat.last_at, chat.id
