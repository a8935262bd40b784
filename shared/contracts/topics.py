"""The topics: what each one carries, by which key, from whom to whom, and for how long.

`tact migrate apply` creates them from here; no client ever does, because a topic made by a client has one partition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.event import Event
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.mail_feedback import MailFeedback
from shared.contracts.prospects_left import ProspectLeft
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.sends_completed import SendCompleted
from shared.contracts.sends_due import SendDue
from shared.contracts.stack_heads import StackHead

ACCOUNT_PARTITIONS: Final = 24
"""Divides well among pods; state lives in the database, so a later change costs order for a moment, nothing more."""


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Topic(Generic[E_co]):
    """One topic's declaration."""

    name: str
    message: type[E_co]
    event_type: str
    """CloudEvents `ce_type`."""
    key: str
    """What the record's key holds, in words."""
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    while_stopped: str
    """What a stopped consumer means for the people who are written to, as a sentence of its notice."""
    partitions: int = ACCOUNT_PARTITIONS
    retention: timedelta = timedelta(days=30)
    compacted: bool = False
    """Kept by key instead of for a time: the last record of each key is never deleted."""

    @property
    def dead_letters(self) -> str:
        """The topic that takes what could not be read or handled."""
        return f"{self.name}.dlq"

    def group(self, service: str) -> str:
        """The consumer group of `service` on this topic."""
        return f"{service}.{self.name}"


PROSPECTS_READY: Final = Topic(
    "prospects.ready",
    ProspectReady,
    "tact.prospect.ready.v1",
    "account, else prospect",
    ("queuer", "healer"),
    ("queuer",),
    while_stopped="Until the consumer resumes, next steps are planned by the periodic job alone and may be late.",
)
SENDS_DUE: Final = Topic(
    "sends.due",
    SendDue,
    "tact.send.due.v1",
    "account",
    ("queuer",),
    ("sender",),
    retention=timedelta(days=7),
    while_stopped="Until the consumer resumes, nothing leaves.",
)
SENDS_COMPLETED: Final = Topic(
    "sends.completed",
    SendCompleted,
    "tact.send.completed.v1",
    "account",
    ("queuer", "sender", "healer"),
    ("queuer", "healer"),
    while_stopped="Until the consumer resumes, next steps and notices of failures may be late.",
)
CONNECTIONS_ACCEPTED: Final = Topic(
    "connections.accepted",
    ConnectionAccepted,
    "tact.connection.accepted.v1",
    "account",
    ("poller", "sender", "healer"),
    ("queuer",),
    while_stopped="Until the consumer resumes, first follow-ups to people who accepted may be late.",
)
REPLIES_RECEIVED: Final = Topic(
    "replies.received",
    ReplyReceived,
    "tact.reply.received.v1",
    "account",
    ("poller",),
    ("queuer",),
    while_stopped="Replies are stored and stop their sequence all the same; sends that are already planned are cancelled late.",
)
ACCOUNTS_STATUS: Final = Topic(
    "accounts.status",
    AccountStatusChanged,
    "tact.account.status.v1",
    "account",
    ("poller", "sender"),
    ("queuer", "healer"),
    while_stopped="Until the consumer resumes, changes of account status are noticed late.",
)
PROSPECTS_LEFT: Final = Topic(
    "prospects.left",
    ProspectLeft,
    "tact.prospect.left.v1",
    "account, else prospect",
    ("healer",),
    ("queuer",),
    while_stopped="Until the consumer resumes, what is planned for people who left a campaign is cancelled late.",
)
MAIL_FEEDBACK: Final = Topic(
    "mail.feedback",
    MailFeedback,
    "tact.mail.feedback.v1",
    "account",
    ("poller",),
    ("queuer",),
    while_stopped="Until the consumer resumes, bounces and complaints take effect late.",
)
INTEGRITY_EVENTS: Final = Topic(
    "integrity.events",
    IntegrityEvent,
    "tact.integrity.found.v1",
    "workspace",
    ("queuer", "sender", "poller", "healer"),
    ("healer",),
    partitions=6,
    while_stopped="Until the consumer resumes, findings are recorded late.",
)

TOPICS: Final[Mapping[str, Topic[Event]]] = {
    topic.name: topic
    for topic in (
        PROSPECTS_READY,
        SENDS_DUE,
        SENDS_COMPLETED,
        CONNECTIONS_ACCEPTED,
        REPLIES_RECEIVED,
        ACCOUNTS_STATUS,
        PROSPECTS_LEFT,
        MAIL_FEEDBACK,
        INTEGRITY_EVENTS,
    )
}
DEAD_LETTER_RETENTION: Final = timedelta(days=30)

STACK_HEADS: Final = Topic(
    "stack.heads",
    StackHead,
    "tact.stack.head.v1",
    "stack",
    ("queuer", "sender", "poller", "healer"),
    ("queuer", "sender", "poller", "healer"),
    partitions=1,
    while_stopped="Until heads are read again, nothing leaves.",
    compacted=True,
)
"""Kafka's side of the fence. Not one of TOPICS: no consumer group processes it, so it has no dead letters, and a replay of it
would misstate the ledger."""
