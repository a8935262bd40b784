"""When a send that certainly did not happen, and was not refused for its content or recipient, is tried again."""

from datetime import timedelta
from typing import Final

PAUSES: Final = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""Business time; after the last one the send has failed for good."""


def pause_before(retry: int) -> timedelta | None:
    """The pause before the retry with this number (0 is the first); None when there are no more."""
    return PAUSES[retry] if retry < len(PAUSES) else None
