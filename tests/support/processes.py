"""Our programs as child processes of a test, gone when the test is over."""

import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from embedded.child import Child, Ready
from embedded.supervisor import Supervisor

REPOSITORY = Path(__file__).resolve().parents[2]


class Programs:
    """Starts `python -m module` from the checkout, as many as a test wants."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def start(
        self,
        module: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        name: str = "",
        ready: Ready | None = None,
        within: float = 30.0,
    ) -> Child:
        """Start one; returns when `ready` says so. `name` tells several of one module apart, in errors and logs."""
        argv: Sequence[str] = [sys.executable, "-m", module, *arguments]
        return await self._supervisor.start(name or module, argv, env, ready=ready, within=within, cwd=REPOSITORY)

    async def stop(self, name: str, within: float = 15.0) -> None:
        """Stop one the way Kubernetes does: SIGTERM, then SIGKILL after `within` seconds."""
        await self._supervisor.stop(name, within)

    def output(self, name: str) -> str:
        """All that it has written."""
        return self._supervisor.log_of(name).read_text(errors="replace")


@asynccontextmanager
async def programs(logs: Path) -> AsyncIterator[Programs]:
    """Programs that end with the block, however it is left; their output is kept in `logs`."""
    async with Supervisor(logs) as supervisor:
        yield Programs(supervisor)


def crash(child: Child) -> None:
    """End it in the middle of what it is doing, as a node that loses power would."""
    child.send(signal.SIGKILL)


def runs(pid: int) -> bool:
    """Does a process run? One that has ended but was not collected by its parent does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
