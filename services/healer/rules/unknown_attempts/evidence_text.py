"""The evidence about an attempt with an unknown outcome, in sentences by which an operator can decide."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from services.healer.rules.unknown_attempts.evidence import Reach, Sight
from services.healer.rules.unknown_attempts.evidence_codec import INVITATION, LISTED, MESSAGE, SAID

PERSON: Final = "person"
"""Kind of the entry in `send_attempts.evidence` that a person's decision leaves."""

_PROFILE: Final[Mapping[str, str]] = {
    Sight.PENDING: "the profile shows an invitation of ours that is open",
    Sight.CONNECTED: "the profile shows that the two are connected",
    Sight.CLEAR: "the profile shows neither invitation nor connection",
    Sight.UNTOLD: "the profile did not tell",
}
_REACH: Final[Mapping[str, str]] = {
    Reach.CHAT: "The chat around that moment",
    Reach.ACCOUNT: "All that the account said since",
    Reach.NOTHING: "What could be read of the account's messages",
}


def describe_evidence(evidence: object) -> list[str]:
    """Every look and what came later, in order, a sentence or two each."""
    entries = evidence if isinstance(evidence, list) else []
    return [sentence for entry in entries if isinstance(entry, dict) and (sentence := _in_words(entry))]


def _in_words(entry: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one for each kind of entry
    at = _format_time(entry.get("at"))
    match entry.get("look"):
        case kind if kind == INVITATION:
            return f"{at}: {_list(entry)}; {_PROFILE.get(entry.get('profile', ''), 'the profile was not read')}. {_verdict(entry)}"
        case kind if kind == LISTED:
            return f"{at}: {_list(entry)}; the profile is still to be asked."
        case kind if kind == MESSAGE:
            return f"{at}: {_messages(entry)} {_verdict(entry)}"
        case kind if kind == SAID:
            return f"{at}: the account said {_many(entry.get('own'))} since, in conversations that are still to be named."
        case kind if kind == PERSON:
            return f"{at}: {entry.get('by')} decided that it {_decided(entry)}: {entry.get('reason')}"
        case _ if "late_answer" in entry:
            return f"{at}: the provider's own answer came late: {entry['late_answer']}."
    return ""


def _list(entry: Mapping[str, Any]) -> str:
    whole = "the whole list of sent invitations" if entry.get("complete") else "the list of sent invitations, which was not whole,"
    if entry.get("listed"):
        since = f" since {_format_time(entry['listed_at'])}" if entry.get("listed_at") else ""
        return f"{whole} shows one to this person{since} ({entry['listed']})"
    return f"{whole} shows none to this person" + (", and shows a later one of ours" if entry.get("witness") else "")


def _messages(entry: Mapping[str, Any]) -> str:
    where = _REACH.get(entry.get("reach", ""), "What was read")
    own: Sequence[Mapping[str, Any]] = entry.get("own") or []
    if not own:
        return f"{where} shows no message that could be this one."
    shown = "; ".join(f"{message.get('id')} of {_format_time(message.get('at'))}" for message in own[:3])
    return f"{where} shows {_many(own)} that no other attempt claims: {shown}."


def _many(own: object) -> str:
    many = len(own) if isinstance(own, list) else 0
    return "one message" if many == 1 else f"{many} messages"


def _verdict(entry: Mapping[str, Any]) -> str:
    words = {"Happened": "So it left", "DidNot": "So it did not leave", "NotYet": "Nothing is proven", "AskPerson": "A person must say"}
    verdict, _, why = str(entry.get("verdict", "")).partition(": ")
    return f"{words.get(verdict, verdict or 'Nothing was concluded')}" + (f": {why}." if why else ".")


def _decided(entry: Mapping[str, Any]) -> str:
    return "left" if entry.get("decision") == "accepted" else "did not leave"


def _format_time(text: object) -> str:
    try:
        return f"{datetime.fromisoformat(str(text)).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return "at an unknown time"
