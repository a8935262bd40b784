"""Nobody gets a thing twice, and nobody is pressed: each rule broken in one small log and kept in its twin."""

from typing import Any

from simulator.judge import Tolerance, judge
from tests.unit.simulator.judge.judge_log import TUESDAY, Story, days, hours, rule

TWO = [rule("acc-berlin"), rule("acc-bonn")]


def found(story: Story, kind: str, **more: Any) -> int:
    return judge(story.lines, accounts=TWO, **more).violations[kind]


def test_two_invitations_to_one_person_by_accounts_of_one_workspace_are_one_too_many() -> None:
    story = Story().call("invitation").call("invitation", after_s=300, account_id="acc-bonn")
    verdict = judge(story.lines, accounts=TWO)
    assert verdict.violations["duplicate_invitation"] == 1
    assert verdict.duplicates == 1
    assert not verdict.ok
    assert "ana was invited twice: by acc-berlin (line 1) and by acc-bonn (line 2" in verdict.examples["duplicate_invitation"][0]


def test_two_workspaces_may_invite_the_same_person() -> None:
    story = Story().call("invitation").call("invitation", after_s=300, account_id="acc-bonn")
    accounts = [rule("acc-berlin"), rule("acc-bonn", workspace="Qamar")]
    assert judge(story.lines, accounts=accounts).ok


def test_an_invitation_that_was_refused_does_not_count_as_the_first() -> None:
    assert found(Story().refused("invitation", "invalid_recipient").call("invitation", after_s=300), "duplicate_invitation") == 0


def test_an_invitation_whose_answer_was_cut_counts_as_the_first() -> None:
    story = Story().call("invitation", status=None, answered_at=None, fault="cut_after_effect").call("invitation", after_s=300)
    assert found(story, "duplicate_invitation") == 1


def test_a_person_may_be_invited_again_only_three_weeks_after_the_withdrawal() -> None:
    def again(after_days: float) -> Story:
        return Story().call("invitation").event("withdrawn", after_s=hours(1)).call("invitation", after_s=hours(1) + days(after_days))

    assert found(again(21.1), "duplicate_invitation") == 0
    assert found(again(20.9), "duplicate_invitation") == 1


def test_a_withdrawal_of_another_person_excuses_nothing() -> None:
    story = Story().call("invitation").event("withdrawn", "ben").call("invitation", after_s=days(22))
    assert found(story, "duplicate_invitation") == 1


def test_the_same_text_twice_is_a_duplicate_and_another_text_is_not() -> None:
    twice = Story().call("message", text="Hi").call("message", after_s=300, text="Hi")
    other = Story().call("message", text="Hi").call("message", after_s=300, text="Hi again").call("message", "ben", after_s=600, text="Hi")
    assert found(twice, "duplicate_message") == 1
    assert found(other, "duplicate_message") == 0


def test_a_message_to_somebody_who_is_no_relation_is_found_even_when_it_was_refused() -> None:
    story = Story().refused("message", "no_connection_with_recipient", recipient_degree="SECOND_DEGREE")
    verdict = judge(story.lines, accounts=TWO)
    assert verdict.violations["follow_up_before_acceptance"] == 1
    assert verdict.violations["refused_by_provider"] == 1
    assert found(Story().call("message"), "follow_up_before_acceptance") == 0


def replied_then_written(real_ms: float, speed: float = 1000) -> Story:
    replied_at = TUESDAY.isoformat()
    story = Story(speed).event("replied")
    return story.call("message", after_s=real_ms / 1000 * speed, recipient_replied_at=replied_at)


def test_a_message_long_after_the_reply_breaks_the_rule() -> None:
    verdict = judge(replied_then_written(501).lines, accounts=TWO)
    assert verdict.violations["message_after_reply"] == 1
    assert "501 real ms after the first reply" in verdict.examples["message_after_reply"][0]


def test_a_message_under_way_when_the_reply_came_is_forgiven_and_shown() -> None:
    verdict = judge(replied_then_written(499).lines, accounts=TWO)
    assert verdict.ok
    assert verdict.tolerated == {"message_after_reply": 1}
    assert verdict.examples["tolerated message_after_reply"]
    assert any("500 real ms" in words for words in verdict.tolerances)


def test_the_tolerance_for_a_call_under_way_can_be_taken_away() -> None:
    verdict = judge(replied_then_written(1).lines, accounts=TWO, tolerance=Tolerance(call_under_way_ms=0))
    assert verdict.violations["message_after_reply"] == 1


def test_only_the_first_reply_counts_for_the_tolerance() -> None:
    story = Story().event("replied").event("replied", after_s=hours(1))
    story.call("message", after_s=hours(1), recipient_replied_at=TUESDAY.isoformat())
    assert found(story, "message_after_reply") == 1


def test_a_reply_that_came_after_the_message_is_no_fault_of_the_message() -> None:
    verdict = judge(Story().call("message").event("replied", after_s=300).lines, accounts=TWO)
    assert verdict.ok
    assert verdict.replied == 1
    assert not verdict.tolerated


def test_a_careless_refusal_breaks_the_rule_and_an_honest_one_is_only_counted() -> None:
    for slug in ("already_invited_recently", "too_many_characters", "invalid_parameters"):
        assert found(Story().refused("invitation", slug), "refused_by_provider") == 1
    verdict = judge(Story().refused("invitation", "invalid_recipient").lines, accounts=TWO)
    assert verdict.ok
    assert verdict.refusals == {"invalid_recipient": 1}


def test_a_refusal_that_the_simulator_was_told_to_give_is_nobodys_carelessness() -> None:
    verdict = judge(Story().refused("invitation", "invalid_parameters", fault="status").lines, accounts=TWO)
    assert verdict.ok
    assert not verdict.refusals


def test_acceptances_and_people_who_replied_are_counted() -> None:
    story = Story().event("accepted").event("accepted", "ben").event("replied").event("replied", after_s=60).event("replied", "ben")
    verdict = judge(story.lines, accounts=TWO)
    assert (verdict.accepted, verdict.replied) == (2, 2)
