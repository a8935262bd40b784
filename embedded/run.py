"""Run something on a stack so that every way out takes the stack down: the end, an error, Ctrl-C, a second Ctrl-C."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from embedded.stack import Stack

INTERRUPTED: Final = 130


def run(stack: Stack, body: Callable[[], Awaitable[int]]) -> int:
    """Bring the stack up, run `body` on it, take it down; returns the exit status.

    A service that dies ends the run with its last lines. The second signal kills everything at once.
    """
    with asyncio.Runner() as runner:
        return runner.run(_run(stack, body))


async def _run(stack: Stack, body: Callable[[], Awaitable[int]]) -> int:
    work = asyncio.ensure_future(_up_and(stack, body))
    signals = 0

    def on_signal() -> None:
        nonlocal signals
        signals += 1
        if signals > 1:
            stack.processes.kill_all()
            os._exit(INTERRUPTED)
        sys.stderr.write("\nstopping; once more to end at once\n")
        work.cancel()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, on_signal)
    try:
        return await work
    except asyncio.CancelledError:
        return INTERRUPTED
    finally:
        await stack.down()


async def _up_and(stack: Stack, body: Callable[[], Awaitable[int]]) -> int:
    await stack.up()
    working = asyncio.ensure_future(body())
    watching = asyncio.ensure_future(stack.processes.first_death())
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        sys.stderr.write(f"\n{watching.result()}\n")
        return 1
    finally:
        for task in (working, watching):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
