"""What became of every spoiled row, judged by the truth: the simulator's log of whom the provider was asked to contact."""

from collections import Counter
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from embedded.drill.corruptions import CORRUPTIONS, COUNTS, CorruptedRow, truly_contacted
from embedded.drill.play import DrillRun
from embedded.report import end_report, write_verdict
from simulator.judge import percentile
from simulator.judge.reading import LoggedCall, Unreadable, read

WITHIN_S: Final = 2.0
"""Seconds from the corruption to the repair, at the 99th percentile, for what the view counts."""
P50: Final = 50.0
P99: Final = 99.0


def pronounce(run: DrillRun, console: Console, path: Path) -> int:
    """Print the verdict and write it to `path`; returns the exit status."""
    document = judge(run)
    write_verdict(document, path)
    for name in ("corrupted", "repaired", "proposed", "wrong", "contacted_twice", "repair_p50_s", "repair_p99_s"):
        console.print(f"{name.replace('_', ' '):<16} {document[name]}", highlight=False)
    for way, figures in document["ways"].items():
        console.print(f"  {way:<28} {figures}", highlight=False, style="dim")
    for one in document["examples"]:
        console.print(f"  {one}", highlight=False, style="red", markup=False)
    return end_report(document, path, console, run.wall_s)


def judge(run: DrillRun) -> dict[str, Any]:
    """The verdict's fields; times are real seconds from the commit of the corruption."""
    invited, written, unreadable = _effects(run.log)
    twice = sum(many - 1 for many in [*invited.values(), *written.values()] if many > 1)
    wrong = [one for one in run.spoiled if not one.settled or _contradicts(one, invited)]
    repaired = [one for one in run.spoiled if one.right_after is not None and one not in wrong]
    proposed = [one for one in run.spoiled if one.proposed_after is not None and one not in wrong]
    at_once = [_after(one) for one in run.spoiled if one.way.at_once and one.settled]
    counted = run.miscounted if run.counts_right_after is not None else 0
    p99 = round(percentile(at_once, P99), 3) if at_once else None
    amiss = len(wrong) + run.miscounted - counted
    return {
        "ok": not amiss and not twice and not unreadable and p99 is not None and p99 < WITHIN_S,
        "corrupted": len(run.spoiled) + run.miscounted,
        "repaired": len(repaired) + counted,
        "proposed": len(proposed),
        "wrong": amiss,
        "contacted_twice": twice,
        "repair_p50_s": round(percentile(at_once, P50), 3) if at_once else None,
        "repair_p99_s": p99,
        "unreadable_lines": unreadable,
        "among": run.stored,
        "ways": {way.name: _figures([one for one in run.spoiled if one.way is way], wrong) for way in CORRUPTIONS}
        | {COUNTS: {"rows": run.miscounted, "slowest_s": run.counts_right_after and round(run.counts_right_after, 2)}},
        "examples": [f"{one.way.name}: {one.prospect} is {dict(one.seen)}" for one in wrong[:10]],
        "view_at_the_end": run.view,
        "wall_s": run.wall_s,
    }


def _effects(log: Path) -> tuple[Counter[str], Counter[str], int]:
    """How often the provider took an invitation for each person, and each message for each person; and how many lines cannot be read."""
    invited: Counter[str] = Counter()
    written: Counter[str] = Counter()
    unreadable = 0
    for entry in read(log):
        if isinstance(entry, Unreadable) and not entry.torn:
            unreadable += 1
        if isinstance(entry, LoggedCall) and entry.effect and entry.recipient:
            if entry.action == "invitation":
                invited[entry.recipient] += 1
            if entry.action == "message":
                written[f"{entry.recipient} {entry.text}"] += 1
    return invited, written, unreadable


def _contradicts(one: CorruptedRow, invited: Counter[str]) -> bool:
    """Does the row say of a contact what the provider does not, or the other way round?"""
    contacted = truly_contacted((one.seen["linkedin_id"],), invited) > 0
    if one.way.proposed:
        return one.proposed_after is None or contacted
    if one.seen["linkedin_id"] is None:
        return False  # known by another name to the provider; what the row says was judged by the way alone
    return (one.seen["contacted_at"] is not None) != contacted and one.way.contacted


def _figures(ones: list[CorruptedRow], wrong: list[CorruptedRow]) -> dict[str, Any]:
    times = [_after(one) for one in ones if one.settled]
    return {
        "rows": len(ones),
        "repaired": sum(one.right_after is not None for one in ones),
        "proposed": sum(one.proposed_after is not None for one in ones),
        "wrong": sum(one in wrong for one in ones),
        "p50_s": round(percentile(times, P50), 2) if times else None,
        "p99_s": round(percentile(times, P99), 2) if times else None,
    }


def _after(one: CorruptedRow) -> float:
    return one.right_after if one.right_after is not None else one.proposed_after or 0.0
