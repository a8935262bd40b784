"""Kafka in, one workflow call out."""

from collections.abc import Sequence
from typing import Final

from services.sender.workflows.rehearse import SenderRehearsal
from services.sender.workflows.send import Sender
from shared.contracts.sends_due import SendDue
from shared.contracts.topics import SENDS_DUE
from shared.kafka.inbox import Inbox
from shared.kafka.subscriptions import Subscription, subscribe_all


async def on_due(sender: Sender, events: Sequence[SendDue]) -> None:
    """Begin the sends; acknowledged when every intent is durable, because a second delivery finds it."""
    await sender.send_batch(events)


SUBSCRIPTIONS: Final[tuple[Subscription[Sender, SenderRehearsal], ...]] = (
    Subscription(SENDS_DUE, on_due, SenderRehearsal.decide_due, max_records=512, urgent=True),
)


def register(inbox: Inbox, sender: Sender) -> None:
    """Subscribe to what the sender consumes."""
    subscribe_all(inbox, SUBSCRIPTIONS, sender)
