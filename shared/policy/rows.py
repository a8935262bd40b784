"""The rows that the policy decides on, as dataclasses, and the only builders of a `Case`: of a stored send, and of one that is planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from shared.calendar import Schedule, ScheduleError, ScheduleSettings, read_settings, resolve_schedule
from shared.policy.case import Case, WeekUse
from shared.policy.limits import RELOCK, SPACING, LimitFacts
from shared.vocabulary import FIRST_DEGREE, AccountStatus, Action, ActionRole, CampaignStatus, CampaignType, ProspectStatus


@dataclass(frozen=True, slots=True)
class PolicyFacts(LimitFacts):
    """What the database knows about one send: the columns of `policy_facts` (shared/db/routines/72_policy_facts.sql) and the step itself.

    Schedules are the stored settings as JSON; the limits are the account's or else its workspace's.
    """

    next_action: Action
    scheduled_for: datetime
    requires_connection: bool
    prospect_status: ProspectStatus
    hold_until: datetime | None
    resumed_at: datetime | None
    connected_at: datetime | None
    contacted_at: datetime | None
    campaign_status: CampaignStatus
    campaign_type: CampaignType
    campaign_schedule: str
    withdraw_after_days: int | None
    workspace_schedule: str
    workspace_active: bool
    account_status: AccountStatus
    status_reason: str | None
    country: str
    account_schedule: str
    next_free_at: datetime | None
    timezone: str
    last_reply_at: datetime | None
    opted_out_at: datetime | None
    prospect_timezone: str | None
    network_distance: str | None
    recipient_connected_at: datetime | None
    invitation_ended_at: datetime | None
    invited_by_hand_at: datetime | None
    by_hand_gone_at: datetime | None
    withdrawn_at: datetime | None
    used_by_day: str | None
    replies_read_at: datetime | None
    replies_next_read_at: datetime | None
    cool_down_until: datetime | None
    cool_down_reason: str | None
    other_sequence: str | None
    suppressed_by: str | None


@lru_cache(maxsize=32_768)
def schedule_of(levels: tuple[str, str, str], timezone: str, country: str, prospect_timezone: str | None) -> Schedule:
    """The schedule from the stored settings of campaign, account and workspace; computed once for equal texts and zones."""
    campaign, account, workspace = levels
    return resolve_schedule(
        _settings(campaign),
        _settings(account),
        _settings(workspace),
        account_timezone=timezone,
        account_country=country,
        prospect_timezone=prospect_timezone,
    )


@dataclass(frozen=True, slots=True)
class Clocks:
    """The hours and the time zone that hold for a row; where they cannot be read, `unreadable` says why and defaults take their place."""

    schedule: Schedule
    zone: ZoneInfo
    unreadable: str | None = None


_OURS: Final = Clocks(resolve_schedule(None, None, None, account_timezone="UTC", account_country="US"), ZoneInfo("UTC"))


def read_clocks(levels: tuple[str, str, str], timezone: str, country: str, prospect_timezone: str | None) -> Clocks:
    """The schedule and the zone from the stored settings of campaign, account and workspace.

    Settings are checked when a person writes them, but a country may leave its library, a zone may leave the tz database, and a
    hand-written UPDATE may store anything. One such row must not fail the batch that it belongs to.
    """
    try:
        return Clocks(schedule_of(levels, timezone, country, prospect_timezone), _zone(timezone))
    except (ValueError, KeyError) as error:  # a ScheduleError, and what zoneinfo raises for a zone it does not know
        return Clocks(_OURS.schedule, _OURS.zone, str(error) or ScheduleError.__name__)


def zone_of(timezone: str) -> ZoneInfo:
    """An account's zone; UTC where the zone cannot be read, and then nothing leaves."""
    try:
        return _zone(timezone)
    except (ValueError, KeyError):
        return _OURS.zone


def local_day(at: datetime, timezone: str) -> date:
    """The account's own day at a moment. Only Python's tz database decides it (docs/adr/0028)."""
    return at.astimezone(zone_of(timezone)).date()


@lru_cache(maxsize=4096)
def _settings(stored: str) -> ScheduleSettings:
    return read_settings(orjson.loads(stored))


_zone = lru_cache(maxsize=512)(ZoneInfo)


