"""How many sends have taken effect so far: the simulator's log, read on from where it was read last."""

import json
from pathlib import Path
from typing import Final

SENT: Final = ("invitation", "message")


class Tail:
    """Reads whole lines only."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = 0
        self.sends = 0

    def read(self) -> int:
        """Read on; returns how many sends took effect since the beginning."""
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
