"""A command's work on the target's database; what the workflows refuse becomes one sentence."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from cli.target import on_pool

T = TypeVar("T")


def do(work: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    """Run the work on a pool.

    Raises:
        Refused: it cannot be done; the message says what to do.
    """
    return on_pool(work)
