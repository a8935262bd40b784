"""The processes of a stack: started one after another, watched, killed or frozen on purpose, restarted, and stopped in the reverse order.

A member is a server that knows how to start itself (`PostgresServer`, `KafkaServer`) or a `Command`, which is an argv.
"""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import psutil

from embedded.cache import REPOSITORY
from embedded.child import Child, ChildError, Ready, ending

LOGS: Final = Path("build/logs")
START: Final = 30.0  # seconds a command has to become ready
STOP: Final = 10.0  # seconds a member has to end by itself before it is killed
CHECK_EVERY: Final = 0.1  # seconds between two checks of all members: one task for all of them costs an idle stack nearly nothing

log = logging.getLogger(__name__)


class Server(Protocol):
    """A member that starts and stops itself."""

    name: str

    @property
    def child(self) -> Child | None:
        """Its process while it runs; None for a member of several processes, which is not watched."""

    async def start(self) -> None:
        """Start it and wait until it is ready."""

    async def stop(self, within: float) -> bool:
        """Stop it; False when it did not end within so many seconds and was killed."""

    def kill(self) -> None:
        """End it now."""


@dataclass(frozen=True, slots=True)
class Death:
    """A member that ended without having been stopped."""

    name: str
    returncode: int
    last_words: str
    log: Path

    def __str__(self) -> str:
        return f"{self.name} ended by itself ({ending(self.returncode)}); its last lines, from {self.log}:\n{self.last_words}"


