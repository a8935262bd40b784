"""`tact` as an operator types it: a process with the test's servers as its settings, on a terminal of 80 columns."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


async def tact(*words: str, env: dict[str, str], within: float = 180.0) -> Said:
    """Run a command to its end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        *words,
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1"} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(within):
        out, err = await child.communicate()
    return Said(child.returncode or 0, out.decode(), err.decode())
