"""Which servers a command of the infrastructure works on: the one that the TACT_ settings name, else the one that runs here."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
from aiokafka.errors import KafkaError

from cli.context import build_folder as folder
from cli.errors import CommandError, Unreachable
from embedded.addresses import Addresses, read_addresses
from embedded.settings import StackSettings
from shared.db.migrate import SchemaError, require_current
from shared.db.pool import open_pool
from shared.refusals import Refused
from shared.runtime.settings import checked_brokers

PLACES: Final = ("stack", "demo")

T = TypeVar("T")
AWAY: Final = (ConnectionError, TimeoutError, asyncpg.PostgresConnectionError, KafkaError)
"""Errors that say that a server did not answer."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; servers that are away become one sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is said in the command's own sentence
    try:
        return asyncio.run(work)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError) as error:
        kind = Unreachable if isinstance(error, AWAY) else CommandError
        raise kind(reason(error)) from error


def reason(error: BaseException) -> str:
    """What to do about a server that is away."""
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedFunctionError):
        return "The database has no schema of Tact yet. Run `tact migrate apply` first."
    if isinstance(error, KafkaError):
        return f"Kafka could not be reached: {error}. Is it running, and is TACT_KAFKA right?"
    if isinstance(error, FileNotFoundError):
        return f"There is no file {error.filename}."
    if isinstance(error, ConnectionError | asyncpg.PostgresConnectionError | asyncpg.InvalidCatalogNameError):
        return f"PostgreSQL could not be reached: {error}. Is the stack up (`tact up`), and is TACT_DATABASE_URL right?"
    return str(error) or type(error).__name__


def target() -> Addresses:
    """The settings' servers; what they leave open is taken from a stack that runs here.

    Raises:
        Refused: there is neither, or TACT_KAFKA cannot be read.
    """
    settings = StackSettings()
    here = next((found for place in PLACES if (found := read_addresses(folder(place)))), None)
    if settings.database_url is None and here is None:
        raise Refused("No stack runs here and TACT_DATABASE_URL is not set. Start one with `tact up`, or name a database.")
    kafka = settings.kafka or (here.kafka if here else "127.0.0.1:9092")
    try:
        checked_brokers(kafka)
    except ValueError as error:
        raise Refused(f"TACT_KAFKA {error}") from None
    return Addresses(
        url=here.url if here else f"http://127.0.0.1:{settings.port}",
        database_url=settings.database_url or (here.database_url if here else ""),
        kafka=kafka,
        unipile_url=settings.unipile_url or (here.unipile_url if here else ""),
        services=here.services if here else {},
        cron_secret=here.cron_secret if here else "",
        webhook_secret="",
        unipile_api_key="",
        pids=here.pids if here else {},
    )


@asynccontextmanager
async def database(*, role: str | None = "tact_queuer") -> AsyncIterator[asyncpg.Pool]:
    """A pool on the target's database, schema checked.

    Raises:
        Refused: its schema is behind this version's, or its address cannot be read.
    """
    try:
        pool = await open_pool(target().database_url, role=role, size=4, name="tact-cli")
    except asyncpg.InterfaceError:
        raise
    except ValueError:  # its words may quote a part of the password
        raise Refused(
            "TACT_DATABASE_URL cannot be read. Write postgresql://user:password@host:5432/name, / and @ of a password as %2F and %40."
        ) from None
    try:
        async with pool.acquire() as connection:
            try:
                await require_current(connection)
            except SchemaError as error:
                raise Refused(str(error)) from None
        yield pool
    finally:
        await pool.close()


def on_pool(work: Callable[[asyncpg.Pool], Awaitable[T]], *, role: str | None = "tact_queuer") -> T:
    """Run a command's work on a pool of the target's database.

    Raises:
        Refused: a server is away, the schema is behind, or the work was refused.
    """

    async def opened() -> T:
        async with database(role=role) as pool:
            return await work(pool)

    return run(opened())
