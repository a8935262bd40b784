"""What was measured, as JSON for machines and as a table of 80 columns for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bench.attribution import MEANING, Part
from bench.decision import TARGET_US, Decisions

TARGET: Final = 0.4
"""Pipeline over bare loop, at 10,000 accounts."""
FLAT: Final = 0.1
"""How much less the ratio may be with a hundred times the accounts in the same turns, and with a hundred times the rows."""
PUNCTUAL_S: Final = 1.0
"""Lateness of 99 of 100 sends at half the rate."""
DISTURBED: Final = 0.1
"""Share of the machine that others may use before the figures are called disturbed."""
HOW: Final = {
    "pipeline_per_s": "sends per second while all were due at once, from the first decision to the last recorded answer",
    "bare_http_per_s": "the same request in a bare httpx loop, 256 at once, servers idle, the mean of just before and just after",
    "lateness": "decided_at minus scheduled_for at half that rate; the lateness of a burst would only say how long it was",
    "cpu_ms_per_send": "CPU time of each process during the burst, divided by its sends",
    "cpu_ms_by_part": "the same by part of the way, in a run of its own whose tasks and statements are timed",
    "decision_us": "CPU time of one decision of the policy, the mean over a sender's usual cases, calendars warm, one core",
    "elsewhere": "share of the machine's CPU that processes of others used during the burst",
}


@dataclass(frozen=True, slots=True)
class BenchFigures:
    """One size's measurement. Rates are per second of real time, lateness is in seconds, CPU in milliseconds."""

    accounts: int
    rows: int
    pipeline_per_s: float
    bare_http_per_s: float
    lateness_p50_s: float
    lateness_p99_s: float
    steady_per_s: float
    steady_rows: int
    burst_s: float
    cpu_ms_per_send: Mapping[str, float]
    elsewhere: float
    waiting: int = 0
    """Sends of tomorrow beside them."""

    @property
    def ratio(self) -> float:
        """How much of the bare loop's rate is left with everything around it."""
        return self.pipeline_per_s / self.bare_http_per_s

    def as_json(self) -> dict[str, Any]:
        """Numbers to a sensible precision."""
        plain = {name: _rounded(value) for name, value in asdict(self).items()}
        return plain | {"ratio": round(self.ratio, 3)}


def report(sizes: Mapping[str, BenchFigures], parts: Mapping[Part, float], decisions: Decisions) -> dict[str, Any]:
    """The content of build/bench.json: the run "main" at the top, the others by name."""
    decided = {"decision_us": round(decisions.mean_us, 1), "decision_us_slowest": round(decisions.slowest_us, 1)}
    others = {name: each.as_json() for name, each in sizes.items() if name != "main"}
    return sizes["main"].as_json() | others | {"cpu_ms_by_part": _rounded(parts)} | decided | {"how": HOW}


def show(console: Console, sizes: Mapping[str, BenchFigures], parts: Mapping[Part, float], decisions: Decisions) -> None:
    """Print the table, what each process and each part cost, and whether the targets are met."""
    table = Table(title="Sends through the whole pipeline", width=min(console.width, 80))
    table.add_column("")
    for each in sizes.values():
        table.add_column(f"{each.waiting:,}\nwaiting" if each.waiting else f"{each.accounts:,}\naccounts", justify="right")
    for name, cell in _rows():
        table.add_row(name, *(cell(each) for each in sizes.values()))
    table.add_section()
    for process in sizes["main"].cpu_ms_per_send:
        table.add_row(f"CPU a send: {process}", *(f"{each.cpu_ms_per_send.get(process, 0):.2f} ms" for each in sizes.values()))
    if parts:
        table.add_section()
        for part, spent in parts.items():
            meaning = f" ({MEANING[part]})" if part in MEANING else ""
            table.add_row(f"  of it {part}{meaning}", f"{spent:.2f} ms", *[""] * (len(sizes) - 1))
    notes = [Text("Rate: all due at once. Lateness: due one by one at half the rate.", style="dim"), *_verdicts(sizes), _decided(decisions)]
    notes += [
        Text(f"Others used {each.elsewhere:.0%} of the machine ({name.replace('_', ' ')}): run it alone.", style="yellow")
        for name, each in sizes.items()
        if each.elsewhere > DISTURBED
    ]
    console.print(Group(table, *notes))


def _rows() -> list[tuple[str, Any]]:
    return [
        ("sends due in the burst", lambda f: f"{f.rows:,}"),
        ("pipeline", lambda f: f"{f.pipeline_per_s:,.0f}/s"),
        ("bare HTTP loop", lambda f: f"{f.bare_http_per_s:,.0f}/s"),
        ("ratio", lambda f: f"{f.ratio:.2f}"),
        ("steady rate", lambda f: f"{f.steady_per_s:,.0f}/s"),
        ("lateness, median", lambda f: f"{f.lateness_p50_s * 1000:,.0f} ms"),
        ("lateness, 99 of 100", lambda f: f"{f.lateness_p99_s * 1000:,.0f} ms"),
    ]


def _verdicts(sizes: Mapping[str, BenchFigures]) -> list[Text]:
    main = sizes["main"]
    latest = max(each.lateness_p99_s for each in sizes.values())
    targets = [(f"ratio {TARGET} or better", main.ratio >= TARGET), (f"lateness {PUNCTUAL_S:g} s or better", latest <= PUNCTUAL_S)]
    for more, fewer, what in (("large", sizes.get("few_accounts", main), "accounts"), ("full_queue", main, "rows waiting")):
        if more in sizes:
            kept = round(sizes[more].ratio / fewer.ratio, 3)
            targets.append((f"no more than {FLAT:.0%} less with more {what} ({kept - 1:+.0%})", kept >= 1 - FLAT))
    return [Text(f"Target: {what}, {'met' if met else 'not met'}.", style="green" if met else "red") for what, met in targets]


def _decided(decisions: Decisions) -> Text:
    met = decisions.mean_us <= TARGET_US
    said = f"A decision: {decisions.mean_us:.0f} µs, {decisions.slowest_us:.0f} µs the slowest ({decisions.slowest})."
    return Text(f"{said} Target: {TARGET_US:.0f} µs, {'met' if met else 'not met'}.", style="green" if met else "red")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    return {name: round(each, 4) for name, each in value.items()} if isinstance(value, Mapping) else value
