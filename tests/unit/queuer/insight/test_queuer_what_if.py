"""What a forecast may suppose, and the sentence for everything else."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.queuer.rules.insight.forecast import foretell
from services.queuer.rules.insight.forecast_model import Rates
from services.queuer.rules.insight.what_if import WORDS, WhatIf, read_what_if, shares, suppose
from services.queuer.rules.planning.rotation import apportioned
from shared.refusals import Refused
from shared.vocabulary import AccountStatus, AccountType, Action
from tests.unit.queuer.insight.forecast_cases import OFFICE, OURS, THEIRS, a_forecast_account, a_question, some_work


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("daily_cap=25", {"daily_cap": 25}),
        ("weekly_cap=200", {"weekly_cap": 200}),
        ("spacing=0", {"spacing": 0}),
        (" working_hours_start = 9 ", {"opens": 540}),
        ("working_hours_end=24", {"closes": 1440}),
        ("working_hours_end=17:30", {"closes": 1050}),
        ("skip_weekends=no", {"skip_weekends": False}),
        ("skip_holidays=TRUE", {"skip_holidays": True}),
        ("accounts=+3", {"accounts": 3}),
        ("accounts=+1:premium", {"accounts": 1, "account_type": AccountType.PREMIUM}),
        ("acceptance_rate=0.45", {"acceptance_rate": 0.45}),
        ("reply_rate=1", {"reply_rate": 1.0}),
    ],
)
def test_what_can_be_supposed(said: str, meant: dict[str, Any]) -> None:
    assert read_what_if([said]) == WhatIf(**meant)


@pytest.mark.parametrize(
    ("sets", "holidays", "sentence"),
    [
        (["daily_cap=0"], [], "daily_cap=0 is out of range; write a whole number from 1 to 100"),
        (["daily_cap=2.5"], [], "whole number"),
        (["daily_cap=٣"], [], "whole number"),
        (["daily_cap"], [], "write word=value with one of: acceptance_rate, accounts, daily_cap"),
        (["daily_caps=3"], [], r"did you mean daily_cap\?"),
        (["=3"], [], "cannot be supposed"),
        (["weekly_cap=201"], [], "from 1 to 200"),
        (["spacing=-1"], [], "from 0 to 3600"),
        (["working_hours_start=25"], [], "working_hours_start: 25 is no time of day"),
        (["working_hours_end=²"], [], "no time of day"),
        (["skip_weekends=maybe"], [], "write skip_weekends=true or skip_weekends=false"),
        (["accounts=2"], [], r"write accounts=\+1"),
        (["accounts=+0"], [], r"write accounts=\+1"),
        (["accounts=+1:gold"], [], "'gold' is no kind of account; write one of: free, premium, sales_navigator"),
        (["acceptance_rate=30"], [], "from 0 to 1"),
        (["reply_rate=nan"], [], "from 0 to 1"),
        (["spacing=60", "spacing=90"], [], "spacing is supposed twice"),
        ([], ["2026-12-24"], "country and date like DE:2026-12-24"),
        ([], ["DE:24.12.2026"], "'DE:24.12.2026' cannot be supposed. '24.12.2026' is no date; write it like 2026-12-24"),
        ([], ["XX:2026-12-24"], "Unknown country 'XX'"),
    ],
)
def test_everything_else_is_refused_with_what_may_be_written(sets: list[str], holidays: list[str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        read_what_if(sets, holidays)


def test_nothing_supposed_is_the_same_question() -> None:
    question = a_question(a_forecast_account(some_work(known=5)))
    assert suppose(read_what_if([]), question) == (question, ())


def test_a_lower_cap_ends_later_and_a_higher_one_no_further_than_the_accounts_type_allows() -> None:
    question = a_question(
        a_forecast_account(some_work(known=90)), a_forecast_account(some_work(known=5), number=11, account_type=AccountType.FREE)
    )
    slower, notes = suppose(read_what_if(["daily_cap=25"]), question)
    assert [account.caps[Action.INVITATION] for account in slower.accounts] == [25, 20]
    assert notes == ("An account of type free sends 20 invitations a day at most, not 25.",)
    before, after = foretell(question).finishes, foretell(slower).finishes
    assert before is not None
    assert after is not None
    assert after > before


def test_limits_and_spacing_hold_for_every_account_and_hours_for_the_campaign_alone() -> None:
    other = some_work(campaign_id=THEIRS)
    question = a_question(a_forecast_account(some_work(), other))
    sets = ["weekly_cap=150", "spacing=300", "working_hours_start=9", "working_hours_end=24", "skip_weekends=false", "skip_holidays=no"]
    (account,) = suppose(read_what_if([*sets, "acceptance_rate=0.5", "reply_rate=0.2"]), question)[0].accounts
    assert (account.weekly_cap, account.spacing) == (150, timedelta(minutes=5))
    own, theirs = account.work
    assert own.schedule == replace(OFFICE, opens=540, closes=1440, skip_weekends=False, skip_holidays=False)
    assert own.rates == Rates(acceptance=0.5, reply=0.2)
    assert theirs == other


def test_hours_that_contradict_the_others_are_refused() -> None:
    with pytest.raises(Refused, match="from 19:00 to 18:00 never open"):
        suppose(read_what_if(["working_hours_start=19"]), a_question(a_forecast_account(some_work())))


def test_a_holiday_closes_its_country_and_the_parts_of_it() -> None:
    bavaria = some_work(known=10, schedule=replace(OFFICE, country="DE-BY", working_exceptions=frozenset({date(2026, 3, 11)})))
    question = a_question(a_forecast_account(bavaria), a_forecast_account(some_work(known=10), number=11))
    german, american = suppose(read_what_if([], ["DE:2026-03-11"]), question)[0].accounts
    assert german.work[0].schedule.days_off == {date(2026, 3, 11)}
    assert german.work[0].schedule.working_exceptions == frozenset()
    assert american == question.accounts[1]


def test_a_holiday_nobody_follows_is_refused() -> None:
    with pytest.raises(Refused, match=r"No account here follows the calendar of FR.*they follow: US"):
        suppose(read_what_if([], ["FR:2026-12-24"]), a_question(a_forecast_account(some_work())))


def test_more_accounts_share_whoever_is_new_and_leave_the_rest() -> None:
    away = a_forecast_account(some_work(known=3), number=11, status=AccountStatus.PAUSED)
    under_way = some_work(known=10, unknown=90, invited=(a_question().now,))
    question, notes = suppose(read_what_if(["accounts=+2:sales_navigator"]), a_question(a_forecast_account(under_way), away))
    first, paused, *fresh = question.accounts
    assert [(account.work[0].known, account.work[0].unknown) for account in (first, *fresh)] == [(5, 30), (4, 30), (4, 30)]
    assert (paused.work[0].known, paused.status) == (0, AccountStatus.PAUSED)
    assert first.work[0].invited == under_way.invited
    assert [(each.name, each.account_type, each.work[0].invited) for each in fresh] == [
        ("new 1", AccountType.SALES_NAVIGATOR, ()),
        ("new 2", AccountType.SALES_NAVIGATOR, ()),
    ]
    assert "shared anew" in notes[0]
    assert fresh[0].work[0].campaign_id == OURS


def test_people_are_spread_as_the_schedules_had_them() -> None:
    assert apportioned(10, [3, 1]) == [7, 3]
    assert apportioned(7, [0, 0]) == [7, 0]
    assert apportioned(0, [5, 5]) == [0, 0]
    assert apportioned(5, []) == []


def test_more_accounts_take_over_each_schedules_part() -> None:
    late = some_work(unknown=30, schedule=replace(OFFICE, opens=600))
    question, _ = suppose(read_what_if(["accounts=+1"]), a_question(a_forecast_account(some_work(unknown=10), late)))
    assert [[work.unknown for work in account.work] for account in question.accounts] == [[5, 15], [5, 15]]


def test_shares_differ_by_one_at_most() -> None:
    assert shares(11, 3) == [4, 4, 3]
    assert len(WORDS) == 10
