"""An attempt's facts in the form that is hashed: one JSON array, so that it can be read and made again byte by byte."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import orjson

FORM: Final = 1
"""Written into each link. A change of what follows is a new form beside the old one, which stays readable for ever."""


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """A row of the view `attempt_facts`, in the order of form 1. `error_detail`, `picture` and the parts of `evidence` are SHA-256."""

    id: int
    workspace_id: UUID
    campaign_id: UUID
    prospect_id: UUID
    lead_id: UUID
    account_id: UUID
    send_id: UUID
    action: str
    state: str
    owner: str
    dispatch_no: int
    recipient_id: str | None
    message_sha256: str | None
    decided_at: datetime
    valid_until: datetime
    act_by: datetime
    counted_on: date
    given_back: bool
    answered_at: datetime | None
    http_status: int | None
    error_type: str | None
    error_detail: str | None
    provider_ref: str | None
    chat_id: str | None
    picture: str | None
    evidence: list[str] | None
    withdrawn_at: datetime | None


FIELDS: Final = tuple(field.name for field in fields(AttemptFacts))

Facts = Mapping[str, Any]
"""Values by field, as JSON has them."""


class UnreadableFactsError(ValueError):
    """A link's facts are not what this version can read; the message says what they are."""


def encode_facts(row: AttemptFacts) -> str:
    """The facts of a row as they are sealed."""
    return orjson.dumps([_json_value(getattr(row, name)) for name in FIELDS]).decode()


def read_facts(form: int, text: str) -> dict[str, Any]:
    """What was sealed, by field.

    Raises:
        UnreadableFactsError: the form is not known, or the text is none of its kind.
    """
    if form != FORM:
        raise UnreadableFactsError(f"form {form}, and this version reads form {FORM}")
    try:
        values = json.loads(text)
    except ValueError:
        raise UnreadableFactsError("no JSON") from None
    if not isinstance(values, list) or len(values) != len(FIELDS):
        raise UnreadableFactsError("not the fields of its form")
    return dict(zip(FIELDS, values, strict=True))


def differing(before: Facts, after: Facts) -> list[str]:
    """The fields in which two differ, in order."""
    return [name for name in FIELDS if before[name] != after[name]]


_WHILE_UNKNOWN: Final = frozenset(
    {"state", "given_back", "answered_at", "http_status", "error_type", "error_detail", "provider_ref", "chat_id", "recipient_id"}
)
_FROM_UNKNOWN: Final = frozenset({"unknown", "accepted", "refused", "not_happened", "released"})


def unlawful(before: Facts, after: Facts, *, ref_was_seen: bool = False) -> list[str]:
    """The fields that changed and never may: no code of ours changes them, so they were changed by hand.

    While it is unknown an attempt is settled, and its evidence grows. Afterwards an invitation ends once (`withdrawn_at`), gets the
    id that the provider's list knows it by (`ref_was_seen`: the list showed that id), and a late answer is added to the evidence.
    """
    return [name for name in differing(before, after) if not _may_change(name, before, after, ref_was_seen=ref_was_seen)]


def _may_change(name: str, before: Facts, after: Facts, *, ref_was_seen: bool) -> bool:
    if name == "evidence":
        return _begins_with(after[name] or (), before[name] or ())
    if name == "withdrawn_at":
        return before[name] is None and after["action"] == "invitation" and after["state"] == "accepted"
    if name == "provider_ref" and after["state"] == "accepted" and after["action"] == "invitation":
        return before[name] is None or ref_was_seen
    if before["state"] != "unknown" or name not in _WHILE_UNKNOWN:
        return False
    if name == "state":
        return after[name] in _FROM_UNKNOWN
    return name != "recipient_id" or before[name] is None


def _begins_with(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    return list(longer[: len(shorter)]) == list(shorter)


def _json_value(value: object) -> object:
    """orjson writes moments in more than one way, and no UUID of asyncpg's; days as they have been since form 1."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value) if isinstance(value, UUID) else value
