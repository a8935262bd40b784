"""Why an account sends nothing, in the policy's words, and what a tick is answered with over several accounts."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.queuer.rules.accounts.account_status import Asking, Budget, Lane, LaneHead, Standing, message_of, standing
from services.queuer.rules.dispatch.dispatch_outcome import DispatchOutcome, DispatchState, dispatch_outcome
from services.queuer.rules.insight.percentiles import waiting_by_reason
from shared.policy.rows import PolicyFacts
from shared.vocabulary import AccountStatus, AccountType, Action, AttemptState, CampaignStatus, CampaignType, ProspectStatus, SendStatus

TUESDAY = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""11:00 in New York."""
NIGHT, SATURDAY = TUESDAY + timedelta(hours=12), TUESDAY + timedelta(days=4)
ZONE = ZoneInfo("America/New_York")
CAPS = {Action.INVITATION: 20, Action.MESSAGE: 100, Action.PROFILE_LOOKUP: 100, Action.EMAIL: 200}

CALL = timedelta(seconds=20)

WORDS: dict[str, Callable[[str], Any]] = {
    "next_action": Action,
    "prospect_status": ProspectStatus,
    "campaign_status": CampaignStatus,
    "campaign_type": CampaignType,
    "account_type": AccountType,
    "account_status": AccountStatus,
}

NOTHING_KNOWN = """hold_until resumed_at last_reply_at opted_out_at cool_down_until cool_down_reason replies_read_at replies_next_read_at
                   connected_at contacted_at recipient_connected_at network_distance invitation_ended_at withdrawn_at invited_by_hand_at
                   by_hand_gone_at withdraw_after_days suppressed_by other_sequence prospect_timezone status_reason next_free_at
                   cr_exception warm_up_from workspace_limit weekly_limit message_limit lookup_limit email_limit"""


def a_lane(at: datetime = TUESDAY, **values: Any) -> Lane:
    """An invitation planned for `at`, its lane open; no schedule settings are stored."""
    closed = {name: values.pop(name, None) for name in ("closed_until", "condition", "lane_reason")}
    head = LaneHead(
        account_id=UUID(int=2), campaign_id=UUID(int=1), action=Action.INVITATION, send_id=UUID(int=3), scheduled_for=at, **closed
    )
    facts = {
        "next_action": "invitation",
        "scheduled_for": at,
        "requires_connection": False,
        "prospect_status": "pending",
        "campaign_status": "running",
        "campaign_type": "connector",
        "workspace_active": True,
        "tier": "standard",
        "account_type": "premium",
        "account_status": "usable",
        "account_limit": 20,
        "timezone": "America/New_York",
        "country": "US",
        "campaign_schedule": "{}",
        "account_schedule": "{}",
        "workspace_schedule": "{}",
        "used_by_day": None,
    }
    return Lane(head, facts_of(dict.fromkeys(NOTHING_KNOWN.split()) | facts | values))


def facts_of(values: dict[str, Any]) -> PolicyFacts:
    """The facts, words as their enums."""
    return PolicyFacts(**{name: WORDS[name](value) if name in WORDS else value for name, value in values.items()})


def a_budget(used: int = 0) -> Budget:
    return Budget(ZONE, CAPS, {Action.INVITATION: {date(2026, 3, 10): used}}, None)


def stand(*lanes: Lane, now: datetime = TUESDAY, leased: bool = False, **account: Any) -> Standing:
    """`account` is what is so about it for every lane."""
    about = [Lane(lane.head, facts_of({**asdict(lane.facts), **account})) for lane in lanes]
    return standing(about, a_budget(), Asking(now, CALL), leased=leased)


SPENT = '{"2026-03-10": 20}'


def test_at_night_and_on_a_weekend_the_hours_are_the_reason_though_the_plan_says_tomorrow() -> None:
    tomorrow = datetime(2026, 3, 11, 11, 13, tzinfo=UTC)
    at_night = stand(a_lane(tomorrow), now=NIGHT)
    assert (at_night.reason, at_night.next_at) == ("hours", tomorrow)
    assert stand(a_lane(), now=SATURDAY).reason == "weekend"


def test_a_spent_cap_says_how_much_and_when_it_goes_on() -> None:
    capped = stand(a_lane(used_by_day=SPENT))
    assert (capped.reason, capped.detail) == ("daily_cap", "Daily limit reached (20/20) for invitations.")
    assert capped.next_at == datetime(2026, 3, 11, 11, 0, tzinfo=UTC)
    assert message_of([capped]) == "Daily limit reached (20/20)"


