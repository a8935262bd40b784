"""What an observation says about our own people, and what it does not."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any, Final

from services.poller.rules.observations import ObservationSource, SeenRelation
from shared.vocabulary import FIRST_DEGREE
from shared.vocabulary import ProspectStatus as P

CLOCK_SLACK: Final = timedelta(minutes=5)
"""The provider's clock and ours may differ by so much."""
UNPROMPTED: Final = timedelta(days=2)
"""A message of somebody we have not written to yet counts as an answer this long: older ones are history."""


def accepted_from(*, first_seen: bool, source: ObservationSource) -> tuple[P, ...]:
    """The statuses an acceptance leads out of.

    Who was invited is waiting for exactly this, whenever and however often it is seen. Who was withdrawn or given up
    becomes connected only by news: the first read of an account, and a relation known long before, are no answer to us.
    """
    if first_seen and source is not ObservationSource.BASELINE:
        return (P.CONNECTION_REQUEST_SENT, P.WITHDRAWN, P.FAILED)
    return (P.CONNECTION_REQUEST_SENT,)


def settles_unknown(*, decided_at: datetime, picture: Mapping[str, Any] | None, happened_at: datetime | None) -> bool:
    """Does a relation (or an answer) prove that an invitation of which we know nothing did arrive?

    Only a relation that was not there before: neither in the picture taken before the call, nor older than the call.
    """
    if picture and (picture.get("network_distance") == FIRST_DEGREE or picture.get("connected") is True):
        return False
    return happened_at is None or happened_at >= decided_at - CLOCK_SLACK


def answers_us(*, said_at: datetime, first_contact: datetime | None, now: datetime, source: ObservationSource) -> bool:
    """Is a message of one of our people an answer, or the history of an older conversation?

    After our first contact it is one, even when the first read of the chats shows it. Before that only what was said
    just now stops the lead: somebody who writes by himself must not get the prepared first message.
    """
    if first_contact is not None and said_at >= first_contact - CLOCK_SLACK:
        return True
    return source is not ObservationSource.BASELINE and said_at >= now - UNPROMPTED


def reaches_known(relations: Sequence[SeenRelation], new: Set[str], mark: datetime | None) -> bool:
    """Does a page of relations, newest first, reach back to what the last whole read showed?

    By the dates where there are some: a webhook may have made the newest known while older ones are not. Without dates a page
    with somebody known is enough.
    """
    dates = [relation.happened_at for relation in relations if relation.happened_at is not None]
    if mark is not None and dates:
        return min(dates) <= mark
    return any(relation.person_id not in new for relation in relations)
