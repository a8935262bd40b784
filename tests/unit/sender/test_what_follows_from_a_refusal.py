"""A send that may not leave now: what goes back, which lane closes, and when its account is checked next."""

from datetime import timedelta

from services.sender.rules.batch_decisions import CHECK_AGAIN_AFTER, BatchDecisions, LaneClosing, ReturnedSend, apply_refusal
from shared.policy import Hold, Reason, Scope, Stop, Wait
from shared.policy.verdict import Condition
from shared.vocabulary import Action, CampaignStatus
from tests.unit.sender.due_sends import ACCOUNT, CAMPAIGN, NOW, SEND, a_due_send

LATER = NOW + timedelta(hours=3)


def test_a_stop_skips_the_send_and_leaves_its_account_free() -> None:
    decided = BatchDecisions()
    assert apply_refusal(decided, a_due_send(), Stop(Reason.REPLIED), NOW) == NOW
    assert decided == BatchDecisions(skipped={SEND: "replied"})


def test_a_hold_of_the_send_keeps_the_condition_on_the_send_alone() -> None:
    decided = BatchDecisions()
    assert apply_refusal(decided, a_due_send(), Hold(Condition.CONNECTION, Reason.NOT_CONNECTED, Scope.SEND), NOW) == NOW
    assert decided == BatchDecisions(back=[ReturnedSend(SEND, held_for="connection")])


def test_an_account_that_may_not_act_is_woken_by_its_status_alone() -> None:
    decided = BatchDecisions()
    assert apply_refusal(decided, a_due_send(), Hold(Condition.ACCOUNT_USABLE, Reason.ACCOUNT_PAUSED, Scope.ACCOUNT), NOW) is None
    assert decided == BatchDecisions(back=[ReturnedSend(SEND)])


def test_a_paused_campaign_closes_no_lane_because_no_dispatch_reads_it() -> None:
    decided = BatchDecisions()
    hold = Hold(Condition.CAMPAIGN_RUNNING, Reason.CAMPAIGN_NOT_RUNNING, Scope.LANE)
    assert apply_refusal(decided, a_due_send(campaign_status=CampaignStatus.PAUSED), hold, NOW) == NOW
    assert decided == BatchDecisions(back=[ReturnedSend(SEND)])


def test_a_lane_without_a_moment_at_which_it_opens_is_checked_again_after_an_hour() -> None:
    decided = BatchDecisions()
    hold = Hold(Condition.OPENING, Reason.HOURS, Scope.LANE)
    assert apply_refusal(decided, a_due_send(), hold, NOW) == NOW
    closing = LaneClosing(ACCOUNT, CAMPAIGN, Action.INVITATION, NOW + CHECK_AGAIN_AFTER, "hours")
    assert decided == BatchDecisions(back=[ReturnedSend(SEND)], closings=[closing])


def test_a_wait_of_the_send_moves_the_sends_own_time() -> None:
    decided = BatchDecisions()
    assert apply_refusal(decided, a_due_send(), Wait(LATER, Reason.OUT_OF_OFFICE, Scope.SEND), NOW) == NOW
    assert decided == BatchDecisions(back=[ReturnedSend(SEND, due=LATER)])


def test_a_wait_of_the_account_moves_no_send_and_no_lane() -> None:
    decided = BatchDecisions()
    assert apply_refusal(decided, a_due_send(), Wait(LATER, Reason.SPACING, Scope.ACCOUNT), NOW) == LATER
    assert decided == BatchDecisions(back=[ReturnedSend(SEND)])


def test_a_wait_of_an_action_closes_it_in_every_lane_and_one_of_a_lane_in_that_lane() -> None:
    for scope, campaign in ((Scope.ACTION, None), (Scope.LANE, CAMPAIGN)):
        decided = BatchDecisions()
        assert apply_refusal(decided, a_due_send(), Wait(LATER, Reason.DAILY_CAP, scope), NOW) == NOW
        assert decided.closings == [LaneClosing(ACCOUNT, campaign, Action.INVITATION, LATER, "daily_cap")]
