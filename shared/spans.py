"""A span of time as people type it: `2h`, `90 min ago`, `3 days`."""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)(?:\s+ago)?", re.IGNORECASE | re.ASCII
)
LONGEST: Final = timedelta(weeks=5_200)
"""Far before any topic, and still a date that Python can hold; a longer span is cut to it."""


def parse_duration(text: str) -> timedelta | None:
    """The span; None where the text is none."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    unit = _UNITS[found[2][0].lower()]
    return min(timedelta(**{unit: min(float(found[1]), 1e6)}), LONGEST)
