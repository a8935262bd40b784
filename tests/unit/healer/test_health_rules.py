"""The score, what it means, and what to do about it."""

import re
from pathlib import Path

import pytest

from services.healer.rules.health.score import (
    PENALTIES,
    HealthStatus,
    IntegrityCounts,
    grade_score,
    group_by_workspace,
    recommend_actions,
    score_health,
    sum_counts,
)

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/health.md"


@pytest.mark.parametrize(
    ("figures", "score", "means"),
    [
        (IntegrityCounts(), 100.0, HealthStatus.HEALTHY),
        (IntegrityCounts(total_prospects=150), 100.0, HealthStatus.HEALTHY),
        (IntegrityCounts(total_prospects=150, corrupted_sent=3), 96.0, HealthStatus.HEALTHY),
        (IntegrityCounts(total_prospects=100, corrupted_sent=5), 90.0, HealthStatus.HEALTHY),
        (IntegrityCounts(total_prospects=1000, corrupted_sent=51), 89.8, HealthStatus.DEGRADED),
        (IntegrityCounts(total_prospects=100, corrupted_sent=15), 70.0, HealthStatus.DEGRADED),
        (IntegrityCounts(total_prospects=73, corrupted_sent=53), 0.0, HealthStatus.CRITICAL),
        (IntegrityCounts(total_prospects=100, corrupted_failed=2, corrupted_pending=1), 97.0, HealthStatus.HEALTHY),
        (IntegrityCounts(total_prospects=100, corrupted_failed=60), 80.0, HealthStatus.DEGRADED),
        (IntegrityCounts(duplicates=3, stuck=2, critical_findings=1), 93.0, HealthStatus.HEALTHY),
        (IntegrityCounts(duplicates=94, stuck=1000, critical_findings=50, failures_in_row=9), 55.0, HealthStatus.CRITICAL),
    ],
)
def test_the_score_is_a_hundred_less_two_for_every_percent_and_the_penalties(
    figures: IntegrityCounts, score: float, means: HealthStatus
) -> None:
    health = score_health(figures)
    assert (health.score, health.status) == (score, means)


def test_corrupted_rows_without_a_count_of_prospects_divide_by_nothing() -> None:
    assert IntegrityCounts(corrupted_sent=3).corruption_percentage == 0.0


@pytest.mark.parametrize(("score", "means"), [(90.0, "healthy"), (89.99, "degraded"), (70.0, "degraded"), (69.99, "critical")])
def test_the_borders_belong_to_the_better_side(score: float, means: str) -> None:
    assert grade_score(score) == means


def test_recommendations_keep_the_sentences_their_readers_know() -> None:
    assert recommend_actions(IntegrityCounts(total_prospects=9)) == ["All systems healthy"]
    assert recommend_actions(IntegrityCounts(corrupted_sent=2, corrupted_failed=1)) == ["Run cleanup function to fix 3 corrupted prospects"]
    waiting = IntegrityCounts(corrupted_sent=2, corrupted_pending=3, corrupted_for_person=3)
    assert recommend_actions(waiting) == [
        "Run cleanup function to fix 2 corrupted prospects",
        "Decide 3 corrupted prospects that no run mends: tact findings list --all",
    ]
    several = recommend_actions(
        IntegrityCounts(corrupted_pending=1, failures_in_row=3, duplicates=1, stuck=2, critical_findings=1, other_findings=4)
    )
    assert several[0] == "Run cleanup function to fix 1 corrupted prospects"
    assert len(several) == 6
    assert "All systems healthy" not in several


def test_the_queue_counts_all_but_the_cancelled() -> None:
    assert IntegrityCounts(open=4, sent=3, failed=2, skipped=1, cancelled=9).queue_total == 10


def test_figures_of_workspaces_add_up_and_never_fall_below_nothing() -> None:
    counted = group_by_workspace([(None, "critical_findings", 2), (None, "open", 3), (None, "open", -1), (None, "sent", -1)])
    assert counted == {None: IntegrityCounts(critical_findings=2, open=2)}
    assert sum_counts([IntegrityCounts(open=1, stuck=2), IntegrityCounts(open=2)]) == IntegrityCounts(open=3, stuck=2)


def test_a_name_that_is_no_figure_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="opened"):
        group_by_workspace([(None, "opened", 1)])


def test_every_penalty_stands_in_the_document_with_its_points() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| ([\d.]+) \| ([\d.]+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {why: (float(points), float(most)) for why, points, most in rows} == {
        penalty.why: (penalty.points, penalty.most) for penalty in PENALTIES.values()
    }
