"""The ways in which rows get wrong, who knows what is right, and when a row is right again. Shares no rule with the healer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.vocabulary import OPEN, UNSTARTED

ENDS: Final = frozenset({"opted_out", "converted", "not_interested", "replied", "completed"})
CONTACTED: Final = frozenset({"connection_request_sent", "connected", "messaging", "withdrawn"}) | ENDS


@dataclass(frozen=True, slots=True)
class CorruptionKind:
    """One way. `of`: which people it takes; `does`: the statements that spoil them; `proposed`: it is for a person to decide."""

    name: str
    of: str
    does: tuple[str, ...]
    contacted: bool
    """The truth: were these people contacted before?"""
    proposed: bool = False
    at_once: bool = False
    """Counted by the view, and so to be mended within seconds of the corruption itself."""


CORRUPTIONS: Final = (
    CorruptionKind("marked_sent_and_never_sent", "fresh", ("mark_sent", "say_sent"), contacted=False, at_once=True),
    CorruptionKind("contact_lost", "invited", ("lose_contact",), contacted=True, at_once=True),
    CorruptionKind("failed_though_contacted", "invited", ("fail",), contacted=True, at_once=True),
    CorruptionKind("pending_though_contacted", "invited", ("back_to_pending",), contacted=True, at_once=True),
    CorruptionKind("contact_invented", "fresh", ("invent_contact",), contacted=False, proposed=True, at_once=True),
    CorruptionKind("step_says_sent", "fresh", ("say_sent",), contacted=False),
    CorruptionKind("invitation_invented", "fresh", ("mark_sent", "invent_contact", "say_sent"), contacted=False, proposed=True),
    CorruptionKind("left_in_hand", "fresh", ("leave_in_hand",), contacted=False),
    CorruptionKind("step_waits_for_who_declined", "connected", ("reply",), contacted=True),
    CorruptionKind("acceptance_lost", "connected", ("lose_acceptance",), contacted=True),
)
COUNTS: Final = "counts_changed"


@dataclass(slots=True)
class CorruptedRow:
    """One corrupted row, and when it was seen right, or proposed, first (seconds since the corruption was committed)."""

    way: CorruptionKind
    prospect: Any
    send: Any
    at: float
    right_after: float | None = None
    proposed_after: float | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether nothing more is awaited."""
        return self.right_after is not None or self.proposed_after is not None


def right(way: CorruptionKind, row: Mapping[str, Any]) -> bool:
    """Is the row as the truth has it? A prospect who was not contacted may have been contacted properly since."""
    status, send = str(row["status"]), str(row["send_status"])
    contacted = row["contacted_at"] is not None
    if way.name == "step_waits_for_who_declined":
        return send == "cancelled"
    if way.name == "acceptance_lost":
        return status in {"connected", "messaging"} | ENDS and row["connected_at"] is not None
    if way.contacted:
        return contacted and status in CONTACTED
    waiting = not contacted and status in UNSTARTED and send in OPEN
    gone_out = contacted and status in CONTACTED and send == "sent"
    if way.name == "left_in_hand":
        waiting = waiting and send != "dispatched"
    return waiting or (gone_out and not way.proposed)


def truly_contacted(person: Sequence[str | None], effects: Mapping[str, int]) -> int:
    """How many invitations the provider took for this person, by any of their names."""
    return max((effects.get(name, 0) for name in person if name), default=0)
