"""A run is worked out from its seed: the same one can be played again."""

from collections import Counter

from embedded.chaos.plan import SERVICES, FaultKind, make_plan
from embedded.chaos.scenario import promises, rules, world


def kinds(sends: int) -> Counter[FaultKind]:
    return Counter(fault.kind for fault in make_plan(sends=sends, seed=3).faults)


def test_the_same_seed_plays_the_same_faults_and_another_one_others() -> None:
    assert make_plan(sends=20_000, seed=7) == make_plan(sends=20_000, seed=7)
    assert make_plan(sends=20_000, seed=7).faults != make_plan(sends=20_000, seed=8).faults
    assert world(make_plan(sends=400, seed=7)) == world(make_plan(sends=400, seed=7))


def test_twenty_thousand_sends_over_two_thousand_accounts_meet_every_fault_often_enough() -> None:
    plan, count = make_plan(sends=20_000, seed=1), kinds(20_000)
    assert (plan.promised, plan.accounts, plan.brief) == (20_000, 2_000, False)
    assert count[FaultKind.SERVICE] + 2 * count[FaultKind.PAIR] >= 32
    assert (count[FaultKind.BROKER], count[FaultKind.POSTGRES]) == (10, 10)
    assert min(count[FaultKind.FREEZE], count[FaultKind.REBALANCE], count[FaultKind.DISCONNECT]) >= 3
    hung = {name for fault in plan.faults if fault.kind is FaultKind.HANG for name in fault.targets}
    assert {"postgres", "queuer-1", "poller-1", "healer-1"} < hung, "and two brokers"
    killed = {name for fault in plan.faults if fault.kind is FaultKind.SERVICE for name in fault.targets}
    assert killed == set(SERVICES)


def test_a_freeze_is_longer_than_the_session_and_than_the_time_to_act() -> None:
    assert all(fault.lasts_s >= 25 for fault in make_plan(sends=20_000, seed=1).faults if fault.kind is FaultKind.FREEZE)


def test_a_brief_run_meets_one_fault_of_each_kind_that_needs_no_hours_to_get_over() -> None:
    plan = make_plan(sends=80, seed=5)
    assert plan.brief
    assert set(kinds(80)) == {FaultKind.SERVICE, FaultKind.PAIR, FaultKind.BROKER, FaultKind.POSTGRES, FaultKind.FREEZE}
    assert plan.lasts_s < 30


def test_a_larger_run_has_more_accounts_and_lasts_longer_instead_of_pressing_harder() -> None:
    large = make_plan(sends=100_000, seed=1)
    assert large.accounts == 10_000
    assert large.promised / large.lasts_s <= 40
    assert large.speed < make_plan(sends=20_000, seed=1).speed


def test_every_account_has_a_rule_and_every_promise_a_person() -> None:
    plan = make_plan(sends=800, seed=2)
    people = {person["provider_id"]: person for person in world(plan)["people"]}
    assert {one["id"] for one in world(plan)["accounts"]} == {one.account_id for one in rules(plan)}
    told = promises(plan)
    assert len(told) == plan.promised == 800
    assert all(one.recipient in people for one in told)
    assert all(people[one.recipient]["accepts_after_s"] is not None for one in told if one.action == "message")
