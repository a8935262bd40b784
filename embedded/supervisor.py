"""Starts the processes of a stack one after another, watches them, and stops them in the reverse order.

Services and servers alike: a service is an argv, a server (`PostgresServer`, `KafkaServer`) knows how to start itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from embedded.child import Child, Ready, ending

LOGS: Final = Path("build/logs")
START: Final = 30.0  # seconds a child has to become ready
STOP: Final = 10.0  # seconds a child has to end by itself before it is killed

log = logging.getLogger(__name__)


class Server(Protocol):
    """What starts and stops itself, in one process."""

    name: str

    @property
    def child(self) -> Child | None:
        """Its process while it runs."""

    async def start(self) -> None:
        """Start it and wait until it is ready."""

    async def stop(self, within: float) -> None:
        """Stop it, with a deadline in seconds."""

    def kill(self) -> None:
        """End it now."""


@dataclass(frozen=True, slots=True)
class Death:
    """A child that ended although nobody had asked it to."""

    name: str
    returncode: int
    last_words: str
    log: Path

    def __str__(self) -> str:
        return f"{self.name} died ({ending(self.returncode)}); its last lines, from {self.log}:\n{self.last_words}"


class Command:
    """An argv as a server: what `Supervisor.start` makes of its words."""

    def __init__(
        self, name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path | None, ready: Ready | None, within: float
    ):
        self.name = name
        self._argv, self._log, self._env, self._cwd = list(argv), log, dict(env), cwd
        self._ready, self._within = ready, within
        self._child: Child | None = None

    @property
    def child(self) -> Child | None:
        """The running process, if there is one."""
        return self._child

    async def start(self) -> None:
        """Start it and wait until `ready` says so.

        Raises:
            ChildError: it ended at once or was not ready in time; its last lines are quoted.
        """
        self._child = Child.start(self.name, self._argv, log=self._log, env=self._env, cwd=self._cwd)
        if self._ready is not None:
            await self._child.until(self._ready, within=self._within)

    async def stop(self, within: float = STOP) -> None:
        """SIGTERM, then SIGKILL when the deadline is over."""
        if self._child is not None and not await self._child.stop(within=within):
            log.warning("%s did not stop within %g s and was killed; see %s", self.name, within, self._log)

    def kill(self) -> None:
        """End it now."""
        if self._child is not None:
            self._child.kill()


class Supervisor:
    """A stack of running processes.

    Used as a context (`async with Supervisor() as stack`), it stops all it started however the block is left. `died` is
    called for every child that ends by itself; `first_death` waits for one.
    """

    def __init__(self, logs: Path = LOGS, *, died: Callable[[Death], None] | None = None) -> None:
        self.logs = logs
        self.deaths: list[Death] = []
        self._died = died
        self._servers: list[Server] = []
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._death = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop_all()

    def log_of(self, name: str) -> Path:
        """Where the output of `name` goes."""
        return self.logs / f"{name}.log"

    async def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        ready: Ready | None = None,
        within: float = START,
        cwd: Path | None = None,
    ) -> Child:
        """Start a command (its first word an absolute path) with `env` on top of ours; returns when it is ready.

        Raises:
            ChildError: it ended at once or was not ready in time; its last lines are quoted.
        """
        command = Command(name, argv, log=self.log_of(name), env=env or {}, cwd=cwd, ready=ready, within=within)
        await self.run(command)
        if command.child is None:
            raise RuntimeError(f"{name} has no process after its start")
        return command.child

    async def run(self, server: Server) -> None:
        """Start a server and stop it with the others.

        Raises:
            ChildError, EmbeddedError, PortInUseError: from its start; what ran before keeps running until `stop_all`.
        """
        self._servers.append(server)  # first, so that a start that is interrupted is cleaned up too
        await server.start()
        if server.child is not None:
            self._watches[server.name] = asyncio.create_task(self._watch(server.name, server.child), name=f"watch {server.name}")

    async def stop(self, name: str, within: float = STOP) -> None:
        """Stop one, on purpose: no death is reported."""
        for server in [server for server in self._servers if server.name == name]:
            self._unwatch(name)
            await server.stop(within)
            self._servers.remove(server)

    async def stop_all(self, within: float = STOP) -> None:
        """Stop all, the last one first, each with `within` seconds; whatever interrupts that, none is left running."""
        for name in list(self._watches):
            self._unwatch(name)
        try:
            for server in reversed(self._servers):
                with contextlib.suppress(OSError):
                    await server.stop(within)
        finally:  # a second Ctrl-C ends up here
            for server in reversed(self._servers):
                server.kill()
            self._servers.clear()

    async def first_death(self) -> Death:
        """Wait until a child ends by itself; returns at once if one has already."""
        await self._death.wait()
        return self.deaths[0]

    def _unwatch(self, name: str) -> None:
        if watch := self._watches.pop(name, None):
            watch.cancel()

    async def _watch(self, name: str, child: Child) -> None:
        death = Death(name, await child.wait(), child.last_words(), child.log)
        self.deaths.append(death)
        self._death.set()
        log.error("%s", death)
        if self._died is not None:
            self._died(death)
