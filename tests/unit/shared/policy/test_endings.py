"""What ends a send for good, and what holds it until something becomes true."""

from datetime import timedelta

import pytest

from shared.policy import Condition, Hold, Reason, Scope, SendNow, Stop, decide
from shared.vocabulary import STOPPING, AccountStatus, Action, CampaignStatus, ProspectStatus
from tests.unit.shared.policy.cases import CALL, NOON, a_case, a_message, a_withdrawal, decided, new_york

SATURDAY = new_york(6, 11)
YESTERDAY = NOON - timedelta(days=1)
TWO_DAYS_AGO = NOON - timedelta(days=2)


def test_a_send_nothing_stands_against_leaves() -> None:
    assert isinstance(decided(a_case()), SendNow)
    assert isinstance(decided(a_message()), SendNow)


def test_a_reply_ends_a_send_that_was_only_waiting_for_monday() -> None:
    assert decided(a_message(prospect_status=ProspectStatus.REPLIED), SATURDAY) == Stop(Reason.REPLIED)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", sorted(STOPPING))
def test_a_stopping_status_ends_every_action(action: Action, status: ProspectStatus) -> None:
    assert decided(a_case(action=action, prospect_status=status)) == Stop(Reason(status))


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", [ProspectStatus.FAILED, ProspectStatus.WITHDRAWN, ProspectStatus.COMPLETED])
def test_nothing_follows_a_prospect_that_is_over(action: Action, status: ProspectStatus) -> None:
    assert decided(a_case(action=action, prospect_status=status)) == Stop(Reason(status))


@pytest.mark.parametrize("status", [CampaignStatus.COMPLETED, CampaignStatus.CANCELLED])
def test_a_campaign_that_ended_ends_its_sends(status: CampaignStatus) -> None:
    assert decided(a_case(campaign_status=status)) == Stop(Reason.CAMPAIGN_ENDED)


@pytest.mark.parametrize("status", [CampaignStatus.DRAFT, CampaignStatus.PAUSED])
def test_a_campaign_that_does_not_run_holds_its_lanes(status: CampaignStatus) -> None:
    assert decided(a_case(campaign_status=status)) == Hold(Condition.CAMPAIGN_RUNNING, Reason.CAMPAIGN_NOT_RUNNING, Scope.LANE)


def test_a_suppressed_lead_is_never_written_to() -> None:
    assert decided(a_case(suppressed_by="domain example.com")) == Stop(Reason.SUPPRESSED)


def test_a_lead_in_an_earlier_sequence_gets_no_second_one_until_that_is_over() -> None:
    assert decided(a_case(other_sequence="Autumn")) == Hold(Condition.OTHER_SEQUENCE, Reason.OTHER_SEQUENCE, Scope.SEND)
    assert decided(a_case(other_sequence="Autumn", suppressed_by="person")) == Stop(Reason.SUPPRESSED), "what ends it for good comes first"


def test_hours_that_nobody_can_read_hold_their_lane() -> None:
    verdict = decide(a_case(unreadable="Unknown time zone 'Atlantis'."), now=NOON, call_time=CALL)
    assert verdict.decision == Hold(Condition.SETTINGS, Reason.SCHEDULE_UNREADABLE, Scope.LANE)
    assert [line.name for line in verdict.trace][-1] == "connection", "no rule speaks of hours that nobody meant"


def test_a_lead_who_opted_out_anywhere_is_never_written_to() -> None:
    assert decided(a_case(lead_opted_out_at=YESTERDAY)) == Stop(Reason.OPTED_OUT)


def test_a_reply_of_the_lead_ends_a_step_whose_prospect_does_not_know_of_it_yet() -> None:
    assert decided(a_message(lead_last_reply_at=YESTERDAY)) == Stop(Reason.REPLIED)


def test_a_person_who_resumes_after_the_reply_lets_the_next_step_leave() -> None:
    for status in (ProspectStatus.MESSAGING, ProspectStatus.REPLIED):
        assert isinstance(decided(a_message(prospect_status=status, lead_last_reply_at=TWO_DAYS_AGO, resumed_at=YESTERDAY)), SendNow)


def test_a_reply_after_the_resumption_ends_the_steps_again() -> None:
    case = a_message(prospect_status=ProspectStatus.MESSAGING, lead_last_reply_at=YESTERDAY, resumed_at=TWO_DAYS_AGO)
    assert decided(case) == Stop(Reason.REPLIED)


def test_a_reply_at_the_moment_of_the_resumption_counts_as_after_it() -> None:
    case = a_message(prospect_status=ProspectStatus.MESSAGING, lead_last_reply_at=YESTERDAY, resumed_at=YESTERDAY)
    assert decided(case) == Stop(Reason.REPLIED)


