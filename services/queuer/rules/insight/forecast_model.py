"""What a forecast starts from and what it ends in: plain values, so that another process can work on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.planning.fairness import CampaignTurn
from shared.calendar import Schedule
from shared.contracts.campaign_fields import DEFAULT_TURN_LENGTH
from shared.vocabulary import AccountStatus, AccountType, Action

FAR: Final = timedelta(days=400)
"""How far the end of a campaign is looked for, whatever number of days the table shows."""
STARVED_AFTER: Final = 3
"""Days in a row on which an account sent for others and nothing for a campaign that had something to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How people answer. Each message but the last may end the sequence with `reply`; `contacted` is what it was measured on.

    `contacted` 0: assumptions, because the campaign has no past yet.
    """

    acceptance: float = 0.3
    reply: float = 0.1
    accepted_after: timedelta = timedelta(days=3)
    contacted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignWork:
    """What one campaign has to do on one account by one schedule; where hours follow the prospect, it has several.

    `delays` are the waits of its steps in order, the first step's own included. `known` people can be written to at
    once, `unknown` ones have to be looked up first. `invited` are moments of unanswered invitations; `later`
    are planned messages: when, and which step (0 is the first). An invitation that waits longer than `withdraw_after` is
    taken back. `turn_length` is how many actions in a row the campaign gets of the account.
    """

    campaign_id: UUID
    schedule: Schedule
    first: Action
    delays: tuple[timedelta, ...]
    rates: Rates
    known: int = 0
    unknown: int = 0
    invited: tuple[datetime, ...] = ()
    later: tuple[tuple[datetime, int], ...] = ()
    withdraw_after: timedelta | None = None
    turn_length: int = DEFAULT_TURN_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastAccount:
    """An account: its limits, what it has done so far, and what it has to do.

    `caps` by action are those of a whole local day; while it warms up, from `warm_up_from` on, less of them.
    `exception` is the written one to the invitations of its type, `turn` whose campaign's turn it is.
    """

    id: UUID
    name: str
    account_type: AccountType
    zone: ZoneInfo
    status: AccountStatus
    status_reason: str | None
    caps: Mapping[Action, int]
    weekly_cap: int
    spacing: timedelta
    warm_up_from: date | None = None
    exception: int | None = None
    next_free_at: datetime | None = None
    used: Mapping[Action, Mapping[date, int]] = field(default_factory=dict)
    invitations: tuple[datetime, ...] = ()
    cool_downs: Mapping[Action, datetime] = field(default_factory=dict)
    work: tuple[CampaignWork, ...] = ()
    turn: CampaignTurn = field(default_factory=CampaignTurn)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastQuestion:
    """One forecast: whose, from when, for how many days. `names` are those of every campaign the accounts work for."""

    campaign_id: UUID
    now: datetime
    days: int
    accounts: tuple[ForecastAccount, ...]
    names: Mapping[UUID, str]


class ForecastRule(StrEnum):
    """What a forecast can do without, one at a time."""

    DAILY_CAP = "daily_cap"
    WEEKLY_CAP = "weekly_cap"
    WARM_UP = "warm_up"
    SPACING = "spacing"
    HOURS = "hours"
    WEEKENDS = "weekends"
    HOLIDAYS = "holidays"
    OTHER_CAMPAIGNS = "other_campaigns"


@dataclass(frozen=True, slots=True)
class RuleCost:
    """How many days sooner the campaign would end without this rule, and when; `at_least` when not every kind of account was tried.

    None: it does not end within FAR, with the rule or (`finishes`) even without it. Costs do not add up: without one
    rule the next one holds.
    """

    rule: ForecastRule
    days: float | None
    finishes: datetime | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """One of an account's own days. `others` counts what it does for other campaigns."""

    account_id: UUID
    day: date
    look_ups: int = 0
    invitations: int = 0
    messages: int = 0
    withdrawals: int = 0
    others: int = 0


@dataclass(frozen=True, slots=True)
class StarvedCampaign:
    """A campaign that an account passed over on so many of its sending days in a row, the first of them `since`."""

    campaign_id: UUID
    campaign_name: str
    account: str
    days: int
    since: date


@dataclass(frozen=True, slots=True)
class HeldPeople:
    """People who wait for something without a time: an account to come back, hours that never open."""

    account: str
    reason: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would leave. `last_first_contact` and `finishes` are the campaign's, None when they lie beyond FAR or never come.

    What is held counts for neither: it is told apart.
    """

    campaign_id: UUID
    begins: datetime
    days: int
    per_day: tuple[ForecastDay, ...]
    last_first_contact: datetime | None
    finishes: datetime | None
    people: int
    contacted: int
    starved: tuple[StarvedCampaign, ...]
    held: tuple[HeldPeople, ...]
    costs: tuple[RuleCost, ...]
    decisions: int
