"""When a call that certainly had no effect, and was not refused for its content or recipient, is tried again; and how that reads."""

from datetime import timedelta
from typing import Final

PAUSES: Final = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""Business time; after the last one the send has failed for good."""
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def pause_before(retry: int) -> timedelta | None:
    """The pause before the retry with this number (0 is the first); None when there are no more."""
    return PAUSES[retry] if retry < len(PAUSES) else None


def tries_in_words() -> str:
    """How often a call is tried before its send has failed: the first try and one after each pause."""
    return f"{_NUMBERS[len(PAUSES) + 1]} times"


def span_in_words() -> str:
    """How long the tries take at least, in whole hours, or in minutes below one hour."""
    span = sum(PAUSES, timedelta())
    hours = span // timedelta(hours=1)
    if not hours:
        return f"{span // timedelta(minutes=1)} minutes"
    return "an hour" if hours == 1 else f"{_NUMBERS[hours] if hours < len(_NUMBERS) else hours} hours"
