"""One call on its way: what it asks for, what it did, and what the log will say about it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Literal

from aiohttp import web

from simulator.unipile.world.accounts import Chat, SimulatedAccount
from simulator.unipile.world.moments import iso, iso_or_none
from simulator.unipile.world.people import SimulatedPerson
from simulator.unipile.world.world import World

Action = Literal["invitation", "message", "profile_lookup", "withdrawal", "read", "other"]


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """Status and JSON body."""

    status: int
    body: Mapping[str, object]


Act = Callable[[datetime], ApiAnswer]
"""What a call does to the world, at once and whole, at the business moment handed in."""

Endpoint = Callable[["ApiCall"], Awaitable[Act]]
"""Reads a request and names its account and recipient; nothing has happened before the act it returns is called."""


@dataclass(slots=True)
class ApiCall:
    """Filled in as it is read, carried out and answered."""

    request: web.Request
    route: str
    action: Action
    at: datetime
    """Business time of its arrival."""
    real_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    arrived: float = field(default_factory=monotonic)
    account_id: str | None = None
    recipient: SimulatedPerson | None = None
    text: str | None = None
    chat: Chat | None = None
    effect_id: str | None = None
    effect: bool = False
    effect_at: datetime | None = None
    fault: str | None = None
    status: int | None = None
    error: str | None = None
    before: dict[str, object] = field(default_factory=dict)

    def look(self, world: World) -> None:
        """Take the picture of the recipient as it is before the call acts."""
        account = world.accounts.get(self.account_id or "")
        if self.recipient is None or account is None:
            return
        bond = world.bond(account, self.recipient)
        self.before = {
            "recipient_degree": world.distance(account, self.recipient),
            "recipient_replied_at": iso_or_none(bond.replied_at),
            "recipient_accepted_at": iso_or_none(bond.accepted_at),
            "pending_invitation": bond.pending is not None,
        }

    def done(self, effect_id: str, at: datetime, chat: Chat | None = None) -> None:
        """The world has changed by this call."""
        self.effect, self.effect_id, self.effect_at, self.chat = True, effect_id, at, chat or self.chat

    def entry(self, answered_at: datetime | None) -> dict[str, object]:
        """The log's line; `answered_at` is business time, None when the client had gone."""
        return {
            "kind": "call",
            "at": iso(self.at),
            "answered_at": iso_or_none(answered_at),
            "real_at": _real(self.real_at),
            "real_answered_at": _real(datetime.now(UTC)) if answered_at else None,
            "method": self.request.method,
            "route": self.route,
            "action": self.action,
            "account_id": self.account_id,
            "recipient": self.recipient.provider_id if self.recipient else None,
            "recipient_public_id": self.recipient.public_id if self.recipient else None,
            "text": self.text,
            "status": self.status,
            "error": self.error,
            "effect": self.effect,
            "effect_id": self.effect_id,
            "effect_at": iso_or_none(self.effect_at),
            "chat_id": self.chat.id if self.chat else None,
            "fault": self.fault,
            "recipient_degree": None,
            "recipient_replied_at": None,
            "recipient_accepted_at": None,
            "pending_invitation": False,
            **self.before,
        }


def account_in(world: World, call: ApiCall) -> SimulatedAccount:
    """The account of the call, alive.

    Raises:
        RefusalError: missing, unknown or disconnected.
    """
    return world.account(call.account_id or "")


def _real(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
