"""A forecast is the policy run forward: what it says leaves when the planner would plan it, and within every limit."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from services.queuer.rules.insight.forecast import foretell, load
from services.queuer.rules.insight.forecast_model import FAR, Forecast, ForecastRule, Rates, RuleCost
from services.queuer.rules.planning.account_calendar import AccountCalendar
from services.queuer.rules.planning.fairness import CampaignTurn
from shared.calendar import Schedule
from shared.policy import SPACING, Case
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus
from tests.unit.queuer.insight.forecast_cases import BERLIN, NEW_YORK, NOW, OFFICE, OURS, THEIRS, a_forecast_account, a_question, some_work

TUESDAY = date(2026, 3, 10)
CAPS = {Action.INVITATION: 40, Action.MESSAGE: 100, Action.PROFILE_LOOKUP: 100, Action.EMAIL: 200, Action.WITHDRAWAL: 40}


def invitations(found: Forecast) -> dict[date, int]:
    """Of all accounts together, by day."""
    days: Counter[date] = Counter()
    for day in found.per_day:
        days[day.day] += day.invitations
    return {day: count for day, count in days.items() if count}


def cost(found: Forecast, rule: ForecastRule) -> RuleCost:
    return next(each for each in found.costs if each.rule is rule)


def test_a_day_is_filled_to_its_cap_and_a_week_to_its_own() -> None:
    found = foretell(a_question(a_forecast_account(some_work(known=130))))
    # Tuesday 40, Wednesday 40, Thursday what is left of a hundred; the rest a week after Tuesday's, one for one.
    assert invitations(found) == {TUESDAY: 40, date(2026, 3, 11): 40, date(2026, 3, 12): 20, date(2026, 3, 17): 30}
    assert (found.people, found.contacted) == (130, 130)
    assert found.finishes == found.last_first_contact
    assert found.finishes is not None
    assert found.finishes.date() == date(2026, 3, 17)


def test_the_forecast_and_the_planner_fill_the_same_days() -> None:
    calendar = AccountCalendar(
        NEW_YORK, SPACING, {Action.INVITATION: 40, Action.PROFILE_LOOKUP: 100}, 100, [(NOW - timedelta(days=3), NOW + FAR)]
    )
    calendar.set_invitations(())
    case = Case(
        action=Action.INVITATION,
        scheduled_for=NOW,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=ProspectStatus.PENDING,
        account_status=AccountStatus.USABLE,
        schedule=OFFICE,
        zone=NEW_YORK,
        spacing=SPACING,
        daily_cap=1,
    )
    planned: Counter[date] = Counter()
    for number in range(400):
        earliest = max(NOW, calendar.last.get(Action.INVITATION, NOW))
        slot = calendar.place(case, uuid5(UUID(int=3), str(number)), earliest=earliest, look_up=True)
        assert isinstance(slot, datetime)
        planned[slot.astimezone(NEW_YORK).date()] += 1
    assert invitations(foretell(a_question(a_forecast_account(some_work(unknown=400)), days=60))) == dict(planned)


def test_somebody_unknown_is_looked_up_first_and_only_when_an_invitation_may_follow() -> None:
    found = foretell(a_question(a_forecast_account(some_work(unknown=60)), days=1))
    assert [(day.look_ups, day.invitations) for day in found.per_day] == [(40, 40), (20, 20)]


def test_acceptances_bring_messages_and_answers_end_them() -> None:
    work = some_work(known=100, delays=(timedelta(0), timedelta(days=1), timedelta(days=1), timedelta(days=1)))
    everybody = foretell(a_question(a_forecast_account(replace(work, rates=Rates(acceptance=1.0, reply=0.0)))))
    answering = foretell(a_question(a_forecast_account(replace(work, rates=Rates(acceptance=1.0, reply=1.0)))))
    assert sum(day.messages for day in everybody.per_day) == 300
    assert sum(day.messages for day in answering.per_day) == 100
    assert everybody.last_first_contact == answering.last_first_contact
    assert everybody.finishes is not None
    assert answering.finishes is not None
    assert everybody.finishes > answering.finishes > (answering.last_first_contact or NOW)


def test_a_messenger_campaign_writes_at_once_and_goes_on_until_it_is_answered() -> None:
    work = some_work(known=30, first=Action.MESSAGE, rates=Rates(acceptance=0.0, reply=0.0))
    found = foretell(a_question(a_forecast_account(work)))
    assert sum(day.messages for day in found.per_day) == 60
    assert sum(day.invitations for day in found.per_day) == 0


def test_what_is_under_way_is_sent_when_it_is_due_and_what_was_sent_today_counts() -> None:
    work = some_work(known=5, later=((NOW + timedelta(days=1), 1),), invited=(NOW - timedelta(days=1),))
    account = a_forecast_account(work, used={Action.INVITATION: {TUESDAY: 38}}, invitations=(NOW - timedelta(hours=1),) * 38)
    found = foretell(a_question(replace(account, work=(replace(work, rates=Rates(acceptance=1.0)),)), days=1))
    assert next((day.day, day.invitations, day.messages) for day in found.per_day) == (TUESDAY, 2, 0)


def test_the_same_question_has_the_same_answer() -> None:
    question = a_question(
        a_forecast_account(some_work(unknown=200, rates=Rates())), a_forecast_account(some_work(known=50, rates=Rates()), number=11)
    )
    assert foretell(question) == foretell(question)


def test_nothing_leaves_on_weekends_holidays_and_outside_of_caps() -> None:
    busy = some_work(unknown=2_000, rates=Rates(acceptance=0.6, reply=0.05), delays=(timedelta(0), *[timedelta(days=1)] * 4))
    found = foretell(a_question(a_forecast_account(busy), days=120))
    assert all(day.day.weekday() < 5 for day in found.per_day)
    assert not {date(2026, 5, 25), date(2026, 6, 19), date(2026, 7, 3)} & {day.day for day in found.per_day}
    assert all(day.invitations <= 40 and day.messages <= 100 and day.look_ups <= 100 for day in found.per_day)
    sent = invitations(found)
    assert all(sum(count for day, count in sent.items() if first <= day < first + timedelta(days=7)) <= 100 for first in sent)


def test_the_end_is_found_beyond_the_days_that_are_shown() -> None:
    found = foretell(a_question(a_forecast_account(some_work(known=500)), days=7))
    assert found.contacted == 100
    assert max(day.day for day in found.per_day) < date(2026, 3, 18)
    assert found.finishes is not None
    assert found.finishes.astimezone(NEW_YORK).date() == date(2026, 4, 9)


def test_a_campaign_without_an_end_in_sight_has_none() -> None:
    found = foretell(a_question(a_forecast_account(some_work(known=10_000)), days=3))
    assert (found.finishes, found.last_first_contact) == (None, None)
    assert cost(found, ForecastRule.SPACING) == RuleCost(ForecastRule.SPACING, None, None)
    assert cost(found, ForecastRule.WEEKLY_CAP).finishes is not None  # 40 a day end it


def test_each_rule_costs_what_the_end_comes_sooner_without_it() -> None:
    found = foretell(a_question(a_forecast_account(some_work(known=130))))
    assert found.finishes is not None
    weekly = cost(found, ForecastRule.WEEKLY_CAP)
    assert weekly.finishes is not None
    assert weekly.finishes.date() == date(2026, 3, 13)  # 40, 40, 40 and 10
    assert weekly.days == round((found.finishes - weekly.finishes) / timedelta(days=1), 1)
    assert cost(found, ForecastRule.OTHER_CAMPAIGNS).days == 0
    assert [each.rule for each in found.costs] == list(ForecastRule)
    assert not any(each.at_least for each in found.costs)


@pytest.mark.parametrize(
    ("rule", "account"),
    [
        (ForecastRule.DAILY_CAP, a_forecast_account(some_work(known=90))),
        (ForecastRule.WARM_UP, a_forecast_account(some_work(known=30), warm_up_from=TUESDAY)),
        (ForecastRule.SPACING, a_forecast_account(some_work(known=30), spacing=timedelta(hours=1))),
        (ForecastRule.HOURS, a_forecast_account(some_work(known=30, schedule=Schedule(NEW_YORK, 600, 630, "US")))),
        (ForecastRule.WEEKENDS, a_forecast_account(some_work(known=99), caps={**a_forecast_account().caps, Action.INVITATION: 10})),
        (ForecastRule.HOLIDAYS, a_forecast_account(some_work(known=41, schedule=replace(OFFICE, days_off=frozenset({date(2026, 3, 11)}))))),
        (
            ForecastRule.OTHER_CAMPAIGNS,
            a_forecast_account(some_work(known=40), some_work(campaign_id=THEIRS, known=40)),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_rule_that_holds_a_campaign_back_is_the_one_that_costs(rule: ForecastRule, account: object) -> None:
    found = foretell(a_question(account))  # type: ignore[arg-type]
    assert (cost(found, rule).days or 0) > 0.5


def test_a_new_account_begins_with_a_fifth_of_its_cap() -> None:
    found = foretell(a_question(a_forecast_account(some_work(known=60), warm_up_from=TUESDAY)))
    assert list(invitations(found).values())[:4] == [8, 10, 12, 15]  # 20, 26, 32 and 38 % of 40


def test_an_account_that_cannot_act_holds_its_people_and_not_the_others_end() -> None:
    away = a_forecast_account(some_work(known=7), number=11, status=AccountStatus.DISCONNECTED)
    found = foretell(a_question(a_forecast_account(some_work(known=5)), away))
    assert [(each.account, each.reason, each.people) for each in found.held] == [(away.name, "account_disconnected", 7)]
    assert found.contacted == 5
    assert found.finishes is not None
    idle = a_forecast_account(some_work(), number=12, status=AccountStatus.PAUSED)
    assert (
        foretell(a_question(a_forecast_account(some_work(known=5)), idle)).finishes
        == foretell(a_question(a_forecast_account(some_work(known=5)))).finishes
    )
    alone = foretell(a_question(away))
    assert (alone.finishes, alone.costs) == (None, ())


def test_hours_that_never_open_are_told() -> None:
    never = Schedule(NEW_YORK, 420, 1080, "US", weekdays=frozenset())
    found = foretell(a_question(a_forecast_account(some_work(known=5, schedule=never))))
    assert [(each.reason, each.people) for each in found.held] == [("weekend", 5)]


def test_campaigns_take_turns_and_none_starves_while_their_hours_are_alike() -> None:
    found = foretell(a_question(a_forecast_account(some_work(known=200), some_work(campaign_id=THEIRS, known=200)), days=2))
    assert [(day.invitations, day.others) for day in found.per_day] == [(20, 20), (20, 20), (10, 10)]
    assert found.starved == ()


def test_a_campaign_with_a_longer_turn_gets_so_many_times_as_much_of_the_account() -> None:
    ours, theirs = some_work(known=4000, turn_length=3), some_work(campaign_id=THEIRS, known=4000)
    account = a_forecast_account(ours, theirs, caps=CAPS, turn=CampaignTurn(OURS, 1))
    found = foretell(a_question(account, days=1))
    # One is left of the turn that runs, then theirs comes, then three of ours to each of theirs.
    assert (found.per_day[0].invitations, found.per_day[0].others) == (30, 10)


def test_invitations_that_nobody_answers_are_taken_back_in_the_accounts_own_time() -> None:
    waiting = tuple(NOW - timedelta(days=days) for days in (60, 40, 22, 20))
    work = some_work(known=50, invited=waiting, withdraw_after=timedelta(days=21))
    found = foretell(a_question(a_forecast_account(work, caps={**CAPS, Action.WITHDRAWAL: 2}), days=30))
    days = {day.day: day.withdrawals for day in found.per_day if day.withdrawals}
    assert dict(list(days.items())[:2]) == {date(2026, 3, 10): 2, date(2026, 3, 11): 2}
    assert found.finishes is not None
    assert found.finishes.date() == date(2026, 3, 11), "the campaign has said its last word before"
    without = foretell(a_question(a_forecast_account(some_work(known=50, invited=waiting)), days=30))
    assert not any(day.withdrawals for day in without.per_day)


def test_a_campaign_of_two_schedules_has_one_turn_and_starves_in_none() -> None:
    ours = some_work(known=50), some_work(known=50, schedule=replace(OFFICE, opens=600))
    found = foretell(a_question(a_forecast_account(*ours, some_work(campaign_id=THEIRS, known=200)), days=2))
    assert [(day.invitations, day.others) for day in found.per_day] == [(20, 20), (20, 20), (10, 10)]
    assert found.starved == ()


def test_a_campaign_whose_hours_come_when_the_day_is_used_up_is_starved() -> None:
    early = some_work(campaign_id=THEIRS, known=5_000, schedule=Schedule(BERLIN, 8 * 60, 17 * 60, "US"))
    late = some_work(known=50, schedule=Schedule(NEW_YORK, 14 * 60, 18 * 60, "US"))
    account = a_forecast_account(late, early, weekly_cap=200, caps={**a_forecast_account().caps, Action.INVITATION: 20})
    found = foretell(a_question(account, days=10))
    assert [(each.campaign_name, each.account, each.days >= 5) for each in found.starved] == [("Ours", account.name, True)]
    assert found.contacted == 0


def test_accounts_that_are_alike_are_tried_once_for_the_costs() -> None:
    accounts = [a_forecast_account(some_work(known=40 + number), number=number) for number in range(10, 20)]
    one, many = foretell(a_question(accounts[-1])), foretell(a_question(*accounts))
    assert many.finishes == one.finishes
    assert [each.days for each in many.costs] == [each.days for each in one.costs]


def test_the_amount_of_work_is_known_beforehand() -> None:
    assert load([a_forecast_account(some_work(known=10))], days=30) == 40
    assert load([a_forecast_account(some_work(known=1_000_000))], days=2) == 2 * 180
    assert OURS != THEIRS
