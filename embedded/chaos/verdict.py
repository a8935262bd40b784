"""The end of a run: the judge reads the simulator's log, and what it finds is printed and written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from embedded.chaos.kills import InjectedFault
from embedded.chaos.plan import ChaosPlan
from embedded.chaos.replay_check import ReplayCheck
from embedded.chaos.scenario import promises, rules
from embedded.report import end_report, write_verdict
from simulator.judge import JudgeVerdict, LedgerEntry, Promise, Recovery, Tolerance, judge, percentile, recoveries
from simulator.judge.reading import LoggedCall, read

RECOVERED_WITHIN_S: Final = 30.0
WAITING_SHARE: Final = 0.001
"""One of a thousand sends may wait for a person at the end."""
APART: Final = ("duplicate_invitation", "duplicate_message", "lost")
"""Violations with a line of their own; all the others are breaches."""
SENT: Final = ("invitation", "message")
P99: Final = 99.0


@dataclass(frozen=True, slots=True)
class ChaosRun:
    """What there is to judge. `since` to `until`: while campaigns started and faults struck, real time."""

    plan: ChaosPlan
    log: Path
    since: datetime
    until: datetime
    injected: Sequence[InjectedFault]
    kills: dict[str, int]
    ended_by_themselves: dict[str, int]
    wall_s: float
    replay_check: ReplayCheck
    ledger: Sequence[LedgerEntry]
    waiting: Sequence[dict[str, Any]]
    ends: Sequence[dict[str, Any]]
    states: Sequence[dict[str, Any]]


def pronounce(run: ChaosRun, console: Console, path: Path) -> int:
    """Print the verdict and write it to `path`; returns the exit status: 0 when every send left once, tactfully, and soon again."""
    for_a_person = [row for row in run.waiting if row["needs_person"] and row["looks"]]
    verdict = judge(
        run.log,
        accounts=rules(run.plan),
        ledger=run.ledger,
        promised=promises(run.plan),
        waiting=[Promise(action, row["recipient"]) for row in for_a_person for action in _kept_back(row)],
        tolerance=Tolerance(),
    )
    found = _recoveries(run)
    document = _document(run, verdict, found, for_a_person)
    write_verdict(document, path)
    _print(document, verdict, console)
    return end_report(document, path, console, run.wall_s)


def _kept_back(row: dict[str, Any]) -> Sequence[str]:
    """What waits with this attempt: an invitation keeps its follow-up back."""
    if row["action"] not in SENT or not row["recipient"]:
        return ()
    return SENT if row["action"] == "invitation" else (row["action"],)


def _recoveries(run: ChaosRun) -> list[Recovery]:
    sent = sorted(call.real_at for call in read(run.log) if isinstance(call, LoggedCall) and call.effect and call.action in SENT)
    return recoveries(sent, [(one.what, one.at) for one in run.injected], since=run.since, until=run.until)


def _document(run: ChaosRun, verdict: JudgeVerdict, found: Sequence[Recovery], for_a_person: Sequence[dict[str, Any]]) -> dict[str, Any]:
    violations = {kind: count for kind, count in verdict.violations.items() if count}
    breaches = sum(count for kind, count in violations.items() if kind not in APART)
    p99 = percentile([one.seconds for one in found], P99)
    unresolved = len(run.waiting) - len(for_a_person)
    ok = (
        verdict.ok
        and not unresolved
        and len(for_a_person) <= run.plan.promised * WAITING_SHARE
        and p99 <= RECOVERED_WITHIN_S
        and len(run.injected) == len(run.plan.faults)
        and run.replay_check.ok
    )
    return {
        "ok": ok,
        "seed": run.plan.seed,
        "sends": verdict.sent,
        "kills": run.kills,
        "duplicates": verdict.duplicates,
        "lost": verdict.violations["lost"],
        "breaches": breaches,
        "unknown_waiting": len(run.waiting),
        "recovery_p99_s": p99,
        "recovery_max_s": max((one.seconds for one in found), default=0.0),
        "recoveries": [{"after": one.what, "at": one.at, "seconds": one.seconds} for one in found],
        "unknown_without_evidence": unresolved,
        "told_again": run.replay_check.document(),
        "promised": run.plan.promised,
        "accounts": run.plan.accounts,
        "speed": run.plan.speed,
        "wall_s": round(run.wall_s, 1),
        "ended_by_themselves": run.ended_by_themselves,
        "attempts": {row["state"]: row["many"] for row in run.states},
        "ends": [dict(row) for row in run.ends],
        "waiting": [dict(row) for row in run.waiting],
        "violations": violations,
        "tolerated": verdict.tolerated,
        "examples": verdict.examples,
        "refusals": verdict.refusals,
        "notes": verdict.notes,
    }


def _print(document: dict[str, Any], verdict: JudgeVerdict, console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    kills = ", ".join(f"{count} {kind}" for kind, count in document["kills"].items() if count)
    rows = {
        "seed": document["seed"],
        "sends": f"{document['sends']} of {document['promised']} promised, {document['accounts']} accounts",
        "faults": kills,
        "duplicates": document["duplicates"],
        "lost": document["lost"],
        "breaches": document["breaches"],
        "unknown, waiting": document["unknown_waiting"],
        "flowing again, p99": f"{document['recovery_p99_s']:.1f} s (longest {document['recovery_max_s']:.1f} s)",
    }
    replay_check = document["told_again"]
    rows[f"topics told {replay_check['times']} times"] = (
        f"{replay_check['published']} events, {replay_check['writes']} writes, {len(replay_check['changed'])} tables changed"
    )
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)
    for kind, words in document["examples"].items():
        for one in words[:3]:
            console.print(f"{kind.replace('_', ' ')}: {one}", highlight=False, style="dim" if kind.startswith("tolerated") else "red")
    console.print(
        "Nothing lost, nothing sent twice." if document["ok"] else "Not as promised.", style="bold green" if document["ok"] else "bold red"
    )
