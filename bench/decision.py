"""How long one decision of the policy takes, with warm calendars: the share of a send that no database can give back."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.calendar import resolve_schedule
from shared.policy import SPACING, Case, SendNow, WeekUse, decide
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus

TARGET_US: Final = 50.0
"""Microseconds a send: at a thousand sends a second a twentieth of one core."""
CALL: Final = timedelta(seconds=30)
ROUNDS: Final = 9
DECISIONS: Final = 2_000
"""Of each case in a round; the fastest round counts, because others' work on the machine only ever adds."""
NOW: Final = datetime(2026, 6, 2, 14, tzinfo=UTC)
"""A Tuesday: ten in New York, four in the afternoon in Berlin."""
SATURDAY: Final = datetime(2026, 6, 6, 14, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Decisions:
    """CPU microseconds a decision: the mean over the cases, and the slowest of them by name."""

    mean_us: float
    slowest_us: float
    slowest: str


def cases() -> dict[str, tuple[Case, datetime]]:
    """What a sender meets: most may leave, some wait for each of the rules; two zones, so that dates differ."""
    today = date(2026, 6, 2)
    free = {
        "invitation": _case(Action.INVITATION),
        "invitation from Berlin": _case(Action.INVITATION, zone="Europe/Berlin", country="DE-BY"),
        "invitation near the week's cap": _case(Action.INVITATION, week=WeekUse(99, 100)),
        "message": _case(Action.MESSAGE, status=ProspectStatus.CONNECTED),
        "message after a read": _case(
            Action.MESSAGE,
            status=ProspectStatus.MESSAGING,
            replies_read_at=NOW - timedelta(hours=1),
            replies_next_read_at=NOW + timedelta(hours=2),
        ),
        "profile look-up": _case(Action.PROFILE_LOOKUP),
    }
    waiting = {
        "spacing": _case(Action.INVITATION, next_free_at=NOW + timedelta(seconds=70)),
        "not due": _case(Action.MESSAGE, status=ProspectStatus.CONNECTED, scheduled_for=NOW + timedelta(hours=30)),
        "daily cap": _case(Action.INVITATION, used={today: 40}),
        "weekly cap": _case(Action.INVITATION, week=WeekUse(100, 100, NOW + timedelta(days=1))),
        "cool-down": _case(Action.INVITATION, cool_down_until=NOW + timedelta(hours=6), cool_down_reason="cannot_resend_yet"),
    }
    return {name: (case, NOW) for name, case in (free | waiting).items()} | {"weekend": (free["invitation"], SATURDAY)}


def measure(*, rounds: int = ROUNDS, decisions: int = DECISIONS) -> Decisions:
    """Decide every case many times on one core."""
    times = {name: _time(case, now, rounds, decisions) for name, (case, now) in cases().items()}
    slowest = max(times, key=lambda name: times[name])
    return Decisions(sum(times.values()) / len(times), times[slowest], slowest)


def outcomes() -> Sequence[str]:
    """Which of the cases may leave."""
    return [name for name, (case, now) in cases().items() if isinstance(decide(case, now=now, call_time=CALL).decision, SendNow)]


def _time(case: Case, now: datetime, rounds: int, decisions: int) -> float:
    decide(case, now=now, call_time=CALL)  # warms the calendar
    fastest = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(decisions):
            decide(case, now=now, call_time=CALL)
        fastest = min(fastest, time.process_time() - began)
    return fastest / decisions * 1e6


def _case(
    action: Action,
    *,
    zone: str = "America/New_York",
    country: str = "US",
    status: ProspectStatus = ProspectStatus.APPROVED,
    scheduled_for: datetime = NOW - timedelta(minutes=5),
    used: dict[date, int] | None = None,
    next_free_at: datetime | None = None,
    week: WeekUse | None = None,
    cool_down_until: datetime | None = None,
    cool_down_reason: str | None = None,
    replies_read_at: datetime | None = None,
    replies_next_read_at: datetime | None = None,
) -> Case:
    return Case(
        action=action,
        scheduled_for=scheduled_for,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=status,
        account_status=AccountStatus.USABLE,
        schedule=resolve_schedule(None, None, None, account_timezone=zone, account_country=country),
        zone=ZoneInfo(zone),
        spacing=SPACING,
        daily_cap=40,
        used=used or {date(2026, 6, 2): 7},
        next_free_at=next_free_at,
        week=week,
        cool_down_until=cool_down_until,
        cool_down_reason=cool_down_reason,
        requires_connection=action is Action.MESSAGE,
        connected=action is Action.MESSAGE,
        replies_read_at=replies_read_at,
        replies_next_read_at=replies_next_read_at,
    )
