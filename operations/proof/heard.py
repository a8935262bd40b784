"""What the topics say became so, as far back as they reach: the last word about each row."""

from collections.abc import Callable
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
class Heard:
    """By row: sends that were sent, accounts' (version, status), when prospects accepted, when leads last replied."""

    events: int = 0
    unreadable: int = 0
    sent_ids: set[UUID] = field(default_factory=set)
    statuses: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    accepted: dict[UUID, datetime] = field(default_factory=dict)
    replied: dict[UUID, datetime] = field(default_factory=dict)

    @property
    def sent(self) -> list[UUID]:
        """Sends that were sent, by their ids."""
        return sorted(self.sent_ids)

    def hear(self, event: Event) -> None:
        """Take one event in; order does not matter."""
        self.events += 1
        match event:
            case SendCompleted(outcome=SendOutcome.SENT):
                self.sent_ids.add(event.send_id)
            case AccountStatusChanged():
                told = (event.version, event.status.value)
                self.statuses[event.account_id] = max(told, self.statuses.get(event.account_id, told))
            case ConnectionAccepted():
                self.accepted[event.prospect_id] = event.accepted_at
            case ReplyReceived() if event.kind is not Reply.OUT_OF_OFFICE:
                self.replied[event.lead_id] = max(event.said_at, self.replied.get(event.lead_id, event.said_at))


async def listen(bootstrap: str, *, progress: Callable[[int], None]) -> Heard:
    """Read the topics that say what a row became, each from its first record to what is its end now."""
    heard = Heard()
    for topic in (SENDS_COMPLETED, ACCOUNTS_STATUS, CONNECTIONS_ACCEPTED, REPLIES_RECEIVED):
        whole = await ranges.find(bootstrap, topic.name, None, None)
        async for batch in ranges.read(bootstrap, whole):
            for record in batch:
                try:
                    heard.hear(topic.message.model_validate_json(record.value or b""))
                except ValidationError:
                    heard.unreadable += 1
            progress(len(batch))
    return heard
