"""`python -m bench`: sends per second through the whole pipeline, beside a bare HTTP loop in the same run."""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.attribution import Part
from bench.decision import measure as measure_decisions
from bench.figures import BenchFigures, report, show
from bench.pipeline import MOST_TURNS, Load, Say, measure, measure_parts
from bench.stack import BenchError, BenchStack, Measured, bench_stack
from embedded.stack import STACK_ERRORS
from embedded.unprivileged import remove
from shared.runtime.settings import state_folder

CONCURRENCY: Final = 256
"""Calls at once of the bare loop: as many as the sender decides in a batch. 512 at once made it 7 % slower, 128 at once 6 % faster."""
MOST_ACCOUNTS: Final = 1_000_000
MOST_WAITING: Final = 10_000_000
BARE_CALLS: Final = 10_000
"""Of the bare loop, before a size and again after it: some seconds each."""


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; ends the process with a sentence when it makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000, help="accounts of the first run")
    parser.add_argument("--rows", type=int, default=20_000, help="sends due in a burst; more than accounts are sent in turns")
    parser.add_argument("--few-accounts", type=int, default=1_000, help="accounts of a smaller run; 0: none")
    parser.add_argument("--large-accounts", type=int, default=100_000, help="accounts of a larger run; 0: none")
    parser.add_argument("--waiting", type=int, default=1_000_000, help="sends of tomorrow in a run of their own; 0: no such run")
    parser.add_argument("--no-parts", action="store_true", help="do without the run that tells the CPU of each part of the way")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="write cProfile's files of both services there (halves the rate)")
    chosen = parser.parse_args(arguments)
    if not 1 <= chosen.accounts <= MOST_ACCOUNTS:
        parser.error(f"--accounts is {chosen.accounts}; give a number from 1 to {MOST_ACCOUNTS:,}.")
    for name, value, most in (
        ("few-accounts", chosen.few_accounts, MOST_ACCOUNTS),
        ("large-accounts", chosen.large_accounts, MOST_ACCOUNTS),
        ("waiting", chosen.waiting, MOST_WAITING),
    ):
        if not 0 <= value <= most:
            parser.error(f"--{name} is {value}; give a number up to {most:,}, or 0 to leave that run out.")
    if not 1 <= chosen.rows <= chosen.accounts * MOST_TURNS:
        parser.error(f"--rows is {chosen.rows}; with {chosen.accounts:,} accounts give 1 to {chosen.accounts * MOST_TURNS:,}.")
    return chosen


def loads(chosen: argparse.Namespace) -> dict[str, Load]:
    """The runs by name, the first the one that the target is read from.

    A thousand accounts can only be sent for in turns of a thousand. A hundred thousand are sent for in the same turns, each of accounts
    that have not sent yet, so that what the start and the end of a turn cost or spare stands on both sides.
    """
    found = {"main": Load(chosen.accounts, chosen.rows)}
    turns = min(chosen.rows, chosen.few_accounts * MOST_TURNS)
    if chosen.few_accounts:
        found["few_accounts"] = Load(chosen.few_accounts, turns)
    if chosen.large_accounts:
        rows = min(turns or chosen.rows, chosen.large_accounts)
        found["large"] = Load(chosen.large_accounts, rows, at_once=chosen.few_accounts or None)
    if chosen.waiting:
        found["full_queue"] = Load(chosen.accounts, chosen.rows, chosen.waiting)
    return found


async def run(chosen: argparse.Namespace, say: Say) -> tuple[dict[str, BenchFigures], dict[Part, float]]:
    """Every size on a database of its own; then what each part of the way spends, on others again.

    Raises:
        BenchError, EmbeddedError, PortInUseError, ChildError, SchemaError: one sentence that says what to do.
    """
    folder = state_folder() / "bench"
    await asyncio.to_thread(remove, folder)
    say("starting PostgreSQL, Kafka and the stub provider")
    async with bench_stack(folder, Measured(profiles=chosen.profile)) as servers:
        sizes = {name: await _size(servers, load, say) for name, load in loads(chosen).items()}
    if chosen.no_parts:
        return sizes, {}
    await asyncio.to_thread(remove, folder)
    async with bench_stack(folder, Measured(parts=folder)) as servers:
        return sizes, await measure_parts(servers, Load(chosen.accounts, min(chosen.rows, chosen.accounts)), folder, say=say)


async def _size(servers: BenchStack, load: Load, say: Say) -> BenchFigures:
    """The yardstick is taken right before and right after each size, so that both have the same machine."""

    async def bare() -> float:
        say("bare HTTP loop")
        command = [sys.executable, "-m", "bench.bare", servers.provider, str(BARE_CALLS), str(CONCURRENCY)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        printed, _ = await process.communicate()
        if process.returncode != 0:
            raise BenchError("The bare HTTP loop failed; what it said stands above.")
        return float(printed)

    return await measure(servers, load, bare=bare, say=say)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write build/bench.json; returns the exit status."""
    chosen = read(arguments)
    logging.basicConfig(level=logging.CRITICAL)  # a process that dies is told as one sentence below
    aside = Console(stderr=True)

    def say(what: str) -> None:
        aside.print(f"[dim]{what} …[/dim]")

    say("decisions of the policy")
    decisions = measure_decisions()
    try:
        sizes, parts = asyncio.run(run(chosen, say))
    except (BenchError, *STACK_ERRORS) as error:
        aside.print(f"bench: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    written = json.dumps(report(sizes, parts, decisions), indent=2)
    path = state_folder() / "bench.json"
    path.write_text(f"{written}\n", encoding="utf-8")
    if chosen.json:
        sys.stdout.write(f"{written}\n")
    else:
        console = Console()
        show(console, sizes, parts, decisions)
        console.print(f"Written to {path}.", style="dim")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
