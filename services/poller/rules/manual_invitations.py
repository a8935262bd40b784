"""Which of the invitations that the provider lists did the member send by hand?

The list names no author. An invitation that one of our own attempts explains is ours, also an attempt that is under way or unknown; the
others were sent by hand. The result follows from stored rows alone, so it is the same however often and in whatever order a list is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.poller.rules.observations import SeenInvitation

GRANULARITY: Final = timedelta(days=2)
"""Dates in the list come from words such as "Sent yesterday"."""
COUNTS_FOR: Final = timedelta(days=8)
"""The rolling week plus one day of granularity: an invitation that was older when it was first observed spends no budget."""
LOOK_BACK: Final = timedelta(days=9)
"""Invitations observed in this time are compared again at every read: an attempt may have ended meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedInvitation:
    """An invitation as it was first observed in the list. `sent_at` is None where it cannot be known."""

    invitation_id: str
    person_id: str | None
    vanity: str | None
    sent_at: datetime | None
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvitation:
    """An attempt of ours to invite a person that left, or may have left."""

    attempt_id: int
    provider_ref: str | None
    person_id: str | None
    vanity: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationAuthors:
    """Which of the listed invitations are ours, each with its attempt, and which were sent by hand."""

    ours: tuple[tuple[ListedInvitation, OwnInvitation], ...]
    by_hand: tuple[ListedInvitation, ...]


def fill_missing_dates(shown: Sequence[SeenInvitation]) -> list[SeenInvitation]:
    """A page, newest first, in which an invitation without a date gets the date of the next newer one: the latest date that it can have."""
    near: datetime | None = None
    found = []
    for one in shown:
        near = one.sent_at or near
        found.append(one if one.sent_at else replace(one, near=near))
    return found


def sent_at(*, shown: datetime | None, near: datetime | None, observed_at: datetime, baseline_at: datetime | None) -> datetime | None:
    """When the invitation left, as far as that is known, and never after it was observed.

    Without any date it is as new as it can be, if it was absent when the whole list was first read; otherwise the moment is unknown.
    """
    if (date := shown or near) is not None:
        return min(date, observed_at)
    return observed_at if baseline_at is not None and observed_at > baseline_at else None


def find_authors(listed: Iterable[ListedInvitation], own: Sequence[OwnInvitation]) -> InvitationAuthors:
    """Match each invitation with at most one attempt: by the provider's id first, then by person and time."""
    by_ref = {one.provider_ref: one for one in own if one.provider_ref is not None}
    ours, rest = [], []
    for one in sorted(listed, key=lambda one: one.invitation_id):
        if (attempt := by_ref.get(one.invitation_id)) is not None:
            ours.append((one, attempt))
        else:
            rest.append(one)
    free = [one for one in own if one.attempt_id not in {attempt.attempt_id for _, attempt in ours}]
    by_hand = []
    for one in rest:
        attempt = next((each for each in free if _same_person(one, each) and _same_time(one, each)), None)
        if attempt is None:
            by_hand.append(one)
        else:
            free.remove(attempt)
            ours.append((one, attempt))
    return InvitationAuthors(tuple(ours), tuple(by_hand))


def spends_budget(one: ListedInvitation) -> bool:
    """Whether an invitation by hand spends the account's budget: decided by its date and the moment it was first observed."""
    return one.sent_at is not None and one.sent_at > one.observed_at - COUNTS_FOR


def _same_person(one: ListedInvitation, own: OwnInvitation) -> bool:
    if one.person_id is not None and own.person_id is not None:
        return one.person_id == own.person_id
    return one.vanity is not None and one.vanity == own.vanity


def _same_time(one: ListedInvitation, own: OwnInvitation) -> bool:
    """Words such as "2 weeks ago" are rounded down, so the true age lies between the age that they name and twice that."""
    if one.sent_at is None:
        return own.decided_at <= one.observed_at + GRANULARITY
    age = max(one.observed_at - one.sent_at, GRANULARITY)
    return one.sent_at - age <= own.decided_at <= one.sent_at + GRANULARITY
