"""Every zone of the tz database, every day of five years: what the planner plans lies inside the window on local clocks.

`python -m tests.exhaustive.zones` does all of it, in a quarter of an hour of two cores; names that share a file count
once. The suite does a sample of a leap year: every zone, every day on which its clocks change, and some others. The judge
shares nothing with shared/calendar and not even Python's zoneinfo: it
asks the C library what the clock on the wall shows.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from services.queuer.rules.planning.account_calendar import AccountCalendar, NotLoaded
from shared.calendar import read_settings, resolve_schedule
from shared.policy import SPACING, Case
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus

YEARS: Final = (date(2024, 1, 1), date(2028, 12, 31))  # two 29ths of February
ZONES: Final = tuple(sorted(available_timezones() - {"localtime", "Factory"}))
CALL: Final = 30  # seconds that a call may take, and the window must still have
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A window in minutes after local midnight; `weekdays` as Python counts them."""

    opens: int
    closes: int
    weekdays: tuple[int, ...]


WINDOWS: Final = (
    Hours(7 * 60, 18 * 60, (0, 1, 2, 3, 4)),
    Hours(0, 24 * 60, (0, 1, 2, 3, 4, 5, 6)),
    Hours(2 * 60 + 10, 2 * 60 + 50, (5, 6, 0)),  # the hour that summer time takes away
    Hours(23 * 60, 24 * 60, (4, 5, 6)),
)


def days_between(first: date, last: date) -> list[date]:
    """Both ends included."""
    return [first + number * ONE_DAY for number in range((last - first).days + 1)]


def unlike() -> list[str]:
    """One name of each set of zones whose files say the same."""
    return sorted({_file(zone).read_bytes(): zone for zone in reversed(ZONES)}.values())


def sampled(zone: str) -> list[date]:
    """Of the last year, every day on which the clocks change, the day after, and one in 97 of the others."""
    days = days_between(date(YEARS[1].year, 1, 1), YEARS[1])
    with c_library(zone):
        offsets = [_wall(_utc(day)).tm_gmtoff for day in [*days, days[-1] + ONE_DAY]]
    changes = {place for place in range(len(days)) if offsets[place] != offsets[place + 1]}
    return [day for place, day in enumerate(days) if {place, place - 1} & changes or place % 97 == 0]


def breaches(zone: str, days: Iterable[date], hours: Hours) -> list[str]:
    """What a plan for these days does wrong, in words; two sends a day, asked for at 00:00 UTC and 29 hours before."""
    planned = [each for day in days for each in _plan(zone, day, hours)]
    with c_library(zone):
        found = [wrong for start, slot in planned if (wrong := _judge(start, slot, hours))]
    return [f"{zone} {hours.opens}-{hours.closes}: {each}" for each in found]


@contextlib.contextmanager
def c_library(zone: str) -> Iterator[None]:
    """`time.localtime` shows this zone inside, from the very files that the code under test reads."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = f":{_file(zone)}"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def _file(zone: str) -> Path:
    return Path(str(resources.files("tzdata"))) / "zoneinfo" / zone


def _wall(at: datetime) -> time.struct_time:
    return time.localtime(int(at.timestamp()))


def _utc(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _plan(zone: str, day: date, hours: Hours) -> list[tuple[datetime, datetime]]:
    settings = read_settings(
        {
            "working_hours_start": f"{hours.opens // 60:02}:{hours.opens % 60:02}",
            "working_hours_end": f"{hours.closes // 60:02}:{hours.closes % 60:02}",
            "days": list(hours.weekdays),
            "skip_holidays": False,
        }
    )
    schedule = resolve_schedule(settings, None, None, account_timezone=zone, account_country="US")
    slots = []
    for number, start in enumerate((_utc(day) - timedelta(hours=29), _utc(day))):
        calendar = AccountCalendar(ZoneInfo(zone), SPACING, {Action.MESSAGE: 40}, 100, [(start - 2 * ONE_DAY, start + 7 * ONE_DAY)])
        case = _case(start, zone, schedule)
        while isinstance(slot := calendar.place(case, UUID(int=number), earliest=start, look_up=False), NotLoaded):
            calendar.spans = [(start - 2 * ONE_DAY, slot.at + 3 * ONE_DAY)]
        if not isinstance(slot, datetime):
            raise AssertionError(f"{zone} {day}: nothing could be planned: {slot}")  # noqa: TRY004 - a finding, no wrong argument
        slots.append((start, slot))
    return slots


def _case(due: datetime, zone: str, schedule: object) -> Case:
    return Case(
        action=Action.MESSAGE,
        scheduled_for=due,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=ProspectStatus.MESSAGING,
        account_status=AccountStatus.USABLE,
        schedule=schedule,  # type: ignore[arg-type] # the calendar's, which this judge does not name
        zone=ZoneInfo(zone),
        spacing=SPACING,
        daily_cap=40,
    )


def _judge(start: datetime, slot: datetime, hours: Hours) -> str | None:
    """Inside the window until the call is over, and no earlier moment was, as far as every tenth minute tells."""
    for at in (slot, slot + timedelta(seconds=CALL - 1)):
        if not _open(at, hours):
            return f"{at:%Y-%m-%d %H:%M:%S} UTC is {time.strftime('%a %Y-%m-%d %H:%M', _wall(at))} there"
    earlier = start
    while earlier < slot:
        if _open(earlier, hours) and _open(earlier + timedelta(seconds=CALL), hours):
            return f"{earlier:%Y-%m-%d %H:%M:%S} UTC was open, and {slot:%Y-%m-%d %H:%M:%S} was planned"
        earlier += timedelta(minutes=10)
    return None


def _open(at: datetime, hours: Hours) -> bool:
    wall = _wall(at)
    return hours.opens <= wall.tm_hour * 60 + wall.tm_min < hours.closes and wall.tm_wday in hours.weekdays


def _whole(numbered: tuple[int, str]) -> tuple[str, int, list[str]]:
    """The usual hours, and one of the unusual windows in turn."""
    number, zone = numbered
    days = days_between(*YEARS)
    windows = (WINDOWS[0], WINDOWS[1 + number % (len(WINDOWS) - 1)])
    found = [wrong for hours in windows for wrong in breaches(zone, days, hours)]
    return zone, len(days), found


def main() -> int:
    """Walk all of it; 1 when anything lies outside its window."""
    checked, wrong, started = 0, 0, time.monotonic()
    with ProcessPoolExecutor() as pool:
        for zone, days, found in pool.map(_whole, enumerate(unlike())):
            checked, wrong = checked + days, wrong + len(found)
            for each in found:
                sys.stdout.write(f"{each}\n")
            if found:
                sys.stdout.write(f"{zone}: {len(found)} breaches\n")
    took = time.monotonic() - started
    sys.stdout.write(
        f"{len(ZONES)} zones in {len(unlike())} files, {YEARS[0]} to {YEARS[1]}, two windows each: "
        f"{checked:,} zone-days, {wrong} breaches, {took:.0f} s\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
