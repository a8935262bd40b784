"""What became of one dispatch, from the send as it stands and the attempt that this dispatch led to."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from shared.vocabulary import Action, AttemptState, SendStatus


class Became(StrEnum):
    """Each dispatch becomes one of these; SENT is said of the one dispatch whose attempt was taken."""

    SENT = "sent"
    LOOKED_UP = "looked_up"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    UNDER_WAY = "under_way"


_ENDS: Final = {SendStatus.FAILED: Became.FAILED, SendStatus.SKIPPED: Became.SKIPPED, SendStatus.CANCELLED: Became.CANCELLED}


def became(row: Mapping[str, Any]) -> Became:
    """`row` is one of the query of this name; a later dispatch of the same send reports its own outcome."""
    status, state = SendStatus(row["status"]), row["state"]
    if state == AttemptState.UNKNOWN:
        return Became.UNKNOWN
    if state == AttemptState.ACCEPTED and row["action"] != Action.PROFILE_LOOKUP:
        return Became.SENT
    if row["dispatched_again"] or status is SendStatus.SENT:
        return Became.LOOKED_UP if state == AttemptState.ACCEPTED else Became.DEFERRED
    if status in _ENDS:
        return _ENDS[status]
    if status is SendStatus.PENDING:
        return Became.LOOKED_UP if state == AttemptState.ACCEPTED else Became.DEFERRED
    return Became.UNDER_WAY
