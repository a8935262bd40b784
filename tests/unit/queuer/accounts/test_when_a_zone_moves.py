"""From when another zone's days count: never so that one date has two budgets."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.queuer.rules.accounts.timezone_change import both_past_midnight

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "moment"),
    [
        ("America/New_York", "Europe/Berlin", datetime(2026, 3, 11, 4, tzinfo=UTC)),  # New York's midnight is the later one
        ("Europe/Berlin", "America/New_York", datetime(2026, 3, 11, 4, tzinfo=UTC)),
        ("Pacific/Kiritimati", "Pacific/Honolulu", datetime(2026, 3, 11, 10, tzinfo=UTC)),
    ],
)
def test_a_new_zone_holds_once_both_have_begun_another_day(old: str, new: str, moment: datetime) -> None:
    assert both_past_midnight(ZoneInfo(old), ZoneInfo(new), NOON) == moment


@pytest.mark.parametrize("old", ["Pacific/Kiritimati", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Pacific/Honolulu"])
@pytest.mark.parametrize("new", ["Pacific/Kiritimati", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Pacific/Honolulu"])
def test_a_fresh_budget_begins_at_a_midnight_alone(old: str, new: str) -> None:
    before, after = ZoneInfo(old), ZoneInfo(new)
    for hour in range(24):
        moment = both_past_midnight(before, after, NOON + timedelta(hours=hour))
        last, first = (moment - timedelta(seconds=1)).astimezone(before).date(), moment.astimezone(after).date()
        # Either the date goes on with what it has used, or another one begins at the midnight of one of the two.
        midnights = {moment.astimezone(zone).time() for zone in (before, after)}
        assert first <= last or time() in midnights
        assert moment > NOON + timedelta(hours=hour)