def case_of(facts: PolicyFacts, week: WeekUse | None) -> Case:
    """The policy's view of a send, from what the database knows about it."""
    levels = (facts.campaign_schedule, facts.account_schedule, facts.workspace_schedule)
    clocks = read_clocks(levels, facts.timezone, facts.country, facts.prospect_timezone)
    return Case(
        action=facts.next_action,
        scheduled_for=facts.scheduled_for,
        campaign_status=facts.campaign_status if facts.workspace_active else CampaignStatus.PAUSED,
        prospect_status=facts.prospect_status,
        account_status=facts.account_status,
        account_status_reason=facts.status_reason,
        schedule=clocks.schedule,
        zone=clocks.zone,
        unreadable=clocks.unreadable,
        spacing=SPACING,
        next_free_at=facts.next_free_at,
        daily_cap=facts.caps[facts.next_action],
        warm_up_from=facts.warm_up_from,
        used=_days(facts.used_by_day),
        week=week,
        cool_down_until=facts.cool_down_until,
        cool_down_reason=facts.cool_down_reason,
        requires_connection=facts.requires_connection,
        connected=_connected(facts),
        hold_until=facts.hold_until,
        resumed_at=facts.resumed_at,
        lead_last_reply_at=facts.last_reply_at,
        lead_opted_out_at=facts.opted_out_at,
        suppressed_by=facts.suppressed_by,
        other_sequence=facts.other_sequence,
        replies_read_at=facts.replies_read_at,
        replies_next_read_at=facts.replies_next_read_at,
        relock_until=_relock_until(facts),
        invited_by_hand_at=facts.invited_by_hand_at,
        withdraw_at=_withdraw_at(facts),
    )


def planned_case(
    action: Action,
    due: datetime,
    *,
    prospect_status: ProspectStatus,
    schedule: Schedule,
    zone: ZoneInfo,
    daily_cap: int,
    account_status: AccountStatus = AccountStatus.USABLE,
    spacing: timedelta = SPACING,
    next_free_at: datetime | None = None,
    warm_up_from: date | None = None,
    used: Mapping[date, int] | None = None,
    week: WeekUse | None = None,
    cool_down_until: datetime | None = None,
    hold_until: datetime | None = None,
    resumed_at: datetime | None = None,
    last_reply_at: datetime | None = None,
    opted_out_at: datetime | None = None,
    suppressed_by: str | None = None,
    invited_by_hand_at: datetime | None = None,
) -> Case:
    """The policy's view of a send that planning or a forecast looks for a moment for.

    The plan asks when, the sender asks whether. The campaign counts as running here, because a paused one closes lanes and never
    moves rows; the connection and the lead's other sequences are decided on at the moment of sending.
    """
    return Case(
        action=action,
        scheduled_for=due,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=prospect_status,
        account_status=account_status,
        schedule=schedule,
        zone=zone,
        spacing=spacing,
        daily_cap=daily_cap,
        next_free_at=next_free_at,
        warm_up_from=warm_up_from,
        used=used or {},
        week=week,
        cool_down_until=cool_down_until,
        hold_until=hold_until,
        resumed_at=resumed_at,
        lead_last_reply_at=last_reply_at,
        lead_opted_out_at=opted_out_at,
        suppressed_by=suppressed_by,
        invited_by_hand_at=invited_by_hand_at,
        withdraw_at=due if action.role is ActionRole.WITHDRAW else None,
    )


def _days(counted: str | None) -> Mapping[date, int]:
    """What was used on UTC's day and on the two beside it; which of them is the account's own, only its zone in Python says."""
    return {date.fromisoformat(day): used for day, used in orjson.loads(counted).items()} if counted else {}


def _relock_until(facts: PolicyFacts) -> datetime | None:
    """Three weeks after the last invitation to this person that is known to have ended without an acceptance.

    Our own withdrawals have their moment. The end of one sent by hand is known from when a profile first showed it, or from when the
    whole list was first read without it; where a withdrawal of our own is known, the profile adds nothing.
    """
    ended = (facts.withdrawn_at or facts.invitation_ended_at, facts.by_hand_gone_at)
    last = max((moment for moment in ended if moment is not None), default=None)
    return None if last is None else last + RELOCK


def _withdraw_at(facts: PolicyFacts) -> datetime | None:
    if facts.withdraw_after_days is None or facts.contacted_at is None:
        return None
    return facts.contacted_at + timedelta(days=facts.withdraw_after_days)


def _connected(facts: PolicyFacts) -> bool:
    """By evidence; a lead of a messenger campaign counts as the connection that the owner says it is, until a profile shows otherwise.

    A distance that is missing proves nothing (UNIPILE.md §6.15), and the provider refuses a message to a stranger.
    """
    if facts.connected_at or facts.recipient_connected_at or facts.network_distance == FIRST_DEGREE:
        return True
    return facts.campaign_type is CampaignType.MESSENGER and facts.network_distance is None
