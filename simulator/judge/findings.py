"""What the checks found so far: counts, examples in words, and what may yet be forgiven once the clock's speed is known."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from simulator.judge.reading import LoggedCall

MOST_EXAMPLES: Final = 20


@dataclass(slots=True)
class Findings:
    """Filled by the checks as the log goes by."""

    violations: Counter[str] = field(default_factory=Counter)
    tolerated: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _narrow: list[tuple[str, float, float, str]] = field(default_factory=list)

    def broken(self, kind: str, words: str) -> None:
        """A rule was broken."""
        self.violations[kind] += 1
        self._show(kind, words)

    def forgiven(self, kind: str, words: str) -> None:
        """A rule was broken, but no sender could have known: counted and shown."""
        self.tolerated[kind] += 1
        self._show(f"tolerated {kind}", words)

    def narrow(self, kind: str, words: str, *, short_by_s: float, real_ms: float) -> None:
        """Short of a limit by so much business time; forgiven when that is no more than `real_ms` of the clock's speed."""
        self._narrow.append((kind, short_by_s, real_ms, words))

    def settle(self, speed: float) -> None:
        """Decide what was narrow, now that the speed is known."""
        for kind, short_by_s, real_ms, words in self._narrow:
            if short_by_s <= speed * real_ms / 1000:
                self.forgiven(kind, words)
            else:
                self.broken(kind, words)
        self._narrow.clear()

    def _show(self, kind: str, words: str) -> None:
        shown = self.examples.setdefault(kind, [])
        if len(shown) < MOST_EXAMPLES:
            shown.append(words)


class Speed:
    """Business seconds per real second, measured from call to call; the median, so that leaps of the clock do not count."""

    APART_S: Final = 0.1

    def __init__(self) -> None:
        self._anchor: tuple[datetime, datetime] | None = None
        self._samples: list[float] = []

    def see(self, call: LoggedCall) -> None:
        """Compare with the last call that was measured; closer ones say nothing, they are all rounding."""
        if self._anchor is not None:
            real = (call.real_at - self._anchor[1]).total_seconds()
            if real < self.APART_S:
                return
            self._samples.append(max(0.0, (call.at - self._anchor[0]).total_seconds() / real))
        self._anchor = (call.at, call.real_at)

    def measured(self) -> float:
        """1 when the log is too short to say: the strictest there is for a clock that runs."""
        samples = sorted(self._samples)
        return samples[len(samples) // 2] if samples else 1.0
