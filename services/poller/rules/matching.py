"""What an observation proves about our leads, and what it does not prove."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any, Final

from services.poller.rules.observations import ObservationSource, SeenRelation
from shared.vocabulary import FIRST_DEGREE
from shared.vocabulary import ProspectStatus as P

CLOCK_SLACK: Final = timedelta(minutes=5)
"""The provider's clock and ours may differ by so much."""
UNPROMPTED: Final = timedelta(days=2)
"""A message of a person we have not written to yet counts as a reply for this long; older ones are history."""


def accepted_from(*, first_seen: bool, source: ObservationSource) -> tuple[P, ...]:
    """The statuses that an acceptance leads out of.

    An invited prospect becomes connected whenever and however often the relation is observed. A withdrawn or failed one becomes connected
    only by a new relation: neither the first read of an account nor a relation known before is an answer to us.
    """
    if first_seen and source is not ObservationSource.BASELINE:
        return (P.CONNECTION_REQUEST_SENT, P.WITHDRAWN, P.FAILED)
    return (P.CONNECTION_REQUEST_SENT,)


def settles_unknown(*, decided_at: datetime, picture: Mapping[str, Any] | None, happened_at: datetime | None) -> bool:
    """Does a relation (or a reply) prove that an invitation whose attempt is unknown did arrive?

    Only a relation that did not exist before: neither in the picture taken before the call, nor older than the call.
    """
    if picture and (picture.get("network_distance") == FIRST_DEGREE or picture.get("connected") is True):
        return False
    return happened_at is None or happened_at >= decided_at - CLOCK_SLACK


def answers_us(*, said_at: datetime, first_contact: datetime | None, now: datetime, source: ObservationSource) -> bool:
    """Is a message of one of our leads a reply, or the history of an older conversation?

    After our first contact it is a reply, even when the first read of the chats shows it. Before that only a recent message stops the
    lead: a lead who writes first must not get the prepared first message.
    """
    if first_contact is not None and said_at >= first_contact - CLOCK_SLACK:
        return True
    return source is not ObservationSource.BASELINE and said_at >= now - UNPROMPTED


def reaches_known(relations: Sequence[SeenRelation], new: Set[str], mark: datetime | None) -> bool:
    """Does a page of relations, newest first, reach back to what the last whole read showed?

    By the dates where there are some: a webhook may have made the newest relation known while older ones are not. Without dates a page
    with one known relation is enough.
    """
    dates = [relation.happened_at for relation in relations if relation.happened_at is not None]
    if mark is not None and dates:
        return min(dates) <= mark
    return any(relation.person_id not in new for relation in relations)
