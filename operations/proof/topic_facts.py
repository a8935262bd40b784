"""The facts that the topics report, as far back as they reach: the latest event about each row."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from operations.replay import ranges
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.event import Event
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import ACCOUNTS_STATUS, CONNECTIONS_ACCEPTED, REPLIES_RECEIVED, SENDS_COMPLETED
from shared.vocabulary import Reply


@dataclass(slots=True)
class TopicFacts:
    """By row: sends that were sent, accounts' (version, status), when prospects accepted, when leads last replied."""

    events: int = 0
    unreadable: int = 0
    sent_ids: set[UUID] = field(default_factory=set)
    statuses: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    accepted: dict[UUID, datetime] = field(default_factory=dict)
    replied: dict[UUID, datetime] = field(default_factory=dict)

    @property
    def sent(self) -> list[UUID]:
        """Ids of the sends that were sent."""
        return sorted(self.sent_ids)

    def add(self, event: Event) -> None:
        """Take one event in; the order of events does not matter."""
        self.events += 1
        match event:
            case SendCompleted(outcome=SendOutcome.SENT):
                self.sent_ids.add(event.send_id)
            case AccountStatusChanged():
                reported = (event.version, event.status.value)
                self.statuses[event.account_id] = max(reported, self.statuses.get(event.account_id, reported))
            case ConnectionAccepted():
                self.accepted[event.prospect_id] = event.accepted_at
            case ReplyReceived() if event.kind is not Reply.OUT_OF_OFFICE:
                self.replied[event.lead_id] = max(event.said_at, self.replied.get(event.lead_id, event.said_at))


async def read_topic_facts(bootstrap: str) -> TopicFacts:
    """Read the topics that report the new state of a row, each from its first record to its current end."""
    facts = TopicFacts()
    for topic in (SENDS_COMPLETED, ACCOUNTS_STATUS, CONNECTIONS_ACCEPTED, REPLIES_RECEIVED):
        whole = await ranges.find_range(bootstrap, topic.name, None, None)
        async for batch in ranges.read_range(bootstrap, whole):
            for record in batch:
                try:
                    facts.add(topic.message.model_validate_json(record.value or b""))
                except ValidationError:
                    facts.unreadable += 1
    return facts
