"""What happened in the world, for the log and for the webhooks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulator.unipile.world.accounts import Message, SimulatedAccount
from simulator.unipile.world.people import SimulatedPerson

Kind = Literal[
    "accepted",  # an invitation of the account was accepted
    "accepted_received",  # the account accepted another member's invitation
    "replied",
    "wrote",  # the account's own message
    "withdrawn",
    "ignored",
    "invited_by_hand",
    "wrote_by_hand",
    "invited_us",
    "account_status",
]


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """One fact; `note` is the message's text, or the account's new status."""

    kind: Kind
    at: datetime
    account: SimulatedAccount
    person: SimulatedPerson | None = None
    message: Message | None = None
    id: str | None = None
    note: str | None = None
