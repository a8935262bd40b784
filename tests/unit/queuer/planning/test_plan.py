"""The rules of planning, one by one: a batch in, decisions out, no database."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from services.queuer.rules.planning.account_calendar import CalendarFacts, PlannedSend
from services.queuer.rules.planning.calendar_spans import widened
from services.queuer.rules.planning.next_send import NOT_ON_LINKEDIN
from services.queuer.rules.planning.next_step import StepProgress, WorkflowStep
from services.queuer.rules.planning.plan import plan
from services.queuer.rules.planning.rendering import NOT_RENDERED
from services.queuer.rules.planning.rotation import Capacity
from shared.policy import SPACING, Reason
from shared.vocabulary import AccountType, Action, MissingValue, ProspectStatus, SendStatus
from tests.unit.queuer.planning.plan_cases import (
    CAMPAIGN,
    FIRST_ACCOUNT,
    FOLLOW_UP,
    INVITE,
    NEW_YORK,
    NOW,
    SECOND_ACCOUNT,
    a_batch,
    a_calendar,
    a_connected_prospect,
    a_prospect,
    an_account,
    planned,
)

INVITED = {"connection_request": StepProgress(SendStatus.SENT, sent_at=NOW - timedelta(days=1), dispatched=True)}
TWO_ACCOUNTS = (an_account(FIRST_ACCOUNT), an_account(SECOND_ACCOUNT))


def test_a_new_prospect_gets_the_first_step_now_from_the_campaigns_account() -> None:
    [send] = planned(a_batch(a_prospect())).sends
    assert (send.step, send.account_id, send.text) == (INVITE, FIRST_ACCOUNT, "Hi Ana")
    assert (send.status, send.scheduled_for) == (SendStatus.PENDING, NOW)


def test_the_same_input_gives_the_same_plan() -> None:
    facts = a_batch(*(a_prospect(f"p{number}") for number in range(30)), accounts=TWO_ACCOUNTS)
    assert plan(facts) == plan(facts)


def test_a_recipient_that_no_account_has_looked_up_is_looked_up_first() -> None:
    stranger, known = a_prospect("ana", linkedin_id=None), a_prospect("bob", linkedin_id=None)
    facts = a_batch(stranger, known, recipients={(FIRST_ACCOUNT, known.lead_id): "ACo-bob"})
    sends = {send.prospect.id: send for send in planned(facts).sends}
    assert (sends[stranger.id].next_action, sends[stranger.id].recipient) == (Action.PROFILE_LOOKUP, None)
    assert (sends[known.id].next_action, sends[known.id].recipient) == (Action.INVITATION, "ACo-bob")


def test_an_id_that_came_with_the_import_needs_no_look_up() -> None:
    [send] = planned(a_batch(a_prospect(linkedin_id="ACo-ana"))).sends
    assert (send.next_action, send.recipient) == (Action.INVITATION, "ACo-ana")


def test_a_prospect_whose_invitation_is_on_its_way_has_nothing_to_plan() -> None:
    waiting = a_prospect(account_id=FIRST_ACCOUNT)
    decisions = planned(a_batch(waiting, progress={waiting.id: {"connection_request": StepProgress(SendStatus.PENDING)}}))
    assert (list(decisions.sends), list(decisions.finished)) == ([], [])


def test_an_accepted_invitation_is_followed_after_the_delay() -> None:
    connected = a_connected_prospect()
    [send] = planned(a_batch(connected, progress={connected.id: INVITED})).sends
    assert (send.step, send.due, send.first) == (FOLLOW_UP, NOW + timedelta(days=3), False)


def test_a_sequence_whose_steps_have_all_left_is_finished() -> None:
    done = a_connected_prospect()
    sent = StepProgress(SendStatus.SENT, sent_at=NOW, dispatched=True)
    decisions = planned(a_batch(done, progress={done.id: INVITED | {"follow_up_1": sent}}))
    assert decisions.sends == []
    assert [(each.status, each.outcome) for each in decisions.finished] == [(ProspectStatus.COMPLETED, "finished")]


def test_prospects_are_shared_out_by_what_each_account_may_still_send() -> None:
    capacities = {Action.INVITATION: {FIRST_ACCOUNT: Capacity(10, 100), SECOND_ACCOUNT: Capacity(20, 100)}}
    prospects = [a_prospect(f"p{number}") for number in range(15)]
    decisions = planned(a_batch(*prospects, accounts=TWO_ACCOUNTS, capacities=capacities))
    assert Counter(send.account_id for send in decisions.sends) == {FIRST_ACCOUNT: 5, SECOND_ACCOUNT: 10}


def test_credits_are_kept_so_that_prospects_that_come_one_by_one_are_shared_out_too() -> None:
    first = planned(a_batch(a_prospect("ana"), accounts=TWO_ACCOUNTS))
    facts = a_batch(a_prospect("bob"), accounts=TWO_ACCOUNTS)
    rotation = replace(facts.rotations[CAMPAIGN], credits=first.credits[CAMPAIGN])
    second = planned(replace(facts, rotations={CAMPAIGN: rotation}))
    assert {first.sends[0].account_id, second.sends[0].account_id} == {FIRST_ACCOUNT, SECOND_ACCOUNT}


def test_planning_leaves_its_input_as_it_was() -> None:
    facts = a_batch(a_prospect(), accounts=TWO_ACCOUNTS)
    plan(facts)
    assert facts.capacities[Action.INVITATION][FIRST_ACCOUNT] == Capacity(40, 100)
    assert facts.rotations[CAMPAIGN].credits == {}


def test_an_account_that_is_not_usable_is_passed_over_while_another_is() -> None:
    prospects = [a_prospect(f"p{number}") for number in range(3)]
    decisions = planned(a_batch(*prospects, accounts=TWO_ACCOUNTS, unusable=[FIRST_ACCOUNT]))
    assert {send.account_id for send in decisions.sends} == {SECOND_ACCOUNT}
    alone = planned(a_batch(*prospects, accounts=TWO_ACCOUNTS, unusable=[FIRST_ACCOUNT, SECOND_ACCOUNT]))
    assert {send.account_id for send in alone.sends} == {FIRST_ACCOUNT, SECOND_ACCOUNT}, "planned times move with the lane"


def test_a_campaign_without_accounts_plans_nothing() -> None:
    decisions = planned(a_batch(a_prospect(), accounts=()))
    assert (list(decisions.sends), decisions.not_placed) == ([], 0)


def test_a_prospect_keeps_its_account() -> None:
    connected = a_connected_prospect(account_id=SECOND_ACCOUNT)
    [send] = planned(a_batch(connected, accounts=TWO_ACCOUNTS, progress={connected.id: INVITED})).sends
    assert send.account_id == SECOND_ACCOUNT


def test_nothing_is_planned_for_an_account_that_was_not_locked_or_cannot_be_read() -> None:
    connected = a_connected_prospect(account_id=UUID(int=99))
    assert planned(a_batch(connected, progress={connected.id: INVITED})).sends == []


def test_a_long_note_goes_to_an_account_that_may_send_it() -> None:
    free = an_account(FIRST_ACCOUNT, account_type=AccountType.FREE)
    note = replace(INVITE, template="x" * 250)
    [send] = planned(a_batch(a_prospect(), accounts=(free, an_account(SECOND_ACCOUNT)), steps=[note])).sends
    assert (send.account_id, send.status) == (SECOND_ACCOUNT, SendStatus.PENDING)


def test_a_note_too_long_for_every_account_fails_with_a_row_that_says_so() -> None:
    note = replace(INVITE, template="x" * 301)
    decisions = planned(a_batch(a_prospect(), steps=[note]))
    [send] = decisions.sends
    assert (send.status, send.sha256) == (SendStatus.FAILED, NOT_RENDERED)
    assert [(each.status, each.outcome) for each in decisions.finished] == [(ProspectStatus.FAILED, "blocked")]


def test_a_lead_without_an_address_for_the_channel_fails() -> None:
    decisions = planned(a_batch(a_prospect(channels=["email"])))
    assert [(send.status, send.reason) for send in decisions.sends] == [(SendStatus.FAILED, NOT_ON_LINKEDIN)]


def test_a_follow_up_without_a_value_is_left_out_and_the_next_one_keeps_its_day() -> None:
    second = WorkflowStep(3, "follow_up_2", Action.MESSAGE, timedelta(days=4), True, "Bye {firstName}")
    gap = replace(FOLLOW_UP, template="How is {company}?")
    connected = a_connected_prospect(on_missing=MissingValue.SKIP)
    decisions = planned(a_batch(connected, steps=[INVITE, gap, second], progress={connected.id: INVITED}))
    assert [(send.step.message_type, send.status) for send in decisions.sends] == [
        ("follow_up_1", SendStatus.SKIPPED),
        ("follow_up_2", SendStatus.PENDING),
    ]
    assert decisions.sends[1].due == NOW + timedelta(days=7)


def test_a_refused_send_that_was_reopened_gets_its_text() -> None:
    again = a_prospect(account_id=FIRST_ACCOUNT)
    refused = {"connection_request": StepProgress(SendStatus.PENDING, needs_words=True)}
    [send] = planned(a_batch(again, progress={again.id: refused})).sends
    assert (send.status, send.text) == (SendStatus.PENDING, "Hi Ana")


def test_first_steps_of_a_batch_follow_one_another_with_the_spacing() -> None:
    decisions = planned(a_batch(*(a_prospect(f"p{number}") for number in range(20))))
    moments = sorted(send.scheduled_for for send in decisions.sends)
    assert all(later - earlier >= SPACING for earlier, later in pairwise(moments))


def test_first_steps_queue_behind_those_that_are_planned_already() -> None:
    end = NOW + timedelta(days=2)
    decisions = planned(a_batch(a_prospect(), queue_ends={(FIRST_ACCOUNT, Action.INVITATION, None): end}))
    assert decisions.sends[0].scheduled_for >= end


def test_follow_ups_do_not_queue_behind_first_steps() -> None:
    connected = a_connected_prospect()
    ends = {(FIRST_ACCOUNT, Action.INVITATION, None): NOW + timedelta(days=20)}
    [send] = planned(a_batch(connected, progress={connected.id: INVITED}, queue_ends=ends)).sends
    assert send.scheduled_for.date() == (NOW + timedelta(days=3)).date()


def test_a_follow_up_keeps_its_distance_from_the_first_steps_of_the_same_batch() -> None:
    connected = a_connected_prospect("carl", connected_at=NOW - timedelta(days=3))
    decisions = planned(a_batch(connected, *(a_prospect(f"p{number}") for number in range(5)), progress={connected.id: INVITED}))
    moments = sorted(send.scheduled_for for send in decisions.sends)
    assert len(moments) == 6
    assert all(later - earlier >= SPACING for earlier, later in pairwise(moments))


def test_a_full_day_moves_first_steps_to_the_next_opening() -> None:
    today = NOW.astimezone(NEW_YORK).date()
    calendar = a_calendar(used=((Action.INVITATION, today, 40),))
    [send] = planned(a_batch(a_prospect(), calendars={FIRST_ACCOUNT: calendar})).sends
    assert send.scheduled_for == datetime(2026, 3, 11, 11, 0, tzinfo=UTC)  # 07:00 in New York


def test_a_full_week_moves_an_invitation_behind_the_168_hours() -> None:
    weekly = an_account(weekly_cap=2)
    sent = (NOW - timedelta(days=6), NOW - timedelta(days=5))
    [send] = planned(a_batch(a_prospect(), accounts=[weekly], calendars={FIRST_ACCOUNT: a_calendar(invitations=sent)})).sends
    assert send.scheduled_for >= sent[0] + timedelta(hours=168)


def test_a_planned_send_keeps_its_moment_to_itself() -> None:
    taken = PlannedSend(FIRST_ACCOUNT, UUID(int=77), Action.MESSAGE, False, NOW)
    [send] = planned(a_batch(a_prospect(), calendars={FIRST_ACCOUNT: a_calendar(planned=(taken,))})).sends
    assert send.scheduled_for >= NOW + SPACING


def test_a_lead_that_opted_out_gets_a_row_that_says_so_and_its_sequence_ends() -> None:
    decisions = planned(a_batch(a_prospect(opted_out_at=NOW - timedelta(days=1))))
    assert [(send.status, send.reason) for send in decisions.sends] == [(SendStatus.SKIPPED, Reason.OPTED_OUT)]
    assert [each.status for each in decisions.stopped] == [ProspectStatus.OPTED_OUT]


def test_unreadable_hours_plan_nothing_and_are_reported() -> None:
    broken, fine = a_prospect("ana", campaign_schedule='{"timezone": "Nowhere/None"}'), a_prospect("bob")
    decisions = planned(a_batch(broken, fine))
    assert [send.prospect.id for send in decisions.sends] == [fine.id]
    assert decisions.not_placed == 1
    assert [(each.campaign_id, each.account_id) for each in decisions.unreadable] == [(CAMPAIGN, FIRST_ACCOUNT)]


def test_a_search_that_leaves_the_loaded_calendar_names_the_account_and_succeeds_with_a_longer_one() -> None:
    away = a_prospect(hold_until=NOW + timedelta(days=60))
    short = plan(a_batch(away))
    assert set(short.not_loaded) == {FIRST_ACCOUNT}
    spans = widened(a_calendar().spans, short.not_loaded[FIRST_ACCOUNT])
    [send] = planned(a_batch(away, calendars={FIRST_ACCOUNT: CalendarFacts(spans=spans)})).sends
    assert send.scheduled_for >= NOW + timedelta(days=60)
