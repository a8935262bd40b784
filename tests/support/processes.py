"""Our programs as child processes of a test, gone when the test is over."""

import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from embedded.child import Child, Ready
from embedded.process_group import ProcessGroup


class Programs:
    """Starts `python -m module` from the checkout, as many as a test wants."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group

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
        return await self._group.start_module(name or module, module, *arguments, env=env, ready=ready, within=within)

    async def stop(self, name: str, within: float = 15.0) -> None:
        """Stop one the way Kubernetes does: SIGTERM, then SIGKILL after `within` seconds."""
        await self._group.stop(name, within=within)

    def output(self, name: str) -> str:
        """All that it has written."""
        return self._group.log_of(name).read_text(errors="replace")


@asynccontextmanager
async def programs(logs: Path) -> AsyncIterator[Programs]:
    """Programs that end with the block, however it is left; their output is kept in `logs`."""
    async with ProcessGroup(logs) as group:
        yield Programs(group)


def crash(child: Child) -> None:
    """End it in the middle of what it is doing, as a node that loses power would."""
    child.send(signal.SIGKILL)


def runs(pid: int) -> bool:
    """Does a process run? One that has ended but was not collected by its parent does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
