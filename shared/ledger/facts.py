"""An attempt's facts in the form that is hashed: one JSON array, so that it can be read and made again byte by byte."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

FORM: Final = 1
"""Written into each link. A change of what follows is a new form beside the old one, which stays readable for ever."""

FIELDS: Final = (
    "id",
    "workspace_id",
    "campaign_id",
    "prospect_id",
    "lead_id",
    "account_id",
    "send_id",
    "action",
    "state",
    "owner",
    "dispatch_no",
    "recipient_id",
    "message_sha256",
    "decided_at",
    "valid_until",
    "act_by",
    "counted_on",
    "given_back",
    "answered_at",
    "http_status",
    "error_type",
    "error_detail",
    "provider_ref",
    "chat_id",
    "picture",
    "evidence",
    "withdrawn_at",
)
"""Columns of the view `attempt_facts`, in the order of form 1. `error_detail`, `picture` and the parts of `evidence` are SHA-256."""

Facts = Mapping[str, Any]
"""Values by field, as JSON has them."""


class UnreadableFactsError(ValueError):
    """A link's facts are not what this version can read; the message says what they are."""


def facts_of(row: Mapping[str, Any]) -> str:
    """The facts of a row of `attempt_facts`, as they are sealed."""
    return orjson.dumps([_plain(row[name]) for name in FIELDS]).decode()


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


def _plain(value: object) -> object:
    """orjson writes moments in more than one way, and no UUID of asyncpg's; days as they have been since form 1."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value) if isinstance(value, UUID) else value
