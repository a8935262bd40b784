"""What a forecast starts from: one campaign, its accounts, and everything else these accounts have to do. Only reads."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.insight.forecast_model import CampaignWork, ForecastAccount, ForecastQuestion, Rates
from services.queuer.rules.planning.fairness import CampaignTurn
from services.queuer.rules.planning.rotation import Capacity, RotationCandidate, able_accounts, dealt, share_out
from services.queuer.store.planning.accounts import load_accounts
from services.queuer.store.planning.calendars import DayUse, InvitationMoment
from services.queuer.store.planning.rotations import load_capacities
from shared.calendar import Schedule, ScheduleError, spans
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_one, load
from shared.policy import SPACING
from shared.policy.limits import LimitFacts
from shared.policy.rows import schedule_of, zone_of
from shared.vocabulary import AccountStatus, Action, ActionRole, CampaignStatus, CampaignType

queries = load(__file__)

ENOUGH: Final = 50
"""So many people must have had two weeks to answer before their answers count for more than our assumptions."""
ENOUGH_CONNECTED: Final = 30


@dataclass(frozen=True, slots=True)
class _CampaignRow:
    id: UUID
    campaign_name: str
    schedule: str
    turn_length: int
    withdraw_after_days: int | None


@dataclass(frozen=True, slots=True)
class ForecastCampaign(_CampaignRow):
    """The campaign that is forecast."""

    campaign_type: CampaignType
    status: CampaignStatus
    workspace_schedule: str
    workspace_active: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class _ForecastAccountRow(LimitFacts):
    id: UUID
    name: str
    country: str
    status: AccountStatus
    status_reason: str | None
    next_free_at: datetime | None
    turn_of: UUID | None
    turn_left: int
    schedule: str
    timezone: str


@dataclass(frozen=True, slots=True)
class _ForecastCandidateRow:
    campaign_id: UUID
    account_id: UUID
    usable: bool


@dataclass(frozen=True, slots=True)
class _ForecastStepRow:
    campaign_id: UUID
    action: Action
    delay: timedelta


@dataclass(frozen=True, slots=True)
class _FirstMessagesRow:
    campaign_id: UUID
    account_id: UUID
    timezone: str | None
    look_up: bool
    people: int


@dataclass(frozen=True, slots=True)
class _UnplannedRow:
    campaign_id: UUID
    timezone: str | None
    look_up: bool
    people: int


@dataclass(frozen=True, slots=True)
class _LaterMessageRow:
    campaign_id: UUID
    account_id: UUID
    timezone: str | None
    step_position: int
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class _InvitedRow:
    campaign_id: UUID
    account_id: UUID
    timezone: str | None
    contacted_at: datetime


@dataclass(frozen=True, slots=True)
class _CoolDownRow:
    account_id: UUID
    action: Action
    until: datetime


@dataclass(frozen=True, slots=True)
class _AnswersRow:
    campaign_id: UUID
    contacted: int
    connected: int
    replied: int
    accepted_after: timedelta | None


@dataclass(slots=True)
class _Amount:
    known: int = 0
    unknown: int = 0
    invited: list[datetime] = field(default_factory=list)
    later: list[tuple[datetime, int]] = field(default_factory=list)

    def add(self, people: int, *, look_up: bool) -> None:
        if look_up:
            self.unknown += people
        else:
            self.known += people


class _Amounts:
    """What each campaign has to do on each account, by schedule: one, unless the hours follow the prospects' zones."""

    def __init__(self, own: ForecastCampaign, campaigns: Mapping[UUID, _CampaignRow], accounts: Mapping[UUID, _ForecastAccountRow]) -> None:
        self._own = own
        self._campaigns = campaigns
        self._accounts = accounts
        self.found: defaultdict[tuple[UUID, UUID], dict[Schedule, _Amount]] = defaultdict(dict)

    def amount(self, campaign_id: UUID, account_id: UUID, zone: str | None) -> _Amount:
        """Where to count people of that zone.

        Raises:
            ScheduleError: the hours of the forecast campaign cannot be read.
        """
        account = self._accounts.get(account_id)
        if account is None:
            return _Amount()  # another campaign's account that does nothing for this one
        levels = (self._campaigns[campaign_id].schedule, account.schedule, self._own.workspace_schedule)
        try:
            schedule = schedule_of(levels, account.timezone, account.country, zone)
        except ScheduleError as error:
            if campaign_id == self._own.id:
                raise ScheduleError(f"the account {account.name!r}: {error}") from None
            return _Amount()  # by hours that cannot be read nothing leaves, so that it takes none of the account's time
        return self.found[campaign_id, account_id].setdefault(schedule, _Amount())


