"""How Unipile writes a moment: `YYYY-MM-DDTHH:MM:SS.sssZ`, exactly, or epoch milliseconds in relations."""

import re
from datetime import UTC, datetime
from typing import Final

EXACT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def iso(moment: datetime) -> str:
    """Three digits of milliseconds and a Z, as the SDK's schema demands."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(moment: datetime | None) -> str | None:
    """The same for a moment that may not have come yet."""
    return None if moment is None else iso(moment)


def from_iso(text: str) -> datetime:
    """Read the exact form back.

    Raises:
        ValueError: any other spelling, which the real API refuses as well.
    """
    if not EXACT.fullmatch(text):
        raise ValueError(f"{text!r} is not of the form YYYY-MM-DDTHH:MM:SS.sssZ")
    return datetime.fromisoformat(text)


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
