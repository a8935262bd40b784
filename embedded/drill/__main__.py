"""`python -m embedded.drill [--corrupt N] [--stored N]`: exit code 0 when every corrupted row is right again or proposed, and no
prospect was contacted twice.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console

from embedded.drill.play import Drill, DrillRun
from embedded.drill.verdict import pronounce
from embedded.ports import free_ports
from embedded.report import timed_progress
from embedded.run import run
from embedded.settings import StackSettings
from embedded.stack import STACK_ERRORS
from shared.runtime.settings import state_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one drill; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m embedded.drill", description=__doc__)
    parser.add_argument("--corrupt", type=int, default=1_000, help="how many rows are made wrong (1000)")
    parser.add_argument("--stored", type=int, default=100_000, help="among how many other prospects (100000)")
    parser.add_argument("--within", type=float, default=600.0, help="real seconds after which what is not mended counts as wrong")
    parser.add_argument("--folder", type=Path, help="where the stack keeps its files (build/heal-drill)")
    asked = parser.parse_args(arguments)
    if asked.corrupt < 1 or asked.stored < 0:
        sys.stderr.write("--corrupt must be 1 or more and --stored 0 or more.\n")
        return 2
    say = timed_progress()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    folder = asked.folder or state_folder() / "heal-drill"
    drill = Drill(_settings(), folder, corrupt=asked.corrupt, stored=asked.stored, within=asked.within, say=say)
    told: list[DrillRun] = []

    async def play() -> int:
        told.append(await drill.play())
        return 0

    try:
        status = run(drill.stack, play)
    except STACK_ERRORS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not told:
        return status or 1
    return pronounce(told[0], Console(), Path(os.environ.get("TACT_BUILD_DIR", "build")) / "heal-verdict.json")


def _settings() -> StackSettings:
    """A stack of its own beside whatever else runs here."""
    settings = StackSettings()
    names = list(settings.ports())
    return settings.model_copy(update=dict(zip(names, free_ports(len(names)), strict=True)))


if __name__ == "__main__":
    sys.exit(main())
