"""What the bench prints and writes."""

import io
import json
from collections.abc import Mapping

import pytest
from rich.console import Console

from bench.attribution import Part
from bench.decision import Decisions
from bench.figures import BenchFigures, report, show


def figures(
    *, accounts: int = 10_000, pipeline_per_s: float = 1200.0, elsewhere: float = 0.0, waiting: int = 0, late: float = 0.45
) -> BenchFigures:
    """A run of twenty thousand sends beside a loop of 3,000 calls a second."""
    return BenchFigures(
        accounts=accounts,
        rows=20_000,
        pipeline_per_s=pipeline_per_s,
        bare_http_per_s=3_000.0,
        lateness_p50_s=0.2,
        lateness_p99_s=late,
        steady_per_s=pipeline_per_s / 2,
        steady_rows=4_500,
        burst_s=22.2,
        cpu_ms_per_send={"postgresql": 0.61234567, "sender": 0.7},
        elsewhere=elsewhere,
        waiting=waiting,
    )


QUICK = Decisions(mean_us=21.44, slowest_us=38.6, slowest="weekend")


PARTS = {Part.DISPATCH: 0.3, Part.KAFKA: 0.4, Part.BEGIN: 0.345678, Part.HTTP: 0.2, Part.FINISH: 0.3, Part.REST: 0.1}


def printed(main: BenchFigures, others: Mapping[str, BenchFigures] | None = None, decisions: Decisions = QUICK) -> str:
    """What a person with a window of 80 columns sees."""
    console = Console(width=80, color_system=None, record=True, file=io.StringIO())
    show(console, {"main": main, **(others or {})}, PARTS, decisions)
    return console.export_text()


def test_the_file_holds_every_figure_the_target_is_read_from() -> None:
    written = json.loads(json.dumps(report({"main": figures(), "large": figures(accounts=100_000)}, PARTS, QUICK)))
    wanted = {"pipeline_per_s", "bare_http_per_s", "ratio", "lateness_p50_s", "lateness_p99_s", "accounts", "rows"}
    assert wanted | {"decision_us"} <= written.keys()
    assert wanted <= written["large"].keys()
    assert (written["decision_us"], written["decision_us_slowest"]) == (21.4, 38.6)
    assert (written["ratio"], written["large"]["accounts"]) == (0.4, 100_000)
    assert written["cpu_ms_by_part"]["begin"] == 0.3457


def test_without_a_large_run_nothing_is_said_about_one() -> None:
    assert "large" not in report({"main": figures()}, {}, QUICK)


def test_the_file_says_how_each_figure_came_about() -> None:
    assert {"pipeline_per_s", "bare_http_per_s", "lateness"} <= report({"main": figures()}, {}, QUICK)["how"].keys()


def test_the_table_fits_80_columns() -> None:
    sizes = {"few_accounts": figures(accounts=1_000), "large": figures(accounts=100_000), "full_queue": figures(waiting=1_000_000)}
    table = printed(figures(), sizes)
    assert max(len(line) for line in table.splitlines()) <= 80
    assert "1,000,000" in table
    assert "…" not in table


@pytest.mark.parametrize(("rate", "verdict"), [(1200.0, "met."), (1199.0, "not met.")])
def test_the_verdict_is_the_ratio_at_the_first_size(rate: float, verdict: str) -> None:
    assert f"0.4 or better, {verdict}" in printed(figures(pipeline_per_s=rate))


@pytest.mark.parametrize(("rate", "verdict"), [(1080.0, "(-10%), met."), (1079.0, "(-10%), not met.")])
def test_a_rate_that_falls_with_what_is_stored_is_said(rate: float, verdict: str) -> None:
    said = printed(figures(), {"full_queue": figures(pipeline_per_s=rate, waiting=1_000_000)})
    assert f"10% less with more rows waiting {verdict}" in said


@pytest.mark.parametrize(("rate", "verdict"), [(1350.0, "(-10%), met."), (1200.0, "(-20%), not met.")])
def test_many_accounts_are_compared_with_few_in_the_same_turns(rate: float, verdict: str) -> None:
    few, many = figures(accounts=1_000, pipeline_per_s=1_500.0), figures(accounts=100_000, pipeline_per_s=rate)
    assert f"10% less with more accounts {verdict}" in printed(figures(), {"few_accounts": few, "large": many})


@pytest.mark.parametrize(("late", "verdict"), [(1.0, "met."), (1.01, "not met.")])
def test_the_latest_of_all_runs_is_judged(late: float, verdict: str) -> None:
    assert f"lateness 1 s or better, {verdict}" in printed(figures(), {"large": figures(late=late)})


@pytest.mark.parametrize(("mean", "verdict"), [(50.0, "met."), (51.0, "not met.")])
def test_a_decisions_time_is_printed_beside_its_target(mean: float, verdict: str) -> None:
    said = printed(figures(), decisions=Decisions(mean, 80.0, "weekend"))
    assert f"A decision: {mean:.0f} µs, 80 µs the slowest (weekend). Target: 50 µs, {verdict}" in said


def test_a_machine_that_others_used_is_told() -> None:
    assert "Others used 41%" in printed(figures(elsewhere=0.41))
    assert "Others used" not in printed(figures(elsewhere=0.05))
