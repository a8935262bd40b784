"""A command's work on the target's database; what the workflows refuse becomes one sentence."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from cli.console import Refused, run
from cli.target import database
from services.queuer.campaigns.errors import CampaignError

T = TypeVar("T")


def do(work: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    """Run the work on a pool.

    Raises:
        Refused: it cannot be done; the message says what to do.
    """

    async def on_a_pool() -> T:
        async with database() as pool:
            return await work(pool)

    try:
        return run(on_a_pool())
    except CampaignError as error:
        raise Refused(error.message) from error
