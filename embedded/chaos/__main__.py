"""`python -m embedded.chaos [--sends N] [--seed S]`: exit code 0 when nothing was lost, doubled or done tactlessly."""

import argparse
import asyncio
import logging
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console

from embedded.chaos.plan import make_plan
from embedded.chaos.play import Chaos
from embedded.chaos.verdict import ChaosRun, pronounce
from embedded.report import timed_progress
from embedded.stack import STACK_ERRORS
from shared.runtime.settings import state_folder

INTERRUPTED = 130
LEAST = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one run; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.sends < LEAST:
        sys.stderr.write(f"SENDS={options.sends} is too few to break anything; give {LEAST} or more.\n")
        return 2
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    return chaos(sends=options.sends, seed=seed, folder=options.folder or state_folder() / "chaos")


def chaos(*, sends: int, seed: int, folder: Path) -> int:
    """Play a run of so many sends; the verdict goes to chaos-verdict.json in the state folder."""
    say = timed_progress()
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)  # that connections are lost is what happens here
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # our own start of campaigns is no news
    plan = make_plan(sends=sends, seed=seed)
    say(
        f"seed {seed}: {plan.promised} sends over {plan.accounts} accounts, {len(plan.faults)} faults in {plan.lasts_s:.0f} s, "
        f"a clock of {plan.speed:.0f} business seconds a second"
    )
    try:
        finished = asyncio.run(_interruptibly(Chaos(plan, folder, say=say)))
    except STACK_ERRORS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    return pronounce(finished, Console(), state_folder() / "chaos-verdict.json")


async def _interruptibly(run: Chaos) -> ChaosRun:
    task = asyncio.ensure_future(run.play())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded.chaos", description=__doc__)
    parser.add_argument("--sends", type=int, default=20_000, help="how many sends go out (20000); below 2000 a short run")
    parser.add_argument("--seed", type=int, help="the same seed plays the same faults; drawn and printed by default")
    parser.add_argument("--folder", type=Path, help="where the stack keeps its files (build/chaos)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
