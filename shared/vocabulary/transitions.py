"""Which status may follow which; the database refuses the rest (routines/validate_prospect_status.sql)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.vocabulary.words import STOPPING
from shared.vocabulary.words import ProspectStatus as P
from shared.vocabulary.words import SendStatus as S


class TransitionCondition(StrEnum):
    """What else must be true for a transition."""

    ALWAYS = "always"
    UNCONTACTED = "uncontacted"  # contacted_at IS NULL
    RESUMED = "resumed"  # a person resumes: the same UPDATE sets resumed_at
    REPLY_NAMED = "reply_named"  # the stored reply is named in the same UPDATE (reply_message_id)


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step from a status to another."""

    start: P
    end: P
    condition: TransitionCondition = TransitionCondition.ALWAYS


def status_when_given_up(contacted_at: datetime | None) -> P:
    """The status of a prospect whose sequence ends without success: only one that was never contacted may be called failed."""
    return P.FAILED if contacted_at is None else P.COMPLETED


_DONE_WITH = (P.OPTED_OUT, P.CONVERTED, P.NOT_INTERESTED)


def _rows(start: P, *ends: P, condition: TransitionCondition = TransitionCondition.ALWAYS) -> tuple[Transition, ...]:
    return tuple(Transition(start, end, condition) for end in ends)


PROSPECT_TRANSITIONS: Final[tuple[Transition, ...]] = (
    *_rows(P.PENDING, P.APPROVED, P.CONNECTION_REQUEST_SENT, P.CONNECTED, P.MESSAGING, P.FAILED, *_DONE_WITH),
    *_rows(P.APPROVED, P.PENDING, P.CONNECTION_REQUEST_SENT, P.CONNECTED, P.MESSAGING, P.FAILED, *_DONE_WITH),
    *_rows(P.CONNECTION_REQUEST_SENT, P.CONNECTED, P.COMPLETED, P.WITHDRAWN, *_DONE_WITH),
    *_rows(P.CONNECTION_REQUEST_SENT, P.PENDING, condition=TransitionCondition.UNCONTACTED),
    *_rows(P.CONNECTED, P.MESSAGING, P.COMPLETED, *_DONE_WITH),
    *_rows(P.CONNECTED, P.FAILED, condition=TransitionCondition.UNCONTACTED),
    *_rows(P.MESSAGING, P.COMPLETED, *_DONE_WITH),
    *_rows(P.COMPLETED, *_DONE_WITH),
    *_rows(P.REPLIED, *_DONE_WITH),
    *_rows(P.REPLIED, P.MESSAGING, condition=TransitionCondition.RESUMED),
    *_rows(P.FAILED, P.CONNECTED, *_DONE_WITH),
    *_rows(P.FAILED, P.PENDING, condition=TransitionCondition.UNCONTACTED),
    *_rows(P.WITHDRAWN, P.CONNECTED, *_DONE_WITH),
    *_rows(P.OPTED_OUT),
    *_rows(P.CONVERTED, P.OPTED_OUT),
    *_rows(P.NOT_INTERESTED, P.OPTED_OUT),
    *(Transition(start, P.REPLIED, TransitionCondition.REPLY_NAMED) for start in P if start not in STOPPING),
)

SEND_TRANSITIONS: Final[frozenset[tuple[S, S]]] = frozenset(
    {
        (S.PENDING, S.DISPATCHED),
        (S.DISPATCHED, S.SENDING),
        (S.DISPATCHED, S.PENDING),
        (S.DISPATCHED, S.SKIPPED),
        (S.DISPATCHED, S.FAILED),
        (S.SENDING, S.SENT),
        (S.SENDING, S.FAILED),
        (S.SENDING, S.SKIPPED),
        (S.SENDING, S.PENDING),
        (S.PENDING, S.SKIPPED),
        (S.PENDING, S.FAILED),
        (S.PENDING, S.CANCELLED),
        (S.DISPATCHED, S.CANCELLED),
        (S.FAILED, S.CANCELLED),  # a person has given it up
        (S.FAILED, S.PENDING),
        (S.SKIPPED, S.PENDING),
        (S.CANCELLED, S.PENDING),
        (S.SENT, S.PENDING),
    }
)
"""The four last lead back to pending and are open to `reopen()` alone."""
