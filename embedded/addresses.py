"""Where a stack that runs here is: what it writes down for the command line."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is, for people and for the command line (build/stack.json)."""

    url: str
    database_url: str
    kafka: str
    unipile_url: str
    services: dict[str, str]
    cron_secret: str
    webhook_secret: str
    unipile_api_key: str
    pids: dict[str, int] = field(default_factory=dict)


def read_addresses(folder: Path) -> dict[str, Any] | None:
    """What a running stack wrote; None when none runs there."""
    try:
        addresses: dict[str, Any] = json.loads((folder / "stack.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    pids = addresses.get("pids", {}).values()
    return addresses if all(_runs(pid) for pid in pids) else None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
