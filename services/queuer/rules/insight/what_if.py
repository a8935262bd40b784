"""What a forecast may suppose: other limits, other hours, more accounts, another day off. Nothing of it is written anywhere."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from services.queuer.rules.insight.forecast_model import CampaignWork, ForecastAccount, ForecastQuestion, Rates
from services.queuer.rules.planning.rotation import apportioned
from shared.calendar import Schedule, ScheduleError, read_settings
from shared.policy import MOST_BY_EXCEPTION, MOST_WEEKLY_INVITATIONS, daily_caps, most_invitations, weekly_invitations
from shared.refusals import Refused
from shared.vocabulary import AccountStatus, AccountType, Action

MOST_A_DAY: Final = MOST_BY_EXCEPTION
MOST_NEW_ACCOUNTS: Final = 500
LONGEST_SPACING: Final = 3600
_YES: Final = frozenset({"true", "yes", "on", "1"})
_NO: Final = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What is supposed; None and empty: as it is. `opens` and `closes` are minutes after midnight, spacing seconds."""

    daily_cap: int | None = None
    weekly_cap: int | None = None
    spacing: int | None = None
    opens: int | None = None
    closes: int | None = None
    skip_weekends: bool | None = None
    skip_holidays: bool | None = None
    accounts: int = 0
    account_type: AccountType | None = None
    acceptance_rate: float | None = None
    reply_rate: float | None = None
    holidays: tuple[tuple[str, date], ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether everything stays as it is."""
        return self == WhatIf()


def _refused(message: str) -> Refused:
    return Refused(message, code="what_if")


def read_what_if(sets: Sequence[str], holidays: Sequence[str] = ()) -> WhatIf:
    """From `daily_cap=25` and `DE:2026-12-24`, each said once.

    Raises:
        Refused: an unknown word, a value out of its range, or the same word twice.
    """
    said: dict[str, Any] = {}
    seen: set[str] = set()
    for each in sets:
        word, sign, value = each.partition("=")
        word, value = word.strip(), value.strip()
        if not sign or word not in _READ:
            near = difflib.get_close_matches(word, _READ, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise _refused(f"{each!r} cannot be supposed{hint}; write word=value with one of: {', '.join(sorted(_READ))}.")
        if word in seen:
            raise _refused(f"{word} is supposed twice; say it once.")
        seen.add(word)
        said |= _READ[word](word, value)
    return WhatIf(**said, holidays=tuple(_holiday(each) for each in holidays))


def _number(least: int, most: int, name: str | None = None) -> Callable[[str, str], dict[str, Any]]:
    def read(word: str, value: str) -> dict[str, Any]:
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise _refused(f"{word}={value} is out of range; write a whole number from {least} to {most}.")
        return {name or word: int(value)}

    return read


def _share(word: str, value: str) -> dict[str, Any]:
    try:
        share = float(value)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise _refused(f"{word}={value} is no share; write a number from 0 to 1, such as 0.3.")
    return {word: share}


def _yes_or_no(word: str, value: str) -> dict[str, Any]:
    if value.lower() not in _YES | _NO:
        raise _refused(f"{word}={value} is neither; write {word}=true or {word}=false.")
    return {word: value.lower() in _YES}


def _time(word: str, value: str) -> dict[str, Any]:
    try:
        settings = read_settings({word: int(value) if value.isascii() and value.isdigit() else value})
    except ScheduleError as error:
        raise _refused(str(error).removeprefix("schedule_settings.")) from None
    hour, minute = getattr(settings, word).split(":")
    return {"opens" if word == "working_hours_start" else "closes": int(hour) * 60 + int(minute)}


def _accounts(word: str, value: str) -> dict[str, Any]:
    number, _, kind = value.partition(":")
    kinds = [each.value for each in AccountType]
    digits = number.removeprefix("+")
    if not number.startswith("+") or not digits.isascii() or not digits.isdigit() or not 1 <= int(digits) <= MOST_NEW_ACCOUNTS:
        raise _refused(f"{word}={value} cannot be read; write accounts=+1 to accounts=+{MOST_NEW_ACCOUNTS}, or accounts=+1:premium.")
    if kind and kind not in kinds:
        raise _refused(f"{kind!r} is no kind of account; write one of: {', '.join(kinds)}.")
    return {"accounts": int(digits), "account_type": AccountType(kind) if kind else None}


_READ: Final[Mapping[str, Callable[[str, str], dict[str, Any]]]] = {
    "daily_cap": _number(1, MOST_A_DAY),
    "weekly_cap": _number(1, MOST_WEEKLY_INVITATIONS),
    "spacing": _number(0, LONGEST_SPACING),
    "working_hours_start": _time,
    "working_hours_end": _time,
    "skip_weekends": _yes_or_no,
    "skip_holidays": _yes_or_no,
    "accounts": _accounts,
    "acceptance_rate": _share,
    "reply_rate": _share,
}


def _holiday(said: str) -> tuple[str, date]:
    country, sign, day = said.partition(":")
    if not sign:
        raise _refused(f"{said!r} is no holiday; write country and date like DE:2026-12-24.")
    try:
        settings = read_settings({"country": country.strip(), "extra_days_off": [day.strip()]})
    except ScheduleError as error:
        why = str(error).replace("schedule_settings.extra_days_off: ", "").replace("schedule_settings.country: ", "")
        raise _refused(f"The holiday {said!r} cannot be supposed. {why}") from None
    return country.strip(), (settings.extra_days_off or ())[0]


def suppose(what_if: WhatIf, question: ForecastQuestion) -> tuple[ForecastQuestion, tuple[str, ...]]:
    """The same question under other rules, and what a reader should know about it.

    Limits are those of every account of the campaign; hours and rates are the campaign's alone; a holiday closes whatever
    follows that country.

    Raises:
        Refused: the hours contradict each other, or no account follows the country of a holiday.
    """
    if what_if.is_empty:
        return question, ()
    _check_holidays(what_if, question.accounts)
    accounts = tuple(_supposed_account(what_if, account, question.campaign_id) for account in question.accounts)
    notes = [*_clamped(what_if, accounts)]
    if what_if.accounts:
        accounts = _with_more(what_if, accounts, question.campaign_id)
        notes.append("People who were not contacted yet are shared anew among all accounts, the supposed ones included.")
    return replace(question, accounts=accounts), tuple(notes)


def _supposed_account(what_if: WhatIf, account: ForecastAccount, campaign_id: UUID) -> ForecastAccount:
    changes: dict[str, Any] = {"work": tuple(_change_work(what_if, work, own=work.campaign_id == campaign_id) for work in account.work)}
    if what_if.daily_cap is not None:
        changes["caps"] = {**account.caps, Action.INVITATION: _invitations(account.account_type, what_if.daily_cap, account.exception)}
    if what_if.weekly_cap is not None:
        changes["weekly_cap"] = weekly_invitations(what_if.weekly_cap)
    if what_if.spacing is not None:
        changes["spacing"] = timedelta(seconds=what_if.spacing)
    return replace(account, **changes)


def _invitations(account_type: AccountType, wanted: int, exception: int | None = None) -> int:
    return min(wanted, most_invitations(account_type, exception))


def _change_work(what_if: WhatIf, work: CampaignWork, *, own: bool) -> CampaignWork:
    schedule = _closed_on_holidays(what_if, work.schedule)
    if not own:
        return replace(work, schedule=schedule)
    opens = schedule.opens if what_if.opens is None else what_if.opens
    closes = schedule.closes if what_if.closes is None else what_if.closes
    if opens >= closes:
        raise _refused(f"Working hours from {_clock(opens)} to {_clock(closes)} never open; suppose working_hours_start and _end together.")
    if what_if.skip_weekends is not None:
        schedule = changed(schedule, skip_weekends=what_if.skip_weekends, weekdays=None)
    if what_if.skip_holidays is not None:
        schedule = changed(schedule, skip_holidays=what_if.skip_holidays)
    try:
        schedule = changed(schedule, opens=opens, closes=closes)
    except ValueError as error:  # hours may contradict more of a schedule than their own other end
        raise _refused(f"These hours cannot be supposed: {error}") from None
    return replace(work, schedule=schedule, rates=_rates(what_if, work.rates))


def changed(schedule: Schedule, **changes: Any) -> Schedule:
    """The schedule and, where both must be open, the prospect's with it."""
    prospects = None if schedule.prospects is None else changed(schedule.prospects, **changes)
    return replace(schedule, **changes, prospects=prospects)


def _rates(what_if: WhatIf, rates: Rates) -> Rates:
    acceptance = rates.acceptance if what_if.acceptance_rate is None else what_if.acceptance_rate
    return replace(rates, acceptance=acceptance, reply=rates.reply if what_if.reply_rate is None else what_if.reply_rate)


def _closed_on_holidays(what_if: WhatIf, schedule: Schedule) -> Schedule:
    off = {day for country, day in what_if.holidays if _own_country(schedule, country)}
    prospects = None if schedule.prospects is None else _closed_on_holidays(what_if, schedule.prospects)
    return replace(schedule, days_off=schedule.days_off | off, working_exceptions=schedule.working_exceptions - off, prospects=prospects)


def _follows(schedule: Schedule, country: str) -> bool:
    return _own_country(schedule, country) or (schedule.prospects is not None and _follows(schedule.prospects, country))


def _own_country(schedule: Schedule, country: str) -> bool:
    """A country's day off is one in its parts too."""
    return schedule.country == country or schedule.country.startswith(f"{country}-")


def _check_holidays(what_if: WhatIf, accounts: Sequence[ForecastAccount]) -> None:
    schedules = [work.schedule for account in accounts for work in account.work]
    for country, day in what_if.holidays:
        if not any(_follows(schedule, country) for schedule in schedules):
            known = ", ".join(sorted({schedule.country for schedule in schedules})) or "none"
            raise _refused(f"No account here follows the calendar of {country}, so {country}:{day} changes nothing; they follow: {known}.")


def _clamped(what_if: WhatIf, accounts: Sequence[ForecastAccount]) -> list[str]:
    if what_if.daily_cap is None:
        return []
    kinds = sorted({account.account_type for account in accounts if account.caps[Action.INVITATION] < what_if.daily_cap})
    return [
        f"An account of type {kind} sends {_invitations(kind, what_if.daily_cap)} invitations a day at most, not {what_if.daily_cap}."
        for kind in kinds
    ]


def _with_more(what_if: WhatIf, accounts: tuple[ForecastAccount, ...], campaign_id: UUID) -> tuple[ForecastAccount, ...]:
    """New accounts like the campaign's first usable one, rested and with nothing sent, and the new people shared among all in turn."""
    usable = [account for account in accounts if account.status is AccountStatus.USABLE] or list(accounts)
    model = usable[0]
    fresh = tuple(_like(model, number, what_if, campaign_id) for number in range(1, what_if.accounts + 1))
    own = [work for account in accounts for work in account.work if work.campaign_id == campaign_id]
    takers = [account.id for account in (*usable, *fresh)]
    known = dict(zip(takers, shares(sum(work.known for work in own), len(takers)), strict=True))
    unknown = dict(zip(takers, shares(sum(work.unknown for work in own), len(takers)), strict=True))
    return tuple(
        _dealt(account, campaign_id, known=known.get(account.id, 0), unknown=unknown.get(account.id, 0)) for account in (*accounts, *fresh)
    )


def _like(model: ForecastAccount, number: int, what_if: WhatIf, campaign_id: UUID) -> ForecastAccount:
    account_type = what_if.account_type or model.account_type
    caps = dict(model.caps)
    if account_type is not model.account_type or what_if.daily_cap is not None:
        caps = dict(daily_caps(account_type, workspace_daily_cr_limit=None, account_daily_cr_limit=what_if.daily_cap))
    work = tuple(replace(each, invited=(), later=()) for each in model.work if each.campaign_id == campaign_id)
    return replace(
        model,
        id=uuid5(campaign_id, f"supposed account {number}"),
        name=f"new {number}",
        account_type=account_type,
        status=AccountStatus.USABLE,
        status_reason=None,
        caps=caps,
        next_free_at=None,
        used={},
        invitations=(),
        cool_downs={},
        work=work,
    )


def _dealt(account: ForecastAccount, campaign_id: UUID, *, known: int, unknown: int) -> ForecastAccount:
    """So many people in place of its own, spread over its schedules as its own were."""
    own = [work for work in account.work if work.campaign_id == campaign_id]
    amounts = [work.known + work.unknown for work in own]
    dealt = zip(own, apportioned(known, amounts), apportioned(unknown, amounts), strict=True)
    mine = [replace(work, known=some, unknown=others) for work, some, others in dealt]
    return replace(account, work=(*mine, *(work for work in account.work if work.campaign_id != campaign_id)))


def shares(people: int, takers: int) -> list[int]:
    """So many people dealt in turn: the first of them get the odd ones."""
    return [people // takers + (number < people % takers) for number in range(takers)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


WORDS: Final = tuple(sorted(_READ))
"""What may be supposed, for help texts."""
