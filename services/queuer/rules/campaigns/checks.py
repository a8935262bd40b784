"""What workspaces, accounts and campaigns have in common about what people write."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from shared.calendar import ScheduleError, read_settings, resolve_schedule
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, MOST_WITHDRAW_AFTER_DAYS, WITHDRAW_AFTER_DAYS, CampaignSettings
from shared.policy import TIERS
from shared.refusals import Refused
from shared.vocabulary import SENDABLE_CAMPAIGN_TYPES, CampaignType

LONGEST_NAME: Final = 200  # characters
MOST_A_DAY: Final = 100
"""`daily_cr_limit`: the most any account's type allows; smaller types clamp it further (shared/policy/limits.py)."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def text(value: str, what: str, *, longest: int = LONGEST_NAME) -> str:
    """The value without the space around it.

    Raises:
        Refused: it is blank, too long, or holds what cannot be shown in one line.
    """
    value = value.strip()
    if not value:
        raise Refused(f"The {what} is empty; write one.", details={"field": what})
    if len(value) > longest:
        raise Refused(f"The {what} has {len(value)} characters; {longest} are the most.", details={"field": what})
    if _CONTROLS.search(value):
        raise Refused(f"The {what} contains a line break or another control character; remove it.", details={"field": what})
    return value


def email(value: str) -> str:
    """An address that can be written to, as far as its shape tells."""
    value = text(value, "email")
    if not _EMAIL.fullmatch(value):
        raise Refused(f"{value!r} is no e-mail address; write it like ana@example.com.", details={"field": "email"})
    return value


def daily_limit(value: int | None) -> int | None:
    """Invitations per account and day, or None for the type's default."""
    if value is not None and not 1 <= value <= MOST_A_DAY:
        raise Refused(
            f"daily_cr_limit is {value}; write 1 to {MOST_A_DAY} invitations per account and day.", details={"field": "daily_cr_limit"}
        )
    return value


def check_sendable(campaign_type: CampaignType) -> None:
    """Whether the sender has a channel for campaigns of this type.

    Raises:
        Refused: it has none, so the campaign can be drafted and cannot run.
    """
    if campaign_type not in SENDABLE_CAMPAIGN_TYPES:
        raise Refused("E-mail campaigns cannot run yet: this version sends over LinkedIn alone.", code="email_not_yet")


def withdraw_after(value: int | None, campaign_type: CampaignType) -> int | None:
    """How many days an invitation waits before it is taken back; None (also for 0) for never.

    Raises:
        Refused: it is no number of days, or the campaign sends no invitations.
    """
    if not value:
        return None
    if campaign_type is not CampaignType.CONNECTOR:
        raise Refused(
            f"A {campaign_type} campaign sends no invitations, so nothing can be taken back; leave withdraw_after_days out.",
            details={"field": "withdraw_after_days"},
        )
    if not 1 <= value <= MOST_WITHDRAW_AFTER_DAYS:
        raise Refused(
            f"withdraw_after_days is {value}; write 1 to {MOST_WITHDRAW_AFTER_DAYS} days ({WITHDRAW_AFTER_DAYS} is usual), or 0 for never.",
            details={"field": "withdraw_after_days"},
        )
    return value


def settings(wanted: CampaignSettings, campaign_type: CampaignType, *, given: Collection[str]) -> CampaignSettings:
    """The settings with those of the columns in `given` checked; the others are stored already, perhaps under older rules.

    Raises:
        Refused: a value is out of its bounds, or contradicts the campaign's type.
    """
    if "withdraw_after_days" in given:
        wanted = replace(wanted, withdraw_after_days=withdraw_after(wanted.withdraw_after_days, campaign_type))
    for field in CAMPAIGN_FIELDS:
        value = getattr(wanted, field.column)
        if field.column not in given or value is None or field.least is None or field.most is None:
            continue
        if not field.least <= value <= field.most:
            raise Refused(f"{field.column} is {value}; write {field.least} to {field.most} {field.unit}.", details={"field": field.column})
    return wanted


def tier(value: str) -> str:
    """A tier that there is.

    Raises:
        Refused: there is none of that name.
    """
    if value not in TIERS:
        raise Refused(f"There is no tier {value!r}; write one of {', '.join(TIERS)}.", code="unknown_tier", details={"field": "tier"})
    return value


def schedule(raw: Mapping[str, Any] | None) -> dict[str, Any]:
    """Schedule settings in the one spelling that is stored: hours as "HH:MM", weekdays as numbers, absent keys absent.

    Raises:
        Refused: a key or value that cannot be followed; the sentence names it.
    """
    try:
        return read_settings(dict(raw or {})).model_dump(mode="json", exclude_none=True)
    except ScheduleError as error:
        raise Refused(str(error), code="schedule", details={"field": "schedule_settings"}) from None


def schedules_agree(
    campaign: Mapping[str, Any] | None,
    account: Mapping[str, Any],
    workspace: Mapping[str, Any],
    *,
    timezone: str | None,
    country: str | None,
    name: str,
) -> None:
    """Refuse hours that contradict each other over the levels, such as a start at 19 where the account ends at 18.

    Raises:
        Refused: the planner could never find a moment; the sentence names the account.
    """
    try:
        levels = (read_settings(dict(level)) if level else None for level in (campaign, account, workspace))
        resolve_schedule(*levels, account_timezone=timezone, account_country=country)
    except ScheduleError as error:
        raise Refused(
            f"For the account {name!r}: {error}", code="schedule", details={"field": "schedule_settings", "account": name}
        ) from None


def place(timezone: str | None, country: str | None) -> None:
    """An account's zone and country, where they are given, are known to the calendars.

    Raises:
        Refused: one is not; the sentence names the nearest.
    """
    try:
        read_settings({"timezone": timezone, "country": country})
    except ScheduleError as error:
        raise Refused(str(error).replace("schedule_settings.", ""), code="schedule", details={"field": "timezone, country"}) from None


def differences(wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> list[str]:
    """The names whose stored value is another one."""
    return [name for name, value in wanted.items() if stored[name] != value]
