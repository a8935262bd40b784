"""Which stack the client commands call, and with which token.

`TACT_URL` and `TACT_TOKEN` win; what they leave open comes from a stack that `tact up` or `tact demo` started on this machine.
This module imports nothing of the services: every client command imports it, and each import is paid at every start.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LOCAL_STACKS: Final = ("stack", "demo")
"""Folders below the build folder in which a stack of this machine keeps its addresses; the first one that runs is used."""
DEFAULT_URL: Final = "http://127.0.0.1:8080"
"""Where `tact up` listens unless TACT_PORT says otherwise."""


@dataclass(frozen=True, slots=True)
class Context:
    """The address of a stack and the bearer token for it; an empty token means that none is known."""

    url: str
    token: str


def build_folder(name: str) -> Path:
    """The folder in which a local stack of that name keeps its files."""
    return Path(os.environ.get("TACT_BUILD_DIR", "build")) / name


def current() -> Context:
    """The stack that client commands call.

    A token belongs to one address: a stored token is never sent to a TACT_URL that differs from the address it was stored for.
    """
    url, token = os.environ.get("TACT_URL", "").rstrip("/"), os.environ.get("TACT_TOKEN", "")
    stored = _local_stack()
    if not url:
        return Context(stored.url, token or stored.token) if stored else Context(DEFAULT_URL, token)
    return Context(url, token or (stored.token if stored and stored.url == url else ""))


def _local_stack() -> Context | None:
    for name in LOCAL_STACKS:
        try:
            written: dict[str, Any] = json.loads((build_folder(name) / "stack.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if all(_process_runs(pid) for pid in written.get("pids", {}).values()):
            return Context(str(written.get("url", DEFAULT_URL)).rstrip("/"), str(written.get("api_token", "")))
    return None


def _process_runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
