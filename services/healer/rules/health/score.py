"""How healthy the data of a workspace is, as one number, and what to do about it. Pure: figures in, a score and sentences out.

The score is 100, less two for every percent of prospects that are marked as sent and were not, less PENALTIES: the rule is told to
users in docs/health.md, and a test compares the two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

HEALTHY_FROM: Final = 90.0
DEGRADED_FROM: Final = 70.0
POINTS_PER_PERCENT: Final = 2.0


class HealthStatus(StrEnum):
    """What a score means."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityCounts:
    """What is counted of a workspace, or of all; counts of rows. `failures_in_row` are runs of the clean-up."""

    corrupted_sent: int = 0
    corrupted_failed: int = 0
    corrupted_pending: int = 0
    corrupted_for_person: int = 0
    """Of those, the ones that no run mends: proposed to a person, or refused or undone by one."""
    total_prospects: int = 0
    open: int = 0
    """Sends that are pending, dispatched or sending."""
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    duplicates: int = 0
    stuck: int = 0
    critical_findings: int = 0
    """Open ones of severity critical that none of the counts above holds already."""
    other_findings: int = 0
    failures_in_row: int = 0

    @property
    def corrupted(self) -> int:
        """Prospects that say what cannot be, by any of the three rules."""
        return self.corrupted_sent + self.corrupted_failed + self.corrupted_pending

    @property
    def corruption_percentage(self) -> float:
        """Marked as sent and never contacted, of all prospects, two decimals; 0 in an empty system."""
        return self._percent(self.corrupted_sent)

    @property
    def queue_total(self) -> int:
        """Every send but the cancelled."""
        return self.open + self.sent + self.failed + self.skipped

    def percent_of_other_kinds(self) -> float:
        """Corrupted by the two other rules, of all prospects."""
        return self._percent(self.corrupted_failed + self.corrupted_pending)

    def _percent(self, rows: int) -> float:
        return round(100.0 * rows / self.total_prospects, 2) if self.total_prospects > 0 else 0.0

    def plus(self, other: "IntegrityCounts") -> "IntegrityCounts":
        """Both together."""
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in NAMES})


NAMES: Final = tuple(IntegrityCounts.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Penalty:
    """Points that something costs: so many each, and no more than `most` together."""

    points: float
    most: float
    why: str


PENALTIES: Final[Mapping[str, Penalty]] = {
    "other_kinds": Penalty(1.0, 20.0, "for every percent of prospects that are failed or pending and say they were contacted"),
    "duplicates": Penalty(1.0, 10.0, "for every duplicate row of the queue"),
    "stuck": Penalty(1.0, 10.0, "for every send that is stuck as dispatched or sending"),
    "critical_findings": Penalty(2.0, 10.0, "for every other open finding that is critical"),
    "failures_in_row": Penalty(5.0, 15.0, "for every cleanup run that failed since the last that did not"),
}


@dataclass(frozen=True, slots=True)
class Health:
    """The score, what it means, and what each penalty took."""

    score: float
    """0 to 100, two decimals."""
    status: HealthStatus
    taken: Mapping[str, float]


def score_health(figures: IntegrityCounts) -> Health:
    """3 of 150 prospects corrupted give 96, an empty system gives 100."""
    counted = {
        "other_kinds": figures.percent_of_other_kinds(),
        "duplicates": float(figures.duplicates),
        "stuck": float(figures.stuck),
        "critical_findings": float(figures.critical_findings),
        "failures_in_row": float(figures.failures_in_row),
    }
    taken = {"corruption": POINTS_PER_PERCENT * figures.corruption_percentage}
    taken |= {name: min(counted[name] * penalty.points, penalty.most) for name, penalty in PENALTIES.items()}
    score = round(max(0.0, 100.0 - sum(taken.values())), 2)
    return Health(score, grade_score(score), {name: round(points, 2) for name, points in taken.items() if points > 0})


def grade_score(score: float) -> HealthStatus:
    """Healthy from 90, degraded from 70, else critical."""
    if score >= HEALTHY_FROM:
        return HealthStatus.HEALTHY
    return HealthStatus.DEGRADED if score >= DEGRADED_FROM else HealthStatus.CRITICAL


def recommend_actions(figures: IntegrityCounts) -> list[str]:
    """What to do, most urgent first; never empty. Callers compare the first and the last sentence, so their words stay."""
    found: list[str] = []
    if (mendable := figures.corrupted - figures.corrupted_for_person) > 0:
        found.append(f"Run cleanup function to fix {mendable} corrupted prospects")
    if figures.corrupted_for_person:
        found.append(f"Decide {_many(figures.corrupted_for_person, 'corrupted prospect')} that no run mends: tact findings list --all")
    if figures.failures_in_row:
        runs = "run" if figures.failures_in_row == 1 else f"{figures.failures_in_row} runs"
        found.append(f"See why the last {runs} of the cleanup failed: tact health history")
    if figures.duplicates:
        found.append(f"Merge {_many(figures.duplicates, 'duplicate queue record')}: tact findings list")
    if figures.stuck:
        found.append(f"Look at {_many(figures.stuck, 'send')} stuck in the sender's hand: is a sender running?")
    if figures.critical_findings:
        found.append(f"Decide {_many(figures.critical_findings, 'critical finding')}: tact findings list")
    if figures.other_findings:
        found.append(f"Look at {_many(figures.other_findings, 'open finding')}: tact findings list")
    return found or ["All systems healthy"]


def sum_counts(parts: Iterable[IntegrityCounts]) -> IntegrityCounts:
    """The whole stack's figures; runs of the clean-up are the stack's own and are set by who knows them."""
    whole = IntegrityCounts()
    for part in parts:
        whole = whole.plus(part)
    return whole


def group_by_workspace(counted: Iterable[tuple[UUID | None, str, int]]) -> dict[UUID | None, IntegrityCounts]:
    """Figures from (workspace, name, rows); the same name may come several times, and a negative sum counts as nothing.

    Raises:
        KeyError: a name that is no figure.
    """
    sums: dict[UUID | None, dict[str, int]] = {}
    for workspace_id, name, rows in counted:
        if name not in NAMES:
            raise KeyError(name)
        of = sums.setdefault(workspace_id, {})
        of[name] = of.get(name, 0) + rows
    return {workspace_id: IntegrityCounts(**{name: max(0, rows) for name, rows in of.items()}) for workspace_id, of in sums.items()}


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
