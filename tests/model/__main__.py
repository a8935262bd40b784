"""`python -m tests.model --account-days 1000000 --seed 1`: minutes of simulated years, and the count of breaches."""

import argparse
import os
import sys
import time

from tests.model.run import run


def main() -> int:
    """Run, print, and end with 1 when any rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--account-days", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    if chosen.account_days < 1 or chosen.processes < 1:
        parser.error("--account-days and --processes are 1 or more.")
    told = [time.monotonic()]

    def progress(days: int) -> None:
        if time.monotonic() - told[0] > 10:
            told[0] = time.monotonic()
            sys.stderr.write(f"{days:,} of {chosen.account_days:,} account-days\n")

    figures = run(account_days=chosen.account_days, seed=chosen.seed, processes=chosen.processes, progress=progress)
    sys.stdout.write("\n".join(figures.lines()) + "\n")
    return 1 if figures.breaches.total() else 0


if __name__ == "__main__":
    sys.exit(main())