def test_nothing_due_is_the_answer_as_long_as_one_account_merely_waits_for_its_moment() -> None:
    later = stand(a_lane(TUESDAY + timedelta(minutes=7)))
    assert (later.reason, later.next_at) == ("not_due", TUESDAY + timedelta(minutes=7))
    closed = stand(a_lane(), now=SATURDAY)
    assert message_of([closed]) == message_of([closed, stand(a_lane(used_by_day=SPENT))]) == "Skipped due to schedule restrictions"
    assert message_of([closed, later]) == message_of([]) == "No messages due"


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"account_status": "paused", "status_reason": "by hand"}, "account_paused"),
        ({"account_status": "disconnected"}, "account_disconnected"),
        ({"workspace_active": False}, "campaign_not_running"),
        ({"next_free_at": TUESDAY + timedelta(seconds=90)}, "spacing"),
        ({"leased": True}, "in_hand"),
        ({}, "due"),
    ],
)
def test_the_account_itself_may_be_the_reason(account: dict[str, Any], reason: str) -> None:
    assert stand(a_lane(), **account).reason == reason


def test_a_lane_keeps_what_the_policy_said_when_it_was_closed() -> None:
    until = TUESDAY + timedelta(hours=3)
    assert stand(a_lane(closed_until=until, lane_reason="weekly_cap")) == Standing(
        "weekly_cap", "The account has sent all the invitations it may in seven days.", until
    )
    held = stand(a_lane(condition="campaign_running"))
    assert (held.reason, held.next_at) == ("campaign_not_running", None)


def test_what_was_due_first_names_the_reason_and_the_earliest_moment_counts() -> None:
    capped = a_lane(TUESDAY - timedelta(hours=1), used_by_day=SPENT)
    soon = a_lane(TUESDAY + timedelta(minutes=5), next_action="message", prospect_status="connected")
    both = stand(soon, capped)
    assert (both.reason, both.next_at) == ("daily_cap", TUESDAY + timedelta(minutes=5))


def test_unreadable_settings_are_the_reason_and_hold_no_other_account_up() -> None:
    assert stand(a_lane(campaign_schedule='{"timezone": "Atlantis/Capital"}')).reason == "schedule_unreadable"
    assert stand(a_lane(timezone="Atlantis/Capital")).reason == "schedule_unreadable"
    assert stand(a_lane(account_schedule='{"working_hours_start": 9, "working_hours_end": 8}')).reason == "schedule_unreadable"
    assert stand().reason == "nothing_planned"
    assert stand(leased=True).reason == "in_hand"


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"status": "sent", "state": "accepted", "action": "invitation"}, DispatchOutcome.SENT),
        ({"status": "sent", "state": None, "action": None}, DispatchOutcome.DEFERRED),  # another dispatch sent it
        ({"status": "sent", "state": "accepted", "action": "profile_lookup"}, DispatchOutcome.LOOKED_UP),
        ({"status": "pending", "state": "accepted", "action": "profile_lookup"}, DispatchOutcome.LOOKED_UP),
        ({"status": "pending", "state": None, "action": None}, DispatchOutcome.DEFERRED),
        ({"status": "pending", "state": "refused", "action": "invitation"}, DispatchOutcome.DEFERRED),
        ({"status": "failed", "state": "refused", "action": "invitation"}, DispatchOutcome.FAILED),
        ({"status": "failed", "state": "accepted", "action": "profile_lookup"}, DispatchOutcome.FAILED),
        ({"status": "skipped", "state": None, "action": None}, DispatchOutcome.SKIPPED),
        ({"status": "cancelled", "state": None, "action": None}, DispatchOutcome.CANCELLED),
        ({"status": "sending", "state": "unknown", "action": "invitation"}, DispatchOutcome.UNKNOWN),
        ({"status": "sending", "state": "intent", "action": "invitation"}, DispatchOutcome.UNDER_WAY),
        ({"status": "dispatched", "state": None, "action": None}, DispatchOutcome.UNDER_WAY),
        ({"status": "dispatched", "state": None, "action": None, "dispatched_again": True}, DispatchOutcome.DEFERRED),
    ],
)
def test_a_dispatch_becomes_one_thing(row: dict[str, Any], wanted: DispatchOutcome) -> None:
    send = DispatchState(
        send_id=UUID(int=3),
        status=SendStatus(row["status"]),
        dispatched_again=row.get("dispatched_again", False),
        account_id=UUID(int=2),
        message_type="connection_request",
        error_message=None,
        sent_at=None,
        first_name="Ida",
        last_name="Sand",
        action=row["action"] and Action(row["action"]),
        state=row["state"] and AttemptState(row["state"]),
    )
    assert dispatch_outcome(send) is wanted


def test_percentiles_are_waits_that_were_measured() -> None:
    minutes = [timedelta(minutes=n) for n in range(1, 101)]
    [waiting] = waiting_by_reason({"hours": minutes, "spacing": []})
    assert [waiting.sends, waiting.p50, waiting.p90, waiting.p99] == [100, *(60.0 * n for n in (50, 90, 99))]
    [one] = waiting_by_reason({"hours": minutes[:1]})
    assert one.p50 == one.p99 == 60.0
