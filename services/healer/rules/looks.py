"""Looks as they are kept in `send_attempts.evidence`: a JSON list in which other services note things of their own too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.healer.rules.evidence import Before, InvitationLook, MessageLook, OwnMessage, Reach, Sight

INVITATION: Final = "invitation"
MESSAGE: Final = "message"


def written(look: InvitationLook | MessageLook, verdict: str) -> dict[str, Any]:
    """One look as a JSON object, with what was concluded from it."""
    common = {"at": look.at.isoformat(), "seen_at": look.seen_at.isoformat(), "verdict": verdict}
    if isinstance(look, InvitationLook):
        return common | {
            "look": INVITATION,
            "complete": look.complete,
            "listed": look.listed,
            "listed_at": look.listed_at.isoformat() if look.listed_at else None,
            "witness": look.witness,
            "profile": look.profile.value,
        }
    own = [{"id": m.id, "chat_id": m.chat_id, "at": m.at.isoformat()} for m in look.own]
    return common | {"look": MESSAGE, "reach": look.reach.value, "own": own}


def invitation_looks(evidence: object) -> list[InvitationLook]:
    """The looks at invitations in the order they were made."""
    return [
        InvitationLook(
            at=_moment(e["at"]),
            seen_at=_moment(e["seen_at"]),
            complete=e["complete"],
            listed=e["listed"],
            listed_at=_moment(e["listed_at"]) if e["listed_at"] else None,
            witness=e["witness"],
            profile=Sight(e["profile"]),
        )
        for e in _entries(evidence, INVITATION)
    ]


def message_looks(evidence: object) -> list[MessageLook]:
    """The looks at messages in the order they were made."""
    return [
        MessageLook(
            at=_moment(e["at"]),
            seen_at=_moment(e["seen_at"]),
            reach=Reach(e["reach"]),
            own=tuple(OwnMessage(id=m["id"], chat_id=m["chat_id"], at=_moment(m["at"]), text=None) for m in e["own"]),
        )
        for e in _entries(evidence, MESSAGE)
    ]


def picture_before(picture: object) -> Before | None:
    """What the sender knew of the two before the attempt; None when nothing was known.

    The sender's picture holds `network_distance` and `invitation_status` as the provider spelled them.
    """
    if not isinstance(picture, dict):
        return None
    distance = picture.get("network_distance")
    return Before(pending=picture.get("invitation_status") == "PENDING", connected=None if distance is None else distance == "FIRST_DEGREE")


def _entries(evidence: object, kind: str) -> Sequence[dict[str, Any]]:
    if not isinstance(evidence, list):
        return ()
    return [entry for entry in evidence if isinstance(entry, dict) and entry.get("look") == kind]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
