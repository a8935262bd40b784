"""The end of the demo: the judge reads the simulator's log, and every send in our ledger is held against it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from embedded.demo.corruption import CorruptionResult
from embedded.demo.scenario import WORKSPACES
from embedded.report import end_report, write_verdict
from simulator.judge import AccountRule, JudgeVerdict, LedgerEntry, Tolerance, judge, published_rule


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What there is to judge: the simulator's log, our ledger, how long the demo took in real seconds, and how its accident was healed."""

    log: Path
    ledger: Sequence[LedgerEntry]
    wall_s: float
    healed: CorruptionResult | None = None


def pronounce(run: DemoRun, console: Console, path: Path) -> int:
    """Print the verdict and write it to `path`; returns the exit status: 0 when nothing was violated."""
    verdict: JudgeVerdict = judge(run.log, accounts=rules(), ledger=run.ledger, tolerance=Tolerance())
    console.print(verdict.table())
    document: dict[str, Any] = verdict.as_dict() | {"wall_s": round(run.wall_s, 1)}
    if run.healed is not None:
        document["healed"] = asdict(run.healed)
        document["ok"] = document["ok"] and run.healed.seconds is not None
    write_verdict(document, path)
    return end_report(document, path, console, run.wall_s)


def rules() -> list[AccountRule]:
    """What each account may do, in the judge's own terms."""
    return [
        published_rule(
            account.provider_id,
            workspace=workspace.company_name,
            name=account.name,
            account_type=account.account_type,
            timezone=account.timezone,
            country=account.country,
        )
        for workspace in WORKSPACES
        for account in workspace.accounts
    ]
