"""One service process: connect to the servers, run, and stop in order within a deadline.

The order of a stop: jobs and subscribers stop, work in progress is finished, the outbox is published, and connections
close. When the deadline passes first (a dead broker blocks a stop for ever) the process ends anyway: rows and leases
are made for that.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

import asyncpg
import structlog
import uvicorn
import uvloop
from aiokafka.errors import KafkaError
from fastapi import FastAPI

from shared.db.errors import AWAY
from shared.db.migrate import SchemaError, require_current
from shared.db.pool import open_pool
from shared.fence.fence import Fence
from shared.kafka.broker import make_broker
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.inbox import Inbox
from shared.kafka.publisher import Publisher
from shared.kafka.relay import Relay
from shared.kafka.stops import Stops
from shared.runtime import logs, version
from shared.runtime.clock import StackClock
from shared.runtime.jobs import JobPace, Jobs
from shared.runtime.settings import ServiceSettings

log = structlog.get_logger()
ResourceT = TypeVar("ResourceT")

RELAY_EVERY: Final = timedelta(milliseconds=200)
"""A relay that is woken by its own process's commits needs this only for what others wrote."""
STOPS_EVERY: Final = timedelta(seconds=2)
"""Real time between two checks whether a consumer has stopped, or was resumed."""
LARGEST_BACK_OFF: Final = 5.0


class CannotStartError(Exception):
    """The service cannot start; the message says what to do."""


