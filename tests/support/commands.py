"""`tact` as an operator types it: a process with the test's servers as its settings, on a terminal of 80 columns."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


async def tact(*words: str, env: Mapping[str, str], within: float = 180.0) -> Said:
    """Run a command to its end, in a process of its own (tests/support/warm.py).

    Raises:
        TimeoutError: it did not end within so many seconds, and was killed.
    """
    given = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **env}
    return await asyncio.to_thread(_run, words, given, within)


def _run(words: tuple[str, ...], env: Mapping[str, str], within: float) -> Said:
    ours, theirs = _pair()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, ours:
        with theirs:
            message = json.dumps({"words": words, "env": dict(env), "folder": str(REPOSITORY)})
            socket.send_fds(_warm()[0], [message.encode()], [out.fileno(), err.fileno(), theirs.fileno()])
        pid = int(ours.recv(20))
        ours.settimeout(within)
        try:
            code = int(ours.recv(20))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise TimeoutError(f"tact {' '.join(words)} did not end within {within:g} s; it said:\n{_read(out)}{_read(err)}") from None
        return Said(code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


@cache
def _warm() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """The process that forks commands, and our end of its socket: started when the first one is asked for, gone with this process."""
    ours, theirs = _pair()
    with theirs:
        env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}  # rich keeps what it is imported with
        argv = [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())]
        process = subprocess.Popen(argv, cwd=REPOSITORY, env=env, pass_fds=[theirs.fileno()])  # noqa: S603 - our own words
    atexit.register(_end, ours, process)
    return ours, process


def _end(ours: socket.socket, process: subprocess.Popen[bytes]) -> None:
    ours.close()
    process.wait(10)
