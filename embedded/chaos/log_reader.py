"""Counts the sends that took effect, from the simulator's log; each read continues where the last one ended."""

import json
from pathlib import Path
from typing import Final

SENT: Final = ("invitation", "message")


class SendLogReader:
    """Reads whole lines only."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = 0
        self.sends = 0

    def read(self) -> int:
        """Read the new lines; returns how many sends took effect since the beginning."""
        with self._log.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                if b'"effect":true' in line:
                    entry = json.loads(line)
                    self.sends += entry["kind"] == "call" and entry["action"] in SENT
        return self.sends
