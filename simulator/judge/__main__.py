"""`python -m simulator.judge LOG.jsonl [--accounts FILE.json] [--ledger FILE.json] [--json]`: exit code 0 when all was well, else 1."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from simulator.judge.inputs import RuleError, Tolerance, entry_from_json, rule_from_json
from simulator.judge.judging import judge
from simulator.judge.reading import LogError

Item = TypeVar("Item")
WIDTH = 80


class CannotJudgeError(Exception):
    """Something handed in cannot be used; the sentence says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge a log and print the verdict; what keeps it from judging is one sentence on stderr and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        verdict = judge(
            options.log,
            accounts=_list_of(options.accounts, rule_from_json) or [],
            ledger=_list_of(options.ledger, entry_from_json),
            spacing_s=options.spacing,
            tolerance=Tolerance(options.under_way_ms, options.rounding_ms, options.clock_speed),
        )
    except (LogError, RuleError, CannotJudgeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.json:
        sys.stdout.write(json.dumps(verdict.as_dict(), indent=2, ensure_ascii=False) + "\n")
    else:
        Console(width=WIDTH if not sys.stdout.isatty() else None).print(verdict.table())
    return 0 if verdict.ok else 1


def _parser() -> argparse.ArgumentParser:
    granted = Tolerance()
    parser = argparse.ArgumentParser(
        prog="python -m simulator.judge", description="Says whether the outreach in a simulator's log was tactful."
    )
    parser.add_argument("log", type=Path, help="the file the simulator was started with (--log)")
    parser.add_argument("--accounts", type=Path, help="JSON list of account rules; without it hours and caps are not judged")
    parser.add_argument("--ledger", type=Path, help="JSON list of accepted sends; without it the ledger is not compared")
    parser.add_argument("--spacing", type=float, default=120, help="business seconds between two actions of an account (120)")
    parser.add_argument("--under-way-ms", type=float, default=granted.call_under_way_ms, help="real ms granted to a call under way (500)")
    parser.add_argument("--rounding-ms", type=float, default=granted.rounding_ms, help="real ms granted to reading clocks (5)")
    parser.add_argument("--clock-speed", type=float, help="business seconds per real second; measured in the log by default")
    parser.add_argument("--json", action="store_true", help="the verdict as JSON")
    return parser


def _list_of(path: Path | None, read_one: Callable[[Any], Item]) -> list[Item] | None:
    if path is None:
        return None
    try:
        items = json.loads(path.read_bytes())
    except OSError as error:
        raise CannotJudgeError(f"The file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CannotJudgeError(f"The file {path} is not valid JSON: {error}.") from error
    if not isinstance(items, list):
        raise CannotJudgeError(f"The file {path} must hold a JSON list, one object each.")
    return [read_one(one) for one in items]


if __name__ == "__main__":
    sys.exit(main())
