"""Builds small logs as the simulator would have written them, one line after the other."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from simulator.judge import AccountRule

TUESDAY: Final = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
"""Ten in the morning in Berlin, on an ordinary working day."""
REAL: Final = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
ROUTES: Final = {
    "invitation": "POST /users/invite",
    "message": "POST /chats",
    "profile_lookup": "GET /users/{identifier}",
    "read": "GET /users/relations",
    "withdrawal": "DELETE /users/invite/sent/{id}",
    "other": "PATCH /chats/{id}",
}


def rule(account_id: str = "acc-berlin", **more: Any) -> AccountRule:
    """An account in Berlin with room for everything, unless told otherwise."""
    given: dict[str, Any] = {"workspace": "Harbour Lane", "name": account_id, "timezone": "Europe/Berlin", "country": "DE-BE"}
    return AccountRule(account_id=account_id, **(given | more))


@dataclass
class Story:
    """A log in the making. Business time starts on Tuesday; real time follows at `speed` unless an entry says otherwise."""

    speed: float = 1.0
    lines: list[dict[str, Any]] = field(default_factory=list)

    def call(self, action: str, to: str | None = "ana", *, after_s: float = 0, took_s: float = 0, **more: Any) -> "Story":
        """A call that arrived so many business seconds after the story's start, by acc-berlin and with effect unless said."""
        at = TUESDAY + timedelta(seconds=after_s)
        wrote = action in ("invitation", "message")
        entry: dict[str, Any] = {
            "kind": "call",
            "at": at.isoformat(),
            "answered_at": (at + timedelta(seconds=took_s)).isoformat(),
            "real_at": self._real(at),
            "route": ROUTES[action],
            "action": action,
            "account_id": "acc-berlin",
            "recipient": f"ACo{to}" if to else None,
            "recipient_public_id": to,
            "text": f"Hello {to}" if wrote else None,
            "status": 200,
            "error": None,
            "effect": wrote,
            "effect_id": f"{action}-{len(self.lines) + 1}" if wrote else None,
            "fault": None,
            "recipient_degree": "FIRST_DEGREE" if action == "message" else "SECOND_DEGREE",
            "recipient_replied_at": None,
        }
        return self._write(entry | more)

    def refused(self, action: str, error: str, status: int = 422, **more: Any) -> "Story":
        """A call the provider said no to."""
        return self.call(action, status=status, error=error, effect=False, effect_id=None, **more)

    def event(self, kind: str, person: str = "ana", *, after_s: float = 0, **more: Any) -> "Story":
        """A fact of the world."""
        at = TUESDAY + timedelta(seconds=after_s)
        entry = {"kind": kind, "at": at.isoformat(), "real_at": self._real(at), "account_id": "acc-berlin", "person": f"ACo{person}"}
        return self._write(entry | more)

    def _write(self, entry: dict[str, Any]) -> "Story":
        self.lines.append({"seq": len(self.lines) + 1} | entry)
        return self

    def _real(self, at: datetime) -> str:
        return (REAL + (at - TUESDAY) / self.speed).isoformat()


def hours(count: float) -> float:
    """In seconds."""
    return count * 3600


def days(count: float) -> float:
    """In seconds."""
    return count * 86400
