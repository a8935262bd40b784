"""What the demo, the drill and the chaos run report: lines of progress while they run, and a verdict at their end."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console


def timed_progress() -> Callable[[str], None]:
    """Prints a line with the seconds since this call."""
    began = time.monotonic()

    def say(words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {words}\n")
        sys.stdout.flush()

    return say


def write_verdict(document: Mapping[str, Any], path: Path) -> None:
    """Write the whole verdict as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def end_report(document: Mapping[str, Any], path: Path, console: Console, wall_s: float) -> int:
    """Say where the verdict is; returns the exit status."""
    console.print(f"The whole verdict: {path}   ({wall_s:.0f} s in all)", highlight=False)
    return 0 if document["ok"] else 1
