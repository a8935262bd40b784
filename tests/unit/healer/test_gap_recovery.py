"""What the provider shows of a lost time, held against one person's steps."""

from datetime import UTC, datetime, timedelta

import pytest

from services.healer.rules.adoption.gap_recovery import GapRecovery, ProviderSign, Sign, StepState, recover_steps
from shared.vocabulary import Action, ProspectStatus, SendStatus

TEN = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
NOON = TEN + timedelta(hours=2)


def steps(invitation: SendStatus | None, *messages: SendStatus | None, live: int = 0) -> list[StepState]:
    """An invitation and follow-ups; the first `live` of the follow-ups have an attempt in doubt."""
    first = StepState(position=1, message_type="connection_request", action=Action.INVITATION, send=invitation, live=False)
    rest = [
        StepState(position=n + 1, message_type=f"direct_message_{n}", action=Action.MESSAGE, send=send, live=n <= live)
        for n, send in enumerate(messages, 1)
    ]
    return [first, *rest]


def invited(at: datetime | None = TEN + timedelta(minutes=5)) -> ProviderSign:
    """It stands in the list of sent invitations."""
    return ProviderSign(sign=Sign.INVITED, at=at, ref="inv-1")


def connected(at: datetime) -> ProviderSign:
    """A relation since then."""
    return ProviderSign(sign=Sign.CONNECTED, at=at)


def wrote(minutes: int) -> ProviderSign:
    """An own message, so many minutes after ten."""
    return ProviderSign(sign=Sign.WROTE, at=TEN + timedelta(minutes=minutes), ref=f"m-{minutes}", chat_id="chat", text=f"words {minutes}")


def judge(status: ProspectStatus, of: list[StepState], *evidence: ProviderSign) -> GapRecovery:
    """From ten to noon."""
    return recover_steps(status, of, evidence, since=TEN, until=NOON)


def kinds(found: GapRecovery) -> list[str]:
    """The steps that left."""
    return [left.step.message_type for left in found.left]


PENDING, SENT = SendStatus.PENDING, SendStatus.SENT


@pytest.mark.parametrize("planned", [None, PENDING, SendStatus.DISPATCHED])
def test_a_listed_invitation_left_whether_it_was_planned_here_or_not(planned: SendStatus | None) -> None:
    found = judge(ProspectStatus.PENDING, steps(planned, None), invited())
    assert kinds(found) == ["connection_request"]
    assert found.left[0].ref == "inv-1"
    assert found.connected_at is None


def test_an_invitation_from_long_before_is_left_to_the_rule_for_those_sent_by_hand() -> None:
    assert kinds(judge(ProspectStatus.PENDING, steps(PENDING), invited(TEN - timedelta(days=9)))) == []
    assert kinds(judge(ProspectStatus.PENDING, steps(PENDING), invited(None))) == ["connection_request"]


def test_a_relation_made_in_the_lost_time_is_an_invitation_that_was_accepted() -> None:
    found = judge(ProspectStatus.APPROVED, steps(PENDING, None), connected(TEN + timedelta(hours=1)))
    assert kinds(found) == ["connection_request"]
    assert found.connected_at == TEN + timedelta(hours=1)
    assert kinds(judge(ProspectStatus.APPROVED, steps(PENDING), connected(TEN - timedelta(days=400)))) == []


def test_own_messages_are_the_next_steps_in_order_also_those_nobody_had_planned() -> None:
    found = judge(ProspectStatus.CONNECTED, steps(SENT, SENT, PENDING, None), wrote(70), wrote(9))
    assert [(left.step.message_type, left.ref) for left in found.left] == [("direct_message_2", "m-9"), ("direct_message_3", "m-70")]


def test_who_was_written_to_was_invited_and_accepted_before() -> None:
    found = judge(ProspectStatus.PENDING, steps(PENDING, None), wrote(30))
    assert kinds(found) == ["connection_request", "direct_message_1"]
    assert found.connected_at == TEN + timedelta(minutes=30)
    assert kinds(judge(ProspectStatus.CONNECTION_REQUEST_SENT, steps(SENT, None), wrote(30))) == ["direct_message_1"]


def test_what_an_attempt_in_doubt_may_have_caused_is_left_to_its_look_up() -> None:
    found = judge(ProspectStatus.CONNECTED, steps(SENT, SendStatus.SENDING, None, live=1), wrote(1))
    assert kinds(found) == []


def test_messages_from_before_prove_nothing_and_more_of_them_than_steps_change_nothing() -> None:
    assert kinds(judge(ProspectStatus.CONNECTED, steps(SENT, PENDING), wrote(-30))) == []
    assert kinds(judge(ProspectStatus.CONNECTED, steps(SENT, PENDING), wrote(1), wrote(2), wrote(3))) == ["direct_message_1"]
