"""Where a stack that runs here is: what it writes down for the command line."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

FILE: Final = "stack.json"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is, for people and for the command line."""

    url: str
    database_url: str
    kafka: str
    unipile_url: str
    services: dict[str, str]
    cron_secret: str
    webhook_secret: str
    unipile_api_key: str
    pids: dict[str, int] = field(default_factory=dict)


def write_addresses(folder: Path, addresses: Addresses) -> None:
    """Write the file for the command line, readable by its owner alone because it holds secrets."""
    path = folder / FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(addresses), indent=2), encoding="utf-8")


def forget_addresses(folder: Path) -> None:
    """Nothing runs there any more."""
    (folder / FILE).unlink(missing_ok=True)


def read_addresses(folder: Path) -> Addresses | None:
    """What a running stack wrote; None when none runs there."""
    try:
        addresses = Addresses(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return addresses if all(_runs(pid) for pid in addresses.pids.values()) else None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
