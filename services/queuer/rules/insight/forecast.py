"""The campaign's future by the rules of today: what leaves on which day, when it ends, and what each rule costs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.insight.forecast_model import (
    FAR,
    STARVED_AFTER,
    CampaignWork,
    Forecast,
    ForecastAccount,
    ForecastDay,
    ForecastQuestion,
    ForecastRule,
    RuleCost,
)
from services.queuer.rules.insight.forecast_run import AccountRun, SimulatedLane, held_people, starved
from services.queuer.rules.insight.what_if import changed
from shared.policy import SPACING
from shared.vocabulary import Action

MOST_REPLAYED: Final = 800_000
"""Actions that the costs of rules may take all together: some seconds, however large the campaign."""
_ENOUGH: Final = 1_000_000
_ONE_DAY: Final = timedelta(days=1)


def foretell(question: ForecastQuestion) -> Forecast:
    """Run every account forward, then those that finish last once more without one rule at a time."""
    ends = question.now + question.days * _ONE_DAY
    runs = [AccountRun(account, question.now) for account in question.accounts]
    for run in runs:
        run.until(ends)
    per_day = tuple(day for run in runs for day in _days(run, question.campaign_id))
    hungry = tuple(starved(runs, question.names, after=STARVED_AFTER))
    waiting = tuple(found for run in runs for lane in _own(run, question.campaign_id) if (found := held_people(run, lane)))
    contacted = sum(lane.contacted for run in runs for lane in _own(run, question.campaign_id))
    moving = [run for run in runs if any(not lane.held for lane in _own(run, question.campaign_id))]
    last = _last_of_each_kind(moving, question.campaign_id)
    for run in last:
        run.until(question.now + FAR)
    deciding = [*last, *(run for run in moving if run not in last and _end(run, question.campaign_id) is not None)]
    own = [work for account in question.accounts for work in account.work if work.campaign_id == question.campaign_id]
    return Forecast(
        campaign_id=question.campaign_id,
        begins=question.now,
        days=question.days,
        per_day=per_day,
        last_first_contact=_latest(_first_contacts_end(run, question.campaign_id) for run in deciding),
        finishes=_latest(_end(run, question.campaign_id) for run in deciding),
        people=sum(work.known + work.unknown for work in own),
        contacted=contacted,
        starved=hungry,
        held=waiting,
        costs=tuple(_costs(question, last)),
        decisions=sum(run.decisions for run in runs),
    )


def load(accounts: Iterable[ForecastAccount], days: int) -> int:
    """About how many actions a forecast of so many days would run through: no more than there is to do, or than caps allow."""
    return sum(min(_to_do(account), days * _a_day(account)) for account in accounts)


def _to_do(account: ForecastAccount) -> int:
    return sum((work.known + work.unknown) * (2 + len(work.delays)) + len(work.later) + len(work.invited) for work in account.work)


def _a_day(account: ForecastAccount) -> int:
    by_cap = 2 * account.caps[Action.INVITATION] + account.caps[Action.MESSAGE]
    return min(by_cap, int(_ONE_DAY / account.spacing)) if account.spacing else by_cap


def _own(run: AccountRun, campaign_id: UUID) -> list[SimulatedLane]:
    return [lane for lane in run.lanes if lane.work.campaign_id == campaign_id]


def _days(run: AccountRun, campaign_id: UUID) -> Iterable[ForecastDay]:
    for day in sorted({day for lane in run.lanes for day in lane.days}):
        own = [lane.days.get(day, {}) for lane in _own(run, campaign_id)]
        others = sum(sum(lane.days.get(day, {}).values()) for lane in run.lanes if lane.work.campaign_id != campaign_id)
        yield ForecastDay(
            run.account.id,
            day,
            look_ups=sum(counts.get(Action.PROFILE_LOOKUP, 0) for counts in own),
            invitations=sum(counts.get(Action.INVITATION, 0) for counts in own),
            messages=sum(counts.get(Action.MESSAGE, 0) for counts in own),
            withdrawals=sum(counts.get(Action.WITHDRAWAL, 0) for counts in own),
            others=others,
        )


def _end(run: AccountRun, campaign_id: UUID) -> datetime | None:
    """When the account has done the campaign's work, None when it has not."""
    lanes = [lane for lane in _own(run, campaign_id) if not lane.held]
    if not all(lane.done for lane in lanes):
        return None
    return max((lane.last for lane in lanes if lane.last is not None), default=run.begins)


