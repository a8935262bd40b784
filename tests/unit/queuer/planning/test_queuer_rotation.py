"""Accounts of a campaign share its new prospects by what each may still send."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.queuer.rules.planning.rotation import Capacity, RotationCandidate, apportioned, dealt, pick, share_out

A, B, C = (UUID(int=number) for number in (1, 2, 3))


def given_out(rooms: dict[UUID, Capacity], times: int, *, unusable: frozenset[UUID] = frozenset(), plan: bool = True) -> list[UUID]:
    """Who gets the next prospects; each is planned, unless a test wants the shares to stand still."""
    candidates = [RotationCandidate(account_id, account_id not in unusable) for account_id in rooms]
    balances: dict[UUID, float] = {}
    order = []
    for _ in range(times):
        chosen = pick(candidates, balances, rooms)
        assert chosen is not None
        order.append(chosen[0])
        balances |= chosen[1]
        if plan:
            rooms[chosen[0]].plan_more()
    return order


def a_room(today: int = 40, taken: int = 0) -> Capacity:
    return Capacity(today, week=100, taken=taken)


def test_equal_accounts_take_turns() -> None:
    assert given_out({A: a_room(), B: a_room(), C: a_room()}, 6, plan=False) == [A, B, C, A, B, C]
    assert Counter(given_out({A: a_room(), B: a_room(), C: a_room()}, 6)) == {A: 2, B: 2, C: 2}


def test_twice_the_room_is_twice_the_prospects_and_evenly_mixed() -> None:
    assert given_out({A: a_room(40), B: a_room(20)}, 6, plan=False) == [A, B, A, A, B, A]
    assert Counter(given_out({A: a_room(40), B: a_room(20)}, 60)) == {A: 40, B: 20}


def test_one_whose_day_is_full_waits_while_another_has_room_today() -> None:
    assert given_out({A: a_room(0), B: a_room(3)}, 3) == [B, B, B]


def test_when_the_day_is_over_for_all_the_week_decides_and_then_the_shorter_queue() -> None:
    assert Counter(given_out({A: a_room(0, taken=90), B: a_room(0, taken=40)}, 70)) == {A: 10, B: 60}
    assert Counter(given_out({A: a_room(0, taken=800), B: a_room(0, taken=0)}, 100)) == {B: 100}


def test_an_account_that_cannot_act_gets_nobody_while_another_can() -> None:
    assert set(given_out({A: a_room(), B: a_room()}, 9, unusable=frozenset({A}))) == {B}
    assert Counter(given_out({A: a_room(), B: a_room()}, 8, unusable=frozenset({A, B}))) == {A: 4, B: 4}


def test_a_campaign_without_accounts_has_nobody_to_choose() -> None:
    assert pick([], {}, {}) is None


weights = st.lists(st.integers(1, 100), min_size=1, max_size=8).map(lambda each: {UUID(int=n): w for n, w in enumerate(each, 1)})


@given(weights, st.integers(1, 300))
def test_at_every_moment_each_has_its_share_to_within_a_few(shares: dict[UUID, int], times: int) -> None:
    rooms = {account_id: Capacity(share, week=10_000) for account_id, share in shares.items()}
    counts = Counter(given_out(rooms, times, plan=False))
    for account_id, share in shares.items():
        assert abs(counts[account_id] - times * share / sum(shares.values())) < len(shares)


@given(st.dictionaries(st.integers(1, 9), st.tuples(st.integers(-5, 60), st.integers(0, 400)), min_size=1), st.data())
def test_nobody_who_may_still_send_today_is_left_with_room_while_others_fill_up(
    drawn: dict[int, tuple[int, int]], data: st.DataObject
) -> None:
    rooms = {UUID(int=number): Capacity(today, week=100, taken=taken) for number, (today, taken) in drawn.items()}
    unusable = frozenset(data.draw(st.sets(st.sampled_from(sorted(rooms)), max_size=len(rooms) - 1)))
    before = {account_id: room.within(0) for account_id, room in rooms.items() if account_id not in unusable}
    counts = Counter(given_out(rooms, sum(before.values()), unusable=unusable))
    assert counts == {account_id: room for account_id, room in before.items() if room}


@given(
    rooms=st.dictionaries(st.sampled_from([A, B, C]), st.tuples(st.integers(0, 60), st.integers(0, 300)), min_size=1),
    people=st.integers(0, 600),
)
def test_sharing_out_all_at_once_comes_to_the_same_as_one_pick_after_another(rooms: dict[UUID, tuple[int, int]], people: int) -> None:
    picked = Counter(given_out({key: a_room(*room) for key, room in rooms.items()}, people))
    shared = share_out(people, {key: a_room(*room) for key, room in rooms.items()})
    assert sum(shared.values()) == people
    assert all(abs(shared[key] - picked[key]) <= len(rooms) for key in rooms)


@given(parts=st.lists(st.integers(0, 30), min_size=1, max_size=40), weights=st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_parts_of_a_list_are_dealt_so_that_everybody_gets_their_count_and_no_part_goes_to_one_alone(
    parts: list[int], weights: list[int]
) -> None:
    counts = apportioned(sum(parts), weights)
    rows = dealt(parts, counts)
    assert [sum(row) for row in rows] == parts
    assert [sum(row[place] for row in rows) for place in range(len(counts))] == counts
    assert all(count >= 0 for row in rows for count in row)
