"""`python -m bench.parts services.sender OUT`: run a service and write, at its end, the CPU time each of its tasks spent.

Every step of every task is timed by the thread's CPU clock, so a task that waits costs nothing and tasks that take turns are told apart.
What belongs to no task (sockets' callbacks, the loop itself) is the process's CPU time minus theirs.
"""

import asyncio
import atexit
import json
import runpy
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any

import uvloop

spent: Counter[str] = Counter()
"""Nanoseconds by the qualified name of the task's outermost coroutine; a job's by the job's name ("job seal")."""
JOB = "Jobs._run"
begun = 0


class Timed(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are timed."""

    __slots__ = ("_inner", "_name")

    def __init__(self, inner: Coroutine[Any, Any, Any]) -> None:
        self._inner = inner
        self._name: str = getattr(inner, "__qualname__", type(inner).__qualname__)

    def send(self, value: Any) -> Any:
        """One step; a task has got its name by the first one."""
        since = time.thread_time_ns()
        if self._name == JOB and (task := asyncio.current_task()) is not None:
            self._name = task.get_name()
        try:
            return self._inner.send(value)
        finally:
            spent[self._name] += time.thread_time_ns() - since

    def throw(self, *error: Any) -> Any:
        """One step, by an exception."""
        since = time.thread_time_ns()
        try:
            return self._inner.throw(*error)
        finally:
            spent[self._name] += time.thread_time_ns() - since

    def close(self) -> None:
        """End it."""
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()


def timed(loop: asyncio.AbstractEventLoop, coro: Any, **named: Any) -> "asyncio.Task[Any]":
    """A task factory."""
    return asyncio.Task(Timed(coro) if isinstance(coro, Coroutine) else coro, loop=loop, **named)


def timed_loop() -> uvloop.Loop:
    """A service's loop whose tasks are timed; what came before it was the start."""
    global begun  # noqa: PLW0603 - one process, one loop
    begun = time.process_time_ns()
    loop = uvloop.Loop()
    loop.set_task_factory(timed)
    return loop


def write(out: Path) -> None:
    """Nanoseconds of CPU since the loop was made, of the process and by task."""
    out.write_text(json.dumps({"process": time.process_time_ns() - begun, "tasks": spent}), encoding="utf-8")


if __name__ == "__main__":
    module, out = sys.argv[1], Path(sys.argv[2])
    atexit.register(write, out)
    uvloop.new_event_loop = timed_loop  # what a service makes its loop with
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
