"""Taking an invitation back."""

from datetime import timedelta
from typing import Any

from services.queuer.rules.planning.plan_input import PlanInput
from services.queuer.rules.planning.withdrawal import WITHDRAWAL, WaitingInvitation, plan_withdrawals, withdrawal
from shared.policy import SPACING
from shared.vocabulary import Action, ProspectStatus, SendStatus
from tests.unit.queuer.planning.plan_cases import FIRST_ACCOUNT, NOW, a_calendar, a_prospect, an_account

INVITED: dict[str, Any] = {
    "status": ProspectStatus.CONNECTION_REQUEST_SENT,
    "account_id": FIRST_ACCOUNT,
    "contacted_at": NOW - timedelta(days=30),
}


def an_invitation(*, waited_until: timedelta = timedelta(days=-1)) -> WaitingInvitation:
    return WaitingInvitation(a_prospect().id, "ACo-ana", NOW + waited_until)


def test_an_invitation_is_taken_back_by_the_account_that_sent_it() -> None:
    send = withdrawal(a_prospect(**INVITED), an_invitation(), now=NOW)
    assert send is not None
    assert (send.account_id, send.recipient, send.next_action) == (FIRST_ACCOUNT, "ACo-ana", Action.WITHDRAWAL)
    assert (send.text, send.first, send.status) == ("", False, SendStatus.PENDING)


def test_it_is_due_when_the_invitation_has_waited_and_never_in_the_past() -> None:
    late = withdrawal(a_prospect(**INVITED), an_invitation(), now=NOW)
    early = withdrawal(a_prospect(**INVITED), an_invitation(waited_until=timedelta(days=2)), now=NOW)
    assert late is not None
    assert early is not None
    assert (late.due, early.due) == (NOW, NOW + timedelta(days=2))


def test_a_prospect_without_an_account_has_nothing_to_take_back() -> None:
    assert withdrawal(a_prospect(**(INVITED | {"account_id": None})), an_invitation(), now=NOW) is None


def test_withdrawals_are_spaced_like_everything_an_account_does() -> None:
    prospects = [a_prospect(name, **INVITED) for name in ("ana", "bob")]
    facts = PlanInput(
        now=NOW, prospects=prospects, steps={}, progress={}, accounts={FIRST_ACCOUNT: an_account()}, calendars={FIRST_ACCOUNT: a_calendar()}
    )
    waiting = {prospect.id: WaitingInvitation(prospect.id, "ACo", NOW) for prospect in prospects}
    decisions = plan_withdrawals(facts, waiting=waiting)
    first, second = sorted(send.scheduled_for for send in decisions.sends)
    assert second - first >= SPACING
    assert {send.step for send in decisions.sends} == {WITHDRAWAL}


def test_an_account_that_cannot_be_read_takes_nothing_back() -> None:
    prospect = a_prospect(**INVITED)
    facts = PlanInput(now=NOW, prospects=[prospect], steps={}, progress={}, accounts={})
    assert plan_withdrawals(facts, waiting={prospect.id: an_invitation()}).sends == []