def test_a_resumption_does_not_lift_an_opt_out() -> None:
    case = a_message(lead_last_reply_at=TWO_DAYS_AGO, lead_opted_out_at=TWO_DAYS_AGO, resumed_at=YESTERDAY)
    assert decided(case) == Stop(Reason.OPTED_OUT)


@pytest.mark.parametrize("status", [ProspectStatus.CONNECTION_REQUEST_SENT, ProspectStatus.CONNECTED, ProspectStatus.MESSAGING])
def test_nobody_is_invited_twice(status: ProspectStatus) -> None:
    assert decided(a_case(prospect_status=status)) == Stop(Reason.ALREADY_CONTACTED)


def test_nobody_who_is_connected_already_is_invited() -> None:
    assert decided(a_case(connected=True)) == Stop(Reason.ALREADY_CONNECTED)


@pytest.mark.parametrize("status", [ProspectStatus.PENDING, ProspectStatus.APPROVED])
def test_pending_and_approved_may_be_invited(status: ProspectStatus) -> None:
    assert isinstance(decided(a_case(prospect_status=status, connected=False)), SendNow)


@pytest.mark.parametrize("connected", [None, False])
def test_a_follow_up_waits_for_the_acceptance(connected: bool | None) -> None:
    case = a_message(prospect_status=ProspectStatus.CONNECTION_REQUEST_SENT, connected=connected)
    assert decided(case) == Hold(Condition.CONNECTION, Reason.NOT_CONNECTED, Scope.SEND)


def test_an_acceptance_lets_the_follow_up_leave() -> None:
    assert isinstance(decided(a_message(prospect_status=ProspectStatus.CONNECTION_REQUEST_SENT, connected=True)), SendNow)


def test_a_messenger_lead_who_turns_out_not_to_be_connected_is_given_up() -> None:
    assert decided(a_message(prospect_status=ProspectStatus.APPROVED, connected=False)) == Stop(Reason.NOT_CONNECTED)


def test_a_messenger_lead_of_whom_nobody_knows_is_held_until_somebody_does() -> None:
    held = decided(a_message(prospect_status=ProspectStatus.APPROVED, connected=None))
    assert held == Hold(Condition.CONNECTION, Reason.NOT_CONNECTED, Scope.SEND)


def test_a_look_up_needs_no_connection_because_it_tells_of_one() -> None:
    case = a_message(action=Action.PROFILE_LOOKUP, prospect_status=ProspectStatus.APPROVED, connected=None)
    assert isinstance(decided(case), SendNow)


def test_somebody_connected_once_and_not_any_more_is_held() -> None:
    assert decided(a_message(connected=False)) == Hold(Condition.CONNECTION, Reason.NOT_CONNECTED, Scope.SEND)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(AccountStatus.PAUSED, Reason.ACCOUNT_PAUSED), (AccountStatus.DISCONNECTED, Reason.ACCOUNT_DISCONNECTED)],
)
def test_an_account_that_may_not_act_holds_everything_it_does(status: AccountStatus, reason: Reason) -> None:
    assert decided(a_case(account_status=status)) == Hold(Condition.ACCOUNT_USABLE, reason, Scope.ACCOUNT)


def test_what_ends_a_send_is_said_before_what_holds_it() -> None:
    case = a_case(account_status=AccountStatus.PAUSED, campaign_status=CampaignStatus.PAUSED, lead_last_reply_at=YESTERDAY)
    assert decided(case, SATURDAY) == Stop(Reason.REPLIED)


def test_whom_somebody_invited_by_hand_is_not_invited_again() -> None:
    assert decided(a_case(invited_by_hand_at=YESTERDAY)) == Stop(Reason.INVITED_BY_HAND)
    assert isinstance(decided(a_message(invited_by_hand_at=YESTERDAY)), SendNow)


@pytest.mark.parametrize("status", [ProspectStatus.PENDING, ProspectStatus.APPROVED, ProspectStatus.CONNECTED, ProspectStatus.MESSAGING])
def test_only_an_invitation_that_waits_is_taken_back(status: ProspectStatus) -> None:
    assert decided(a_withdrawal(prospect_status=status)) == Stop(Reason.NOT_INVITED)


def test_whoever_accepted_in_between_is_not_taken_back() -> None:
    assert decided(a_withdrawal(connected=True)) == Stop(Reason.ALREADY_CONNECTED)


def test_a_campaign_that_takes_no_invitations_back_any_more_stops_what_was_planned() -> None:
    assert decided(a_withdrawal(withdraw_at=None)) == Stop(Reason.WITHDRAWAL_OFF)


def test_a_withdrawal_waits_for_its_campaign_and_its_account_like_a_send() -> None:
    assert decided(a_withdrawal(campaign_status=CampaignStatus.PAUSED)) == Hold(
        Condition.CAMPAIGN_RUNNING, Reason.CAMPAIGN_NOT_RUNNING, Scope.LANE
    )
    assert isinstance(decided(a_withdrawal(account_status=AccountStatus.PAUSED)), Hold)
