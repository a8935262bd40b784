"""One child process: its own session, its output in a file, and a guard that ends the child when this process ends.

Everything the embedded stack starts goes through here, servers and services alike, so that no way of stopping (Ctrl-C
twice, SIGKILL, an exception) leaves a process behind. See `embedded.parent_death_guard` for how.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

GUARD: Final = Path(__file__).with_name("parent_death_guard.py")
PAUSE: Final = 0.02  # seconds between two looks at a process or a readiness probe: a fork costs as much
QUOTED: Final = 20  # lines of a dead child's output that its error quotes
BY_PRCTL: Final = sys.platform == "linux"

Ready = Callable[[], Awaitable[bool]]
"""A probe: True when the child does its work, False (or an OSError) while it does not yet."""


class ChildError(Exception):
    """A child did not start, or is not ready in time; the sentence names it and quotes its last lines."""


class Child:
    """A running process; made by `start`."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path, mark: int) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._mark = mark

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: tuple[int, int] | None = None,
        parting: signal.Signals = signal.SIGKILL,
        by_prctl: bool = BY_PRCTL,
    ) -> "Child":
        """Start `argv` (its first word an absolute path) with `env` on top of ours, appending its output to `log`.

        `user` is a uid and gid to run as (root only). `parting` is what it gets when we die without stopping it.

        Raises:
            ChildError: called outside the main thread, or the log cannot be written.
        """
        if by_prctl and threading.current_thread() is not threading.main_thread():
            # The kernel ties the signal to the starting thread: a worker thread's end would take the child with it.
            raise ChildError(f"{name} must be started from the main thread, not from {threading.current_thread().name}")
        guard = [sys.executable, "-I", "-S", str(GUARD), "--parent", str(os.getpid()), "--parting", str(int(parting))]
        guard += ["--user", f"{user[0]}:{user[1]}"] if user else []
        guard += ["--by", "prctl" if by_prctl else "stdin", "--"]
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as output:
                mark = output.tell()
                process = subprocess.Popen(  # noqa: S603 - words of this repository, no shell
                    [*guard, *argv],
                    stdin=subprocess.DEVNULL if by_prctl else subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    cwd=cwd,
                    start_new_session=True,  # the terminal's Ctrl-C reaches only us; we stop the others in order
                )
        except OSError as error:
            raise ChildError(f"{name} could not be started: {error}. Is the disk full, or {log.parent} not writable?") from error
        return cls(name, process, log, mark)

    @property
    def pid(self) -> int:
        """The process id (the guard's own, where the guard stays the parent)."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def last_words(self, lines: int = QUOTED) -> str:
        """The end of what it has written since this start."""
        with self.log.open("rb") as file:
            file.seek(self._mark)
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    async def wait(self) -> int:
        """Its return code, when it has ended. Looks again and again: works in any loop, and in several one after another."""
        while (code := self.returncode) is None:  # noqa: ASYNC110 - another process sets no asyncio.Event
            await asyncio.sleep(PAUSE)
        return code

    async def until(self, ready: Ready, *, within: float) -> None:
        """Wait until `ready` says so, for at most `within` seconds; a child that is not ready in time is killed.

        Raises:
            ChildError: it ended first, or the time is over.
        """
        deadline = time.monotonic() + within
        while True:
            if (code := self.returncode) is not None:
                raise ChildError(f"{self.name} ended at once ({ending(code)}); its last lines, from {self.log}:\n{self.last_words()}")
            with contextlib.suppress(OSError, TimeoutError):
                if await ready():
                    return
            if time.monotonic() > deadline:
                self.kill()
                raise ChildError(f"{self.name} was not ready within {within:g} s; its last lines, from {self.log}:\n{self.last_words()}")
            await asyncio.sleep(PAUSE)

    async def stop(self, *, within: float, by: signal.Signals = signal.SIGTERM) -> bool:
        """Ask it to end, and kill it when it has not after `within` seconds; True if it ended by itself."""
        if self.returncode is not None:
            return True
        self.send(by)
        try:
            async with asyncio.timeout(within):
                await self.wait()
        except TimeoutError:
            self.kill()
            return False
        return True

    def send(self, sign: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._process.send_signal(sign)

    def kill(self) -> None:
        """End it now, with everything it has started, and wait for that; harmless when it has ended already."""
        if self.returncode is not None:
            return  # its number may belong to another process by now
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.pid).children(recursive=True)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # it leads a group of its own, see start_new_session
        for member in family:  # PostgreSQL's backends lead groups of their own
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self._process.wait()
        while any(_alive(member) for member in family):
            time.sleep(PAUSE)


def _alive(process: psutil.Process) -> bool:
    """Does it still run? One that has ended and waits to be collected (in a container often for long) does not."""
    try:
        return process.is_running() and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
