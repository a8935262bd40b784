"""Hours, weekends and holidays: when may anything leave at all (pure; over zoneinfo and the `holidays` library)."""

from shared.calendar.resolve import resolve_schedule
from shared.calendar.schedule import HORIZON_DAYS, Closed, HalfDays, Schedule
from shared.calendar.settings import ScheduleError, ScheduleSettings, WindowZone, read_settings
from shared.calendar.zones import Span, spans, utc

__all__ = [
    "HORIZON_DAYS",
    "Closed",
    "HalfDays",
    "Schedule",
    "ScheduleError",
    "ScheduleSettings",
    "Span",
    "WindowZone",
    "read_settings",
    "resolve_schedule",
    "spans",
    "utc",
]
