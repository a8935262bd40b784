"""Whose turn it is among the campaigns of an account, whatever piles up behind them."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.queuer.rules.planning.fairness import CampaignTurn, longest_wait, next_campaign, turn_after

A, B, C = (UUID(int=number) for number in (1, 2, 3))

campaigns = st.dictionaries(st.uuids(), st.integers(1, 4), min_size=1, max_size=8)


def served(turn: CampaignTurn, eligible: set[UUID], lengths: dict[UUID, int], times: int) -> list[UUID]:
    order = []
    for _ in range(times):
        chosen = next_campaign(turn, eligible)
        assert chosen is not None
        turn = turn_after(turn, chosen, lengths[chosen])
        order.append(chosen)
    return order


def test_campaigns_take_turns_in_order_of_id() -> None:
    assert served(CampaignTurn(), {C, A, B}, {A: 1, B: 1, C: 1}, 7) == [A, B, C, A, B, C, A]


def test_a_longer_turn_is_that_many_actions_in_a_row() -> None:
    assert served(CampaignTurn(), {A, B}, {A: 3, B: 1}, 8) == [A, A, A, B, A, A, A, B]


def test_what_is_left_of_a_turn_is_lost_with_the_last_due_send() -> None:
    turn = turn_after(CampaignTurn(), A, 3)
    assert turn == CampaignTurn(A, 2)
    assert next_campaign(turn, {B}) == B
    turn = turn_after(turn, B, 1)
    assert (next_campaign(turn, {A, B}), turn_after(turn, A, 3)) == (A, CampaignTurn(A, 2)), "a new turn, and not two actions more"


def test_nobody_eligible_is_nobodys_turn() -> None:
    assert next_campaign(CampaignTurn(A, 2), ()) is None
    assert next_campaign(CampaignTurn(), ()) is None


@given(campaigns, st.data())
def test_shares_follow_the_turns_lengths(lengths: dict[UUID, int], data: st.DataObject) -> None:
    rounds = data.draw(st.integers(1, 5))
    counts = Counter(served(CampaignTurn(), set(lengths), lengths, rounds * sum(lengths.values())))
    assert counts == {campaign: rounds * length for campaign, length in lengths.items()}


@given(campaigns, st.data())
def test_nobody_at_the_head_waits_longer_than_the_published_bound(lengths: dict[UUID, int], data: st.DataObject) -> None:
    """The others come and go as it suits them least; the turn may stand anywhere when the send becomes due."""
    waiting = data.draw(st.sampled_from(sorted(lengths)))
    holder = data.draw(st.sampled_from([None, *sorted(lengths)]))
    turn = CampaignTurn(holder, data.draw(st.integers(0, lengths[holder] - 1)) if holder else 0)
    waited = 0
    while True:
        others = data.draw(st.sets(st.sampled_from(sorted(lengths))))
        chosen = next_campaign(turn, others | {waiting})
        assert chosen is not None
        if chosen == waiting:
            break
        turn = turn_after(turn, chosen, lengths[chosen])
        waited += 1
    assert waited <= longest_wait(waiting, lengths)