def _first_contacts_end(run: AccountRun, campaign_id: UUID) -> datetime | None:
    lanes = [lane for lane in _own(run, campaign_id) if not lane.held]
    if any(lane.first_contacts for lane in lanes):
        return None
    return max((lane.last_first_contact for lane in lanes if lane.last_first_contact is not None), default=run.begins)


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    """The last of them; None when one has no end, or there is none."""
    found = list(moments)
    return max((moment for moment in found if moment is not None), default=None) if None not in found else None


def _last_of_each_kind(runs: Sequence[AccountRun], campaign_id: UUID) -> list[AccountRun]:
    """Of the accounts that obey the same rules the one with most left, else the one that finished last.

    Those decide when the campaign ends, so that its end and the costs need not be worked out for hundreds that are alike.
    """
    kinds: dict[object, list[AccountRun]] = {}
    for run in runs:
        kinds.setdefault(_kind(run.account), []).append(run)
    late = [max(alike, key=lambda run: _lateness(run, campaign_id)) for alike in kinds.values()]
    return sorted(late, key=lambda run: _lateness(run, campaign_id), reverse=True)


def _lateness(run: AccountRun, campaign_id: UUID) -> tuple[int, int, float]:
    lanes = _own(run, campaign_id)
    last = max((lane.last.timestamp() for lane in lanes if lane.last is not None), default=0.0)
    return sum(lane.first_contacts for lane in lanes), sum(len(lane.later) for lane in lanes), last


def _kind(account: ForecastAccount) -> object:
    works = tuple((work.schedule, work.turn_length, work.withdraw_after) for work in account.work)
    return account.zone.key, tuple(sorted(account.caps.items())), account.weekly_cap, account.warm_up_from, account.spacing, works


def _costs(question: ForecastQuestion, last: Sequence[AccountRun]) -> Iterable[RuleCost]:
    """Each rule taken away alone. Where there are too many kinds of accounts, the rest keeps the end it has with the rule."""
    if not last:
        return
    finishes = _latest(_end(run, question.campaign_id) for run in last)
    tried = _affordable(last)
    rest = [_end(run, question.campaign_id) for run in last[len(tried) :]]
    for rule in ForecastRule:
        ends = []
        for run in tried:
            again = AccountRun(without(rule, run.account, question.campaign_id), question.now)
            again.until(question.now + FAR)
            ends.append(_end(again, question.campaign_id))
        sooner = _latest([*ends, *rest])
        days = None if finishes is None or sooner is None else max(0.0, round((finishes - sooner) / _ONE_DAY, 1))
        yield RuleCost(rule, days, sooner, at_least=bool(rest))


def _affordable(last: Sequence[AccountRun]) -> Sequence[AccountRun]:
    """As many as the costs may take, and one at least."""
    room = MOST_REPLAYED / len(ForecastRule)
    for number, run in enumerate(last):
        room -= min(_to_do(run.account), int(FAR / _ONE_DAY) * _a_day(run.account))
        if room < 0:
            return last[: max(number, 1)]
    return last


def without(rule: ForecastRule, account: ForecastAccount, campaign_id: UUID) -> ForecastAccount:
    """The account as if there were no such rule; everything else still holds."""
    match rule:
        case ForecastRule.DAILY_CAP:
            return replace(account, caps=dict.fromkeys(account.caps, _ENOUGH), warm_up_from=None)  # a ramp is a part of the cap
        case ForecastRule.WEEKLY_CAP:
            return replace(account, weekly_cap=_ENOUGH)
        case ForecastRule.WARM_UP:
            return replace(account, warm_up_from=None)
        case ForecastRule.SPACING:
            return replace(account, spacing=SPACING * 0)
        case ForecastRule.OTHER_CAMPAIGNS:
            return replace(account, work=tuple(work for work in account.work if work.campaign_id == campaign_id))
        case _:
            return replace(account, work=tuple(_unbound(rule, work) if work.campaign_id == campaign_id else work for work in account.work))


def _unbound(rule: ForecastRule, work: CampaignWork) -> CampaignWork:
    match rule:
        case ForecastRule.HOURS:
            return replace(work, schedule=changed(work.schedule, opens=0, closes=24 * 60, half_days=None))
        case ForecastRule.WEEKENDS:
            return replace(work, schedule=changed(work.schedule, skip_weekends=False, weekdays=None))
        case _:
            return replace(work, schedule=changed(work.schedule, skip_holidays=False, days_off=frozenset(), half_days=None))
