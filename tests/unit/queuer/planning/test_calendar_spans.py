"""How much of a calendar a batch loads."""

from datetime import timedelta

from services.queuer.rules.planning.account_calendar import A_LOCAL_DAY, Span
from services.queuer.rules.planning.calendar_spans import AHEAD, PlacementDemand, calendar_spans, merged, widened
from tests.unit.queuer.planning.plan_cases import FIRST_ACCOUNT, NOW, an_account

ACCOUNTS = {FIRST_ACCOUNT: an_account()}
WEEKS = timedelta(weeks=8)


def test_a_span_reaches_a_local_day_around_the_demand_and_some_days_ahead() -> None:
    [(since, until)] = calendar_spans([PlacementDemand(FIRST_ACCOUNT, False, NOW)], ACCOUNTS)[FIRST_ACCOUNT]
    assert since == NOW - A_LOCAL_DAY
    assert until >= NOW + AHEAD + A_LOCAL_DAY


def test_the_end_of_a_long_queue_and_the_present_are_loaded_without_the_weeks_between() -> None:
    demands = [PlacementDemand(FIRST_ACCOUNT, True, NOW + WEEKS), PlacementDemand(FIRST_ACCOUNT, False, NOW)]
    present, end = calendar_spans(demands, ACCOUNTS)[FIRST_ACCOUNT]
    assert present[1] < end[0]


def test_a_large_batch_loads_the_days_that_it_will_fill() -> None:
    batch = [PlacementDemand(FIRST_ACCOUNT, True, NOW)] * 500  # at 100 invitations a week
    [(_, until)] = calendar_spans(batch, ACCOUNTS)[FIRST_ACCOUNT]
    assert until >= NOW + timedelta(weeks=5)
    shared = [PlacementDemand(FIRST_ACCOUNT, True, NOW, likelihood=0.1)] * 500
    assert calendar_spans(shared, ACCOUNTS)[FIRST_ACCOUNT][0][1] < until


def test_spans_that_meet_are_one_or_a_planned_send_would_count_twice() -> None:
    day = timedelta(days=1)
    assert merged([(NOW + day, NOW + 3 * day), (NOW, NOW + day), (NOW + 9 * day, NOW + 10 * day)]) == (
        (NOW, NOW + 3 * day),
        (NOW + 9 * day, NOW + 10 * day),
    )


def test_each_widening_loads_at_least_as_much_again_so_that_few_reach_any_moment() -> None:
    spans: tuple[Span, ...] = ((NOW - A_LOCAL_DAY, NOW + AHEAD),)
    loads = 0
    while spans[-1][1] < NOW + timedelta(days=365):
        spans, loads = widened(spans, spans[-1][1]), loads + 1
    assert loads <= 8
    assert len(spans) == 1