class Command:
    """An argv (its first word an absolute path) as a member, with `env` on top of ours; `restarts` when it ends by itself."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        ready: Ready | None = None,
        within: float = START,
        restarts: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        self.restarts = restarts
        self._argv, self._env, self._cwd = list(argv), dict(env or {}), cwd
        self._ready, self._within = ready, within
        self._child: Child | None = None

    @property
    def child(self) -> Child | None:
        """The process of the latest start."""
        return self._child

    def launch(self) -> None:
        """Start it without waiting for it."""
        self._child = Child.start(self.name, self._argv, log=self.log, env=self._env, cwd=self._cwd)

    async def start(self) -> None:
        """Start it and wait until `ready` says so.

        Raises:
            ChildError: it ended at once or was not ready in time; its last lines are quoted.
        """
        self.launch()
        if self._ready is not None and self._child is not None:
            await self._child.until(self._ready, within=self._within)

    async def until_ready(self) -> None:
        """Wait until `ready` says so, over as many restarts as it takes.

        Raises:
            ChildError: it is not ready in time; its last lines are quoted.
        """
        deadline = time.monotonic() + self._within
        while self._ready is not None and not await self._ready():
            if time.monotonic() > deadline:
                words = self._child.last_words() if self._child else ""
                raise ChildError(f"{self.name} was not ready within {self._within:g} s; its last lines, from {self.log}:\n{words}")
            await asyncio.sleep(CHECK_EVERY)

    async def stop(self, within: float = STOP) -> bool:
        """SIGTERM, then SIGKILL when the deadline is over."""
        return self._child is None or await self._child.stop(within=within)

    def kill(self) -> None:
        """End it now."""
        if self._child is not None:
            self._child.kill()


class ProcessGroup:
    """Running members. Used as a context (`async with ProcessGroup() as group`), it stops all of them however the block is left.

    `say` is called when a member had to be killed.
    """

    def __init__(self, logs: Path = LOGS, *, say: Callable[[str], None] = log.warning) -> None:
        self.logs = logs
        self.deaths: list[Death] = []
        self._say = say
        self._members: list[Server] = []
        self._watched: list[Server] = []
        self._watcher: asyncio.Task[None] | None = None
        self._death = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop_all()

    def log_of(self, name: str) -> Path:
        """Where the output of the command `name` goes."""
        return self.logs / f"{name}.log"

    def child(self, name: str) -> Child | None:
        """The process of a member; None while there is none."""
        return next((member.child for member in reversed(self._members) if member.name == name), None)

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
        """Start a command; returns when it is ready.

        Raises:
            ChildError: it ended at once or was not ready in time; its last lines are quoted.
        """
        command = Command(name, argv, log=self.log_of(name), env=env, cwd=cwd, ready=ready, within=within)
        await self.run(command)
        if command.child is None:
            raise RuntimeError(f"{name} has no process after its start")
        return command.child

    async def start_module(
        self,
        name: str,
        module: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        ready: Ready | None = None,
        within: float = START,
    ) -> Child:
        """Start `python -m module` from the checkout, as `start` does."""
        return await self.start(name, [sys.executable, "-m", module, *arguments], env, ready=ready, within=within, cwd=REPOSITORY)

    async def run(self, server: Server) -> None:
        """Start a member and stop it with the others.

        Raises:
            ChildError, EmbeddedError, PortInUseError: from its start; what ran before keeps running until `stop_all`.
        """
        self._members.append(server)  # first, so that a start that is interrupted is cleaned up too
        await server.start()
        self._watch(server)

    def add(self, command: Command) -> None:
        """A command that `launch` starts later."""
        self._members.append(command)

    def launch(self, name: str) -> None:
        """Start a command that was killed or stopped, or not started yet, without waiting for it."""
        for command in self._commands(name):
            command.launch()
            self._watch(command)

    async def until_ready(self, *names: str) -> None:
        """Wait until these commands are ready, over as many restarts as it takes.

        Raises:
            ChildError: one is not ready in time; its last lines are quoted.
        """
        await asyncio.gather(*(command.until_ready() for command in self._commands(*names)))

    def kill(self, *names: str) -> None:
        """End members now, on purpose: no death is reported, and none is restarted until it is launched again."""
        for member in self._named(*names):
            self._unwatch(member)
            member.kill()

    def detach(self, name: str) -> Child:
        """Take a member out of the group and return its process: its death is not reported, and the group does not stop it."""
        [member] = self._named(name)
        self._unwatch(member)
        self._members.remove(member)
        if member.child is None:
            raise RuntimeError(f"{name} has no process")
        return member.child

    @contextlib.contextmanager
    def frozen(self, child: Child | None) -> Iterator[None]:
        """Suspend a process and its descendants for the time of the block; their connections stay open."""
        held: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            if child is not None:
                first = psutil.Process(child.pid)
                first.send_signal(signal.SIGSTOP)
                held = [first, *first.children(recursive=True)]  # read after the first is suspended: it starts no more
        for process in held[1:]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in held:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)

    async def stop(self, *names: str, within: float = STOP) -> None:
        """Stop these members at the same time, on purpose: no death is reported."""
        members = self._named(*names)
        for member in members:
            self._unwatch(member)
        await asyncio.gather(*(self._stop(member, within) for member in members))

    async def stop_all(self, within: float = STOP) -> None:
        """Stop all, the last one first, each with `within` seconds; when that is interrupted, all are killed."""
        self._watched.clear()
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
        try:
            for member in reversed(self._members):
                with contextlib.suppress(OSError):
                    await self._stop(member, within)
        finally:  # a second Ctrl-C ends up here
            self.kill_all()
            self._members.clear()

    def kill_all(self) -> None:
        """End all now."""
        self._watched.clear()
        for member in reversed(self._members):
            member.kill()

    async def first_death(self) -> Death:
        """Wait until a member ends by itself; returns at once if one has already."""
        await self._death.wait()
        return self.deaths[0]

    def _named(self, *names: str) -> list[Server]:
        return [member for member in self._members if member.name in names]

    def _commands(self, *names: str) -> list[Command]:
        return [member for member in self._named(*names) if isinstance(member, Command)]

    def _watch(self, member: Server) -> None:
        if member not in self._watched:
            self._watched.append(member)
        self._watcher = self._watcher or asyncio.create_task(self._keep_watching(), name="watch processes")

    def _unwatch(self, member: Server) -> None:
        if member in self._watched:
            self._watched.remove(member)

    async def _stop(self, member: Server, within: float) -> None:
        if not await member.stop(within):
            self._say(f"{member.name} did not stop in {within:.0f} s and was ended; its log: {self.log_of(member.name)}")

    async def _keep_watching(self) -> None:
        while True:
            for member in list(self._watched):
                if (child := member.child) is not None and (code := child.returncode) is not None:
                    self.deaths.append(Death(member.name, code, child.last_words(), child.log))
                    self._death.set()
                    if isinstance(member, Command) and member.restarts:
                        member.launch()
                    else:
                        self._watched.remove(member)
            await asyncio.sleep(CHECK_EVERY)
