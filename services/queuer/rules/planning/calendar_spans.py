"""How much of each account's calendar a batch needs. It is loaded at once, long enough that the search seldom leaves it.

A batch is placed around two moments of an account: first steps behind those that are planned already, later steps where they
fall due. Each gets a span of its own, because weeks of planned sends may lie between the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.account_calendar import A_LOCAL_DAY, Span
from services.queuer.rules.planning.next_send import PlanningAccount

AHEAD: Final = timedelta(days=4)
"""Loaded beyond the days that the batch itself fills: over a weekend, some hundred rows at most."""


@dataclass(frozen=True, slots=True)
class PlacementDemand:
    """A send that an account may have to place from `earliest` on; `likelihood` below 1 where other accounts may get it."""

    account_id: UUID
    first: bool
    earliest: datetime
    likelihood: float = 1.0


def calendar_spans(demands: Iterable[PlacementDemand], accounts: Mapping[UUID, PlanningAccount]) -> dict[UUID, tuple[Span, ...]]:
    """The spans to load of each account's calendar; two that meet are one, or a planned send would count twice."""
    groups: defaultdict[tuple[UUID, bool], list[PlacementDemand]] = defaultdict(list)
    for demand in demands:
        groups[demand.account_id, demand.first].append(demand)
    found: defaultdict[UUID, list[Span]] = defaultdict(list)
    for (account_id, _), group in groups.items():
        moments = [demand.earliest for demand in group]
        filled = _days_filled(sum(demand.likelihood for demand in group), accounts[account_id])
        found[account_id].append((min(moments) - A_LOCAL_DAY, max(moments) + filled + AHEAD + A_LOCAL_DAY))
    return {account_id: merged(spans) for account_id, spans in found.items()}


def widened(spans: Iterable[Span], at: datetime) -> tuple[Span, ...]:
    """The spans with the surroundings of `at` as well, each time as long as all of them before: few reloads reach any moment."""
    known = tuple(spans)
    ahead = max(AHEAD, sum((until - since for since, until in known), timedelta()))
    return merged([*known, (at - A_LOCAL_DAY, at + A_LOCAL_DAY + ahead)])


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same stretches of time, in order and without overlaps."""
    found: list[Span] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return tuple(found)


def _days_filled(sends: float, account: PlanningAccount) -> timedelta:
    """The days that so many sends fill at the account's smallest limit, weekends included."""
    a_day = min(*account.caps.values(), account.weekly_cap / 7)
    return timedelta(days=7 / 5 * sends / a_day) if a_day > 0 else timedelta()
