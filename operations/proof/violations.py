"""What was found: each break with its row, what that says and what it should."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MOST_KEPT: Final = 200
"""Of one check, by name; the rest is counted. A stack whose topic was made anew misses a million events."""


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that is not as it must be."""

    check: str
    """chain, intents, answers, sends, usage, caps, week, spacing, days, events."""
    row: str
    """The table and what finds the row in it."""
    says: str
    should: str


@dataclass(slots=True)
class Found:
    """Breaks as they come, and what was looked at."""

    breaks: list[Break] = field(default_factory=list)
    by_check: Counter[str] = field(default_factory=Counter)
    looked_at: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    """What could not be compared, and why."""

    def add(self, check: str, row: str, *, says: object, should: object) -> None:
        """Name a break."""
        self.by_check[check] += 1
        if self.by_check[check] <= MOST_KEPT:
            self.breaks.append(Break(check, row, str(says), str(should)))

    @property
    def well(self) -> bool:
        """Whether nothing is broken."""
        return not self.by_check

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {
            "ok": self.well,
            "looked_at": dict(self.looked_at),
            "broken": dict(self.by_check),
            "breaks": [asdict(each) for each in self.breaks],
            "notes": self.notes,
        }