class Service:
    """What the parts of a service are built on. `build` gets it open, and registers handlers, jobs and routes."""

    def __init__(self, name: str, settings: ServiceSettings, *, port: int) -> None:
        self.name = name
        self.settings = settings
        self.port = port
        self.instance = f"{name}-{os.uname().nodename}-{os.getpid()}"
        self.broker = make_broker(
            settings.kafka, client_id=self.instance, graceful_timeout=max(settings.stop_deadline.total_seconds() - 5, 1.0)
        )
        self.publisher = Publisher(settings.kafka, client_id=self.instance, fatal=self.fail)
        self.inbox = Inbox(self.broker, DeadLetters(self.publisher), service=name, pod_name=settings.pod_name)
        self.fence = Fence(settings.kafka, name=name, client_id=self.instance, throw_away=settings.throw_away)
        self.pool: asyncpg.Pool
        self.clock: StackClock
        self.jobs: Jobs
        self.relay: Relay
        self.stops: Stops
        self.started_at = time.monotonic()
        self.consuming = False
        self.stopping = asyncio.Event()
        self.failure: str | None = None
        self._opened = contextlib.AsyncExitStack()
        self.readers: list[asyncpg.Pool] = []
        self.wake_relay: Callable[[], None] = lambda: None

    def fail(self, why: str) -> None:
        """End the process; its supervisor starts it again."""
        self.failure = why
        log.critical("stopping because it cannot go on", why=why)
        self.stopping.set()

    def wake(self) -> None:
        """An event was just written: let the relay publish it now."""
        self.wake_relay()

    def on_stop(self, finish: Callable[[], Awaitable[Any]]) -> None:
        """Call `finish` after the subscribers stopped and before the last outbox flush; callbacks run in reverse order of registration."""
        self._opened.push_async_callback(finish)

    async def enter(self, resource: contextlib.AbstractAsyncContextManager[ResourceT]) -> ResourceT:
        """Open a resource; it is closed in the same order as the callbacks of `on_stop`."""
        return await self._opened.enter_async_context(resource)

    async def open(self) -> None:
        """Connect to the database, start clock and producer; waits for servers that are starting, at most as long as `patience`.

        Raises:
            CannotStartError: a server could not be reached, or the schema is older than this version's.
        """
        self.pool = await self._patiently("PostgreSQL", lambda: self._open_pool(self.settings.database_pool, self.instance))
        self.clock = StackClock(self.pool, skew=self.settings.clock_skew)
        try:
            await self._patiently("PostgreSQL", self._introduce)
        except SchemaError as error:
            raise CannotStartError(str(error)) from None
        await self._patiently("PostgreSQL", self.clock.start)
        self.jobs = Jobs(self.clock)
        self.stops = Stops(self.pool, self.inbox, instance=self.instance)
        self.relay = Relay(self.pool, self.publisher, service=self.name, held_back=lambda: self.fence.read_only is not None)
        await self._patiently("Kafka", self.publisher.start)
        self.fence.start(self.pool, self.publisher)

    async def _introduce(self) -> None:
        async with self.pool.acquire() as connection:
            await require_current(connection)
            await version.remember(connection, instance=self.instance, service=self.name, given=self.settings.version)

    async def open_readers(self, size: int) -> asyncpg.Pool:
        """A pool for requests that only read, closed after the HTTP server has stopped, whose requests may still wait for rows.

        Raises:
            CannotStartError: the database could not be reached.
        """
        readers: asyncpg.Pool = await self._patiently("PostgreSQL", lambda: self._open_pool(size, f"{self.instance}-http"))
        self.readers.append(readers)
        return readers

    async def consume(self) -> None:
        """Start the relay, the jobs and the subscribers.

        Raises:
            CannotStartError: Kafka could not be reached in time.
        """
        self.wake_relay = self.jobs.add("outbox", RELAY_EVERY, self.relay.round).wake
        self.jobs.add("stopped consumers", STOPS_EVERY, self.stops.round, pace=JobPace.REAL)
        await self._patiently("Kafka", self.broker.start)
        self.jobs.start()
        self.consuming = True
        log.info("started", instance=self.instance, port=self.port)

    async def stop(self) -> None:
        """See the module."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.stop_deadline.total_seconds() - 3):
                await self.jobs.stop()
                await self.broker.stop()
                await self.finish()
                with contextlib.suppress(*AWAY, asyncpg.PostgresError):
                    while await self.relay.round():
                        pass
        await self.relay.stop()
        await self.fence.stop()
        await self.publisher.stop(within=2.0)
        await self.clock.stop()

    async def finish(self) -> None:
        """Run the callbacks of `on_stop` and close what `enter` opened, in reverse order of registration."""
        await self._opened.aclose()

    async def close(self) -> None:
        """Close the database connections, once no request is being served any more."""
        for pool in (*self.readers, self.pool):
            await _close(pool)

    async def _open_pool(self, size: int, name: str) -> asyncpg.Pool:
        role = self.settings.database_role
        role = f"tact_{self.name}" if role is None else (role or None)
        return await open_pool(self.settings.database_url, role=role, size=size, name=name)

    async def _patiently(self, what: str, do: Callable[[], Awaitable[Any]]) -> Any:
        deadline = time.monotonic() + self.settings.patience.total_seconds()
        pause = 0.1
        while True:
            try:
                return await do()
            except (*AWAY, asyncpg.PostgresError, KafkaError) as error:
                if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError) or time.monotonic() > deadline:
                    raise CannotStartError(
                        f"{what} could not be reached: {error or type(error).__name__}. "
                        f"Is it running, and is TACT_{'KAFKA' if what == 'Kafka' else 'DATABASE_URL'} right?"
                    ) from error
                log.info("waiting for a server", server=what, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LARGEST_BACK_OFF)


def main(service: Service, build: Callable[[Service], Awaitable[FastAPI]]) -> int:
    """Run until SIGTERM, SIGINT or a failure; returns the exit status."""
    logs.configure(service.name, level=service.settings.log_level, style=service.settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(service, build))


async def _serve(service: Service, build: Callable[[Service], Awaitable[FastAPI]]) -> int:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, service.stopping.set)
    try:
        await service.open()
        server = _Server(
            uvicorn.Config(await build(service), host=service.settings.host, port=service.port, log_config=None, access_log=False)
        )
        serving = asyncio.create_task(server.serve())
        await service.consume()
    except CannotStartError as error:
        sys.stderr.write(f"{service.name}: {error}\n")
        return 1
    await asyncio.wait([serving, asyncio.create_task(service.stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
    log.info("stopping", instance=service.instance)
    _end_by_force(service)
    await service.stop()
    server.should_exit = True
    await asyncio.wait([serving], timeout=2)
    await service.close()
    log.info("stopped", instance=service.instance)
    return 3 if service.failure else 0


def _end_by_force(service: Service) -> None:
    """End the process at its deadline even if a library never returns."""

    def end() -> None:
        log.critical("did not stop in time, ending", instance=service.instance)
        os._exit(4)

    asyncio.get_running_loop().call_later(service.settings.stop_deadline.total_seconds(), end)


async def _close(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(2):
            await pool.close()
    except TimeoutError:
        pool.terminate()


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handling: the service decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
