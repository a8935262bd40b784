"""Kafka in, one workflow call out."""

from services.sender.workflows.send import Sender
from shared.contracts.topics import SENDS_DUE
from shared.kafka.inbox import Inbox


def register(inbox: Inbox, sender: Sender) -> None:
    """sends.due → begin; acknowledged when every intent is durable: a second delivery finds the intent."""
    inbox.subscribe(SENDS_DUE, sender.send_batch, max_records=512, urgent=True)
