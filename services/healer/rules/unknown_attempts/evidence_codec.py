"""Looks as they are kept in `send_attempts.evidence`: a JSON list in which other services note things of their own too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.healer.rules.unknown_attempts.evidence import Before, InvitationLook, MessageLook, OwnMessage, Reach, Sight
from shared.vocabulary import FIRST_DEGREE

INVITATION: Final = "invitation"
MESSAGE: Final = "message"
LISTED: Final = "invitation_list"
"""The list was read, the profile is still to be asked."""
SAID: Final = "message_list"
"""What the account said was read, whom it said it to is still to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMessages:
    """The messages of an account since an attempt, in chats whose partners are not known yet."""

    at: datetime
    seen_at: datetime
    whole: bool
    """It reaches back to before the attempt."""
    own: tuple[OwnMessage, ...]


def encode_look(look: InvitationLook | MessageLook, verdict: str) -> dict[str, Any]:
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


def decode_invitation_looks(evidence: object) -> list[InvitationLook]:
    """The looks at invitations in the order they were made."""
    return [_invitation(e) for e in _entries(evidence, INVITATION)]


def decode_message_looks(evidence: object) -> list[MessageLook]:
    """The looks at messages in the order they were made."""
    return [
        MessageLook(
            at=_parse_time(e["at"]),
            seen_at=_parse_time(e["seen_at"]),
            reach=Reach(e["reach"]),
            own=tuple(OwnMessage(id=m["id"], chat_id=m["chat_id"], at=_parse_time(m["at"]), text=None) for m in e["own"]),
        )
        for e in _entries(evidence, MESSAGE)
    ]


def encode_list_part(look: InvitationLook) -> dict[str, Any]:
    """A look at the list alone as a JSON object."""
    return encode_look(look, "needs the profile") | {"look": LISTED}


def encode_messages_part(said: AccountMessages, text: str) -> dict[str, Any]:
    """What was said as a JSON object; of the words only whether they are `text`: most of them are no business of ours."""
    own = [{"id": m.id, "chat_id": m.chat_id, "at": m.at.isoformat(), "same": m.text == text} for m in said.own]
    return {"look": SAID, "at": said.at.isoformat(), "seen_at": said.seen_at.isoformat(), "whole": said.whole, "own": own}


def decode_open_list(evidence: object) -> InvitationLook | None:
    """The look at the list whose profile is still to be asked."""
    last = _last(evidence)
    return _invitation(last) if last is not None and last["look"] == LISTED else None


def decode_open_messages(evidence: object, text: str) -> AccountMessages | None:
    """The look at what was said whose conversations are still to be named."""
    last = _last(evidence)
    if last is None or last["look"] != SAID:
        return None
    own = tuple(
        OwnMessage(id=m["id"], chat_id=m["chat_id"], at=_parse_time(m["at"]), text=text if m["same"] else None) for m in last["own"]
    )
    return AccountMessages(at=_parse_time(last["at"]), seen_at=_parse_time(last["seen_at"]), whole=last["whole"], own=own)


def decode_picture(picture: object) -> Before | None:
    """What the sender knew of the two before the attempt; None when nothing was known.

    The sender's picture holds `network_distance` and `invitation_status` as the provider spelled them.
    """
    if not isinstance(picture, dict):
        return None
    distance = picture.get("network_distance")
    return Before(pending=picture.get("invitation_status") == "PENDING", connected=None if distance is None else distance == FIRST_DEGREE)


def _invitation(e: dict[str, Any]) -> InvitationLook:
    return InvitationLook(
        at=_parse_time(e["at"]),
        seen_at=_parse_time(e["seen_at"]),
        complete=e["complete"],
        listed=e["listed"],
        listed_at=_parse_time(e["listed_at"]) if e["listed_at"] else None,
        witness=e["witness"],
        profile=Sight(e["profile"]),
    )


def _entries(evidence: object, *kinds: str) -> Sequence[dict[str, Any]]:
    if not isinstance(evidence, list):
        return ()
    return [entry for entry in evidence if isinstance(entry, dict) and entry.get("look") in kinds]


def _last(evidence: object) -> dict[str, Any] | None:
    entries = _entries(evidence, INVITATION, MESSAGE, LISTED, SAID)
    return entries[-1] if entries else None


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
