"""A row with everything about one send, as the policy wants it: the one translation for whoever asks about a send that is planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from shared.calendar import Schedule, ScheduleError, ScheduleSettings, read_settings, resolve_schedule
from shared.policy.case import Case, WeekUse
from shared.policy.limits import RELOCK, SPACING, caps_of
from shared.vocabulary import FIRST_DEGREE, AccountStatus, Action, CampaignStatus, CampaignType, ProspectStatus


@lru_cache(maxsize=32_768)
def schedule_of(levels: tuple[str, str, str], timezone: str, country: str, prospect_timezone: str | None) -> Schedule:
    """The schedule from the settings of campaign, account and workspace as they are stored.

    Worked out once for equal texts and each prospect's zone.
    """
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
    """By which hours and in which zone a row lives; `unreadable` says what is wrong where our own stand in for them."""

    schedule: Schedule
    zone: ZoneInfo
    unreadable: str | None = None


_OURS: Final = Clocks(resolve_schedule(None, None, None, account_timezone="UTC", account_country="US"), ZoneInfo("UTC"))


def clocks_of(row: Mapping[str, Any]) -> Clocks:
    """The clocks of a row with campaign_schedule, account_schedule, workspace_schedule, timezone, country, prospect_timezone.

    Settings are checked where people write them, but a country may leave its library, a zone the tz database, and a hand in
    the database writes what it likes. One such row must not fail the batch it stands in.
    """
    levels = (row["campaign_schedule"], row["account_schedule"], row["workspace_schedule"])
    try:
        return Clocks(schedule_of(levels, row["timezone"], row["country"], row["prospect_timezone"]), _zone(row["timezone"]))
    except (ValueError, KeyError) as error:  # a ScheduleError, and what zoneinfo raises for a zone it does not know
        return Clocks(_OURS.schedule, _OURS.zone, str(error) or ScheduleError.__name__)


def clocks_of_account(row: Mapping[str, Any]) -> Clocks:
    """An account's own clocks, whatever it sends: a row with account_schedule, workspace_schedule, timezone and country."""
    return clocks_of({**row, "campaign_schedule": "{}", "prospect_timezone": None})


def zone_of(timezone: str) -> ZoneInfo:
    """An account's zone; UTC where nobody can read it, by which nothing leaves."""
    try:
        return _zone(timezone)
    except (ValueError, KeyError):
        return _OURS.zone


def local_day(at: datetime, timezone: str) -> date:
    """The account's own day at a moment: the one answer, for PostgreSQL's zones may be of another year than ours."""
    return at.astimezone(zone_of(timezone)).date()


@lru_cache(maxsize=4096)
def _settings(stored: str) -> ScheduleSettings:
    return read_settings(orjson.loads(stored))


_zone = lru_cache(maxsize=512)(ZoneInfo)
_ACTION = {action.value: action for action in Action}
_PROSPECT = {status.value: status for status in ProspectStatus}


def case_of(row: Mapping[str, Any], week: WeekUse | None) -> Case:
    """The policy's view of a row of load_due (services/sender/store/ledger.sql), or of one with the same names."""
    action = _ACTION[row["next_action"]]
    clocks = clocks_of(row)
    return Case(
        action=action,
        scheduled_for=row["scheduled_for"],
        campaign_status=CampaignStatus(row["campaign_status"]) if row["workspace_active"] else CampaignStatus.PAUSED,
        prospect_status=_PROSPECT[row["prospect_status"]],
        account_status=AccountStatus(row["account_status"]),
        account_status_reason=row["status_reason"],
        schedule=clocks.schedule,
        zone=clocks.zone,
        unreadable=clocks.unreadable,
        spacing=SPACING,
        next_free_at=row["next_free_at"],
        daily_cap=caps_of(row)[action],
        warm_up_from=row["warm_up_from"],
        used=_days(row["used_by_day"]),
        week=week,
        cool_down_until=row["cool_down_until"],
        cool_down_reason=row["cool_down_reason"],
        requires_connection=row["requires_connection"],
        connected=_connected(row),
        hold_until=row["hold_until"],
        resumed_at=row["resumed_at"],
        lead_last_reply_at=row["last_reply_at"],
        lead_opted_out_at=row["opted_out_at"],
        suppressed_by=row["suppressed_by"],
        other_sequence=row["other_sequence"],
        replies_read_at=row["replies_read_at"],
        replies_next_read_at=row["replies_next_read_at"],
        relock_until=_relock_until(row),
        invited_by_hand_at=row["invited_by_hand_at"],
        withdraw_at=_withdraw_at(row),
    )


def _days(counted: str | None) -> Mapping[date, int]:
    """What was used on UTC's day and its neighbours, of which the account's own is one; which, only its zone here says."""
    return {date.fromisoformat(day): used for day, used in orjson.loads(counted).items()} if counted else {}


def _relock_until(row: Mapping[str, Any]) -> datetime | None:
    """Three weeks after the last invitation to this person ended without an acceptance, as far as anybody knows.

    Our own withdrawals have their moment. One by hand is known from when a profile first said so, or from when the whole list
    was first seen without it; where we know of one of our own, the profile says nothing new.
    """
    ended = (row["withdrawn_at"] or row["invitation_ended_at"], row["by_hand_gone_at"])
    last = max((moment for moment in ended if moment is not None), default=None)
    return None if last is None else last + RELOCK


def _withdraw_at(row: Mapping[str, Any]) -> datetime | None:
    if row["withdraw_after_days"] is None or row["contacted_at"] is None:
        return None
    moment: datetime = row["contacted_at"] + timedelta(days=row["withdraw_after_days"])
    return moment


def _connected(row: Mapping[str, Any]) -> bool:
    """By evidence; a messenger lead counts as the connection its owner says it is until somebody says otherwise.

    A distance that is missing proves nothing (UNIPILE.md §6.15), and the provider refuses a message to a stranger.
    """
    if row["connected_at"] or row["recipient_connected_at"] or row["network_distance"] == FIRST_DEGREE:
        return True
    return bool(row["campaign_type"] == CampaignType.MESSENGER and row["network_distance"] is None)
