"""Waiting for a fact, with a limit, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

Value = TypeVar("Value")

FIRST_PAUSE = 0.005  # seconds
LONGEST_PAUSE = 0.1


@overload
async def eventually(check: Callable[[], Awaitable[Value]], *, within: float = 10.0, what: str) -> Value: ...
@overload
async def eventually(check: Callable[[], Value], *, within: float = 10.0, what: str) -> Value: ...
async def eventually(check: Callable[[], Any], *, within: float = 10.0, what: str) -> Any:
    """The first truthy value of `check`, asked again and again for at most `within` seconds.

    `what` ends the sentence "waited N s for ...". An AssertionError that `check` raises counts as "not yet".

    Raises:
        AssertionError: it did not become true; with the last value or the last error.
    """
    deadline = time.monotonic() + within
    pause = FIRST_PAUSE
    while True:
        last: object
        try:
            answer = check()
            value = await answer if isinstance(answer, Awaitable) else answer
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s for {what}; the last answer was {last!r}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