async def load_campaign(connection: Connection, campaign_id: UUID, *, workspace_id: UUID | None) -> ForecastCampaign | None:
    """The campaign, when there is one and it belongs to the caller's workspace."""
    return await fetch_one(connection, queries.campaign, ForecastCampaign, campaign_id=campaign_id, workspace_id=workspace_id)


async def load_question(connection: Connection, own: ForecastCampaign, *, days: int) -> ForecastQuestion:
    """Everything the forecast needs, read in one transaction.

    Raises:
        ScheduleError: the stored hours that hold for the campaign on one of its accounts cannot be read.
    """
    accounts = {row.id: row for row in await fetch_all(connection, queries.accounts, _ForecastAccountRow, campaign_id=own.id, now=own.now)}
    others = await fetch_all(connection, queries.other_campaigns, _CampaignRow, campaign_id=own.id, account_ids=list(accounts))
    campaigns: dict[UUID, _CampaignRow] = {own.id: own} | {row.id: row for row in others}
    steps: dict[UUID, list[_ForecastStepRow]] = {}
    for step in await fetch_all(connection, queries.steps, _ForecastStepRow, campaign_ids=list(campaigns)):
        steps.setdefault(step.campaign_id, []).append(step)
    amounts = _Amounts(own, campaigns, accounts)
    await _count_work(connection, amounts, steps, list(accounts), now=own.now)
    rates = await _load_rates(connection, steps, now=own.now)
    work: dict[UUID, list[CampaignWork]] = {account_id: [] for account_id in accounts}
    for campaign_id, own_steps in steps.items():
        for account_id in accounts:
            if campaign_id == own.id and (own.id, account_id) not in amounts.found:
                amounts.amount(own.id, account_id, None)
            for schedule, amount in amounts.found.get((campaign_id, account_id), {}).items():
                work[account_id].append(_campaign_work(campaigns[campaign_id], schedule, own_steps, rates[campaign_id], amount))
    return ForecastQuestion(
        campaign_id=own.id,
        now=own.now,
        days=days,
        accounts=await _load_past(connection, [_account(row, work[row.id]) for row in accounts.values()], now=own.now),
        names={row.id: row.campaign_name for row in campaigns.values()},
    )


async def _count_work(
    connection: Connection,
    amounts: _Amounts,
    steps: Mapping[UUID, Sequence[_ForecastStepRow]],
    account_ids: Sequence[UUID],
    *,
    now: datetime,
) -> None:
    campaign_ids = list(steps)
    for row in await fetch_all(connection, queries.first_messages, _FirstMessagesRow, campaign_ids=campaign_ids, account_ids=account_ids):
        amounts.amount(row.campaign_id, row.account_id, row.timezone).add(row.people, look_up=row.look_up)
    for later in await fetch_all(connection, queries.later_messages, _LaterMessageRow, campaign_ids=campaign_ids, account_ids=account_ids):
        amount = amounts.amount(later.campaign_id, later.account_id, later.timezone)
        amount.later.append((later.scheduled_for, later.step_position - 1))
    for invited in await fetch_all(connection, queries.invited, _InvitedRow, campaign_ids=campaign_ids, account_ids=account_ids, now=now):
        amounts.amount(invited.campaign_id, invited.account_id, invited.timezone).invited.append(invited.contacted_at)
    unplanned: dict[UUID, list[_UnplannedRow]] = {}
    for people in await fetch_all(connection, queries.unplanned, _UnplannedRow, campaign_ids=campaign_ids):
        unplanned.setdefault(people.campaign_id, []).append(people)
    capacities = await _load_capacities(connection, {campaign_id: steps[campaign_id][0].action for campaign_id in unplanned}, now=now)
    for campaign_id, of_accounts in capacities.items():
        parts = [people.people for people in unplanned[campaign_id]]
        shared = share_out(sum(parts), of_accounts)
        for people, counts in zip(unplanned[campaign_id], dealt(parts, list(shared.values())), strict=True):
            for account_id, count in zip(shared, counts, strict=True):
                if count:
                    amounts.amount(campaign_id, account_id, people.timezone).add(count, look_up=people.look_up)


async def _load_capacities(connection: Connection, firsts: Mapping[UUID, Action], *, now: datetime) -> dict[UUID, dict[UUID, Capacity]]:
    """What the accounts among which each campaign shares its new people may still do of its first step, as the planner asks.

    Two campaigns of one account each see it as it is now, because the order in which they will be planned is not known.
    """
    candidates: dict[UUID, list[RotationCandidate]] = {}
    for row in await fetch_all(connection, queries.candidates, _ForecastCandidateRow, campaign_ids=list(firsts)):
        candidates.setdefault(row.campaign_id, []).append(RotationCandidate(row.account_id, row.usable))
    accounts = await load_accounts(connection, {each.account_id for found in candidates.values() for each in found}, now=now)
    able = {
        campaign_id: able_accounts([each for each in found if each.account_id in accounts]) for campaign_id, found in candidates.items()
    }
    wanted = {(account_id, firsts[campaign_id]) for campaign_id, found in able.items() for account_id in found}
    capacities = await load_capacities(connection, wanted, accounts, now=now)
    return {
        campaign_id: {account_id: replace(capacities[firsts[campaign_id]][account_id]) for account_id in found}
        for campaign_id, found in able.items()
    }


