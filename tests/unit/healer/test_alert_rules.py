"""When people are alerted, and in which words."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.healer.rules.health.alerts import (
    SILENT_AFTER,
    Alert,
    AlertKind,
    RiskyCampaign,
    SendErrorRates,
    describe_alert,
    find_alerts,
    has_too_many_errors,
)
from services.healer.rules.health.score import IntegrityCounts
from shared.notices.silence import SINCE

US = uuid4()


def kinds(figures: IntegrityCounts = IntegrityCounts(), **measured: object) -> list[AlertKind]:  # noqa: B008 - frozen
    given: dict[str, object] = {"failures_in_row": 0, "errors": (), "predicted": (), "silent_for": None, **measured}
    return [alert.kind for alert in find_alerts({US: figures}, **given)]  # type: ignore[arg-type]


def test_a_healer_that_is_silent_now_is_told_otherwise_than_one_that_is_back() -> None:
    now, since = (
        describe_alert(AlertKind.HEALER_SILENT, {SINCE: "2026-03-10T15:04:05+00:00"}),
        describe_alert(AlertKind.HEALER_SILENT, {"silent_minutes": 7}),
    )
    assert now[0] == "The healer is silent"
    assert "since 2026-03-10 15:04 UTC" in now[1]
    assert since[0] == "The healer was silent"


@pytest.mark.parametrize(("corrupted", "alerted"), [(5, []), (6, [AlertKind.CORRUPTION_HIGH])])
def test_corruption_is_told_above_five_percent(corrupted: int, alerted: list[AlertKind]) -> None:
    assert kinds(IntegrityCounts(total_prospects=100, corrupted_sent=corrupted)) == alerted


def test_stuck_sends_failing_runs_and_a_silent_healer_are_told() -> None:
    assert kinds(IntegrityCounts(stuck=1)) == [AlertKind.SENDS_STUCK]
    assert kinds(failures_in_row=2) == []
    assert kinds(failures_in_row=3) == [AlertKind.CLEANUP_FAILING]
    assert kinds(silent_for=SILENT_AFTER) == []
    assert kinds(silent_for=SILENT_AFTER + timedelta(seconds=1)) == [AlertKind.HEALER_SILENT]


def test_what_belongs_to_no_workspace_alerts_nobody_by_its_figures() -> None:
    assert find_alerts({None: IntegrityCounts(stuck=9)}, failures_in_row=0, errors=(), predicted=(), silent_for=None) == []


@pytest.mark.parametrize(
    ("sent", "failed", "sent_before", "failed_before", "alerted"),
    [
        (80, 20, 950, 50, True),  # 20 % after 5 %
        (86, 14, 950, 50, False),  # 14 % after 5 %
        (80, 20, 40, 1, False),  # nobody knows what is usual
        (6, 6, 950, 50, False),  # of twelve no rate is told
        (96, 4, 1000, 0, False),  # four errors are few
        (95, 5, 1000, 0, True),  # after a week without any
    ],
)
def test_errors_are_told_above_three_times_their_usual_rate(
    sent: int, failed: int, sent_before: int, failed_before: int, alerted: bool
) -> None:
    assert has_too_many_errors(SendErrorRates(US, sent, failed, sent_before, failed_before)) is alerted


@pytest.mark.parametrize("kind", AlertKind)
def test_every_alert_says_what_is_so_and_what_to_do(kind: AlertKind) -> None:
    campaign = uuid4()
    (alert,) = [
        each
        for each in find_alerts(
            {US: IntegrityCounts(total_prospects=10, corrupted_sent=3, stuck=2)},
            failures_in_row=3,
            errors=[SendErrorRates(US, 80, 20, 950, 50)],
            predicted=[RiskyCampaign(US, campaign, "Spring", 0.12, ["account Ada: 3 of 20"])],
            silent_for=timedelta(hours=1),
        )
        if each.kind is kind
    ]
    subject, so, todo = describe_alert(alert.kind, alert.evidence)
    assert subject
    assert so.endswith(".")
    assert todo.endswith(".")


def test_one_alert_differs_from_another_by_workspace_kind_and_what_it_is_about() -> None:
    assert Alert(US, AlertKind.SENDS_STUCK, evidence={"sends": 1}).key == Alert(US, AlertKind.SENDS_STUCK, evidence={"sends": 2}).key
    assert Alert(US, AlertKind.CORRUPTION_PREDICTED, "a").key != Alert(US, AlertKind.CORRUPTION_PREDICTED, "b").key