async def _load_rates(connection: Connection, steps: Mapping[UUID, Sequence[_ForecastStepRow]], *, now: datetime) -> dict[UUID, Rates]:
    """Measured where enough people had time to answer, else assumed."""
    assumed = Rates()
    found = dict.fromkeys(steps, assumed)
    for row in await fetch_all(connection, queries.answers, _AnswersRow, campaign_ids=list(steps), now=now):
        if row.contacted < ENOUGH:
            continue
        messages = max(1, len(steps[row.campaign_id]) - (steps[row.campaign_id][0].action.role is ActionRole.CONNECT))
        found[row.campaign_id] = Rates(
            acceptance=row.connected / row.contacted,
            # Of those who were reached so many answered one of the messages; the same chance for each of them.
            reply=1 - (1 - row.replied / row.connected) ** (1 / messages) if row.connected >= ENOUGH_CONNECTED else assumed.reply,
            accepted_after=row.accepted_after or assumed.accepted_after,
            contacted=row.contacted,
        )
    return found


async def _load_past(connection: Connection, accounts: Sequence[ForecastAccount], *, now: datetime) -> tuple[ForecastAccount, ...]:
    """The accounts with what they have done in the days that still count."""
    ids = [account.id for account in accounts]
    used: dict[UUID, dict[Action, dict[date, int]]] = {account_id: {} for account_id in ids}
    for day in await fetch_all(connection, queries.use_of_days, DayUse, account_ids=ids, now=now):
        used[day.account_id].setdefault(day.action, {})[day.local_date] = day.used
    invitations: dict[UUID, list[datetime]] = {account_id: [] for account_id in ids}
    for each in await fetch_all(connection, queries.invitations_sent, InvitationMoment, account_ids=ids, now=now):
        invitations[each.account_id].append(each.at)
    cool_downs: dict[UUID, dict[Action, datetime]] = {account_id: {} for account_id in ids}
    for row in await fetch_all(connection, queries.cool_downs, _CoolDownRow, account_ids=ids, now=now):
        cool_downs[row.account_id][row.action] = row.until
    found = [
        replace(account, used=used[account.id], invitations=tuple(invitations[account.id]), cool_downs=cool_downs[account.id])
        for account in accounts
    ]
    return tuple(replace(account, invitations=(*account.invitations, *_unexplained(account, now))) for account in found)


def _unexplained(account: ForecastAccount, now: datetime) -> list[datetime]:
    """Invitations that are counted without a send of ours: as late on their day as can be, which errs on the safe side."""
    explained = Counter(at.astimezone(account.zone).date() for at in account.invitations)
    found = []
    for day, used in account.used.get(Action.INVITATION, {}).items():
        ends = min(max((end for _, end in spans(account.zone, day)), default=now), now)
        if ends > now - timedelta(hours=168):
            found += [ends] * max(0, used - explained[day])
    return found


def _campaign_work(
    campaign: _CampaignRow, schedule: Schedule, steps: Sequence[_ForecastStepRow], rates: Rates, amount: _Amount
) -> CampaignWork:
    days = campaign.withdraw_after_days
    return CampaignWork(
        campaign_id=campaign.id,
        turn_length=campaign.turn_length,
        withdraw_after=None if days is None else timedelta(days=days),
        schedule=schedule,
        first=steps[0].action,
        delays=tuple(step.delay for step in steps),
        rates=rates,
        known=amount.known,
        unknown=amount.unknown,
        invited=tuple(amount.invited),
        later=tuple(amount.later),
    )


def _account(row: _ForecastAccountRow, work: Sequence[CampaignWork]) -> ForecastAccount:
    return ForecastAccount(
        id=row.id,
        name=row.name,
        account_type=row.account_type,
        zone=zone_of(row.timezone),
        status=row.status,
        status_reason=row.status_reason,
        caps=dict(row.caps),
        weekly_cap=row.weekly_cap,
        spacing=SPACING,
        warm_up_from=row.warm_up_from,
        exception=row.cr_exception,
        next_free_at=row.next_free_at,
        work=tuple(work),
        turn=CampaignTurn(row.turn_of, row.turn_left),
    )
