"""From settings to a listening process: clock, world, log, routes, and an end within a second."""

import asyncio
import contextlib
import errno
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
from aiohttp import web
from pydantic import ValidationError

from simulator.unipile.api import routes
from simulator.unipile.api.front import CLOCK_ERRORS, Front
from simulator.unipile.faults import Faults
from simulator.unipile.levers import Levers, sentence_of
from simulator.unipile.log import Log
from simulator.unipile.settings import SimulatorCannotStartError, SimulatorSettings
from simulator.unipile.webhooks import WebhookDelivery
from simulator.unipile.world.clock import DatabaseClock, OwnClock, SimulatedClock
from simulator.unipile.world.declared import WorldDeclared
from simulator.unipile.world.events import WorldEvent
from simulator.unipile.world.world import World

TICK_S: Final = 0.025  # an acceptance is never later than this between two calls
CLOSE_WITHIN_S: Final = 0.3
BIGGEST_BODY: Final = 16 * 1024 * 1024  # attachments are documented up to about 15 MB
SILENT: Final = frozenset({"wrote", "account_status"})  # in the log already, as the call or the lever behind it


async def serve(settings: SimulatorSettings) -> None:
    """Listen until SIGTERM or SIGINT, or until cancelled.

    Raises:
        CannotStartError: port in use, unreadable world, unwritable log, no clock; the sentence says what to do.
    """
    declared = read_world(settings.world)
    clock = await _clock(settings)
    log = Log(settings.log)
    stop = asyncio.Event()
    try:
        start = await clock.now()
        world = World(seed=settings.seed, start=start)
        webhooks = WebhookDelivery(world=world, clock=clock, log=log, seed=settings.seed)
        world.listeners += [lambda event: _write_down(log, event), webhooks.tell]
        world.declare(declared, world.agenda.now)
        faults = Faults(world.people)
        front = Front(world=world, clock=clock, log=log, faults=faults, api_key=settings.api_key.get_secret_value())
        app = web.Application(client_max_size=BIGGEST_BODY)
        Levers(world=world, front=front, faults=faults, log=log, webhooks=webhooks).register(app)
        routes.register(app, front=front, world=world, webhooks=webhooks)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=CLOSE_WITHIN_S)
        await runner.setup()
        try:
            port = await _listen(runner, settings)
            log.fact("started", start, None, port=port, seed=settings.seed)
            _on_signals(stop)
            sys.stdout.write(f"simulator ready on http://{settings.host}:{port}\n")
            sys.stdout.flush()
            ticking = asyncio.create_task(_tick(front))
            try:
                await stop.wait()
            finally:
                ticking.cancel()
                front.stop()
        finally:
            await webhooks.close()
            await runner.cleanup()
    finally:
        log.close()
        await clock.close()


def read_world(path: Path | None) -> WorldDeclared:
    """What --world declares; nothing without it.

    Raises:
        CannotStartError: names the file and the first thing wrong with it.
    """
    if path is None:
        return WorldDeclared()
    try:
        return WorldDeclared.model_validate(orjson.loads(path.read_bytes()))
    except OSError as error:
        raise SimulatorCannotStartError(f"The world file {path} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise SimulatorCannotStartError(f"The world file {path} is not valid JSON: {error}.") from error
    except ValidationError as error:
        raise SimulatorCannotStartError(f"The world file {path} has mistakes: {sentence_of(error)}.") from error


async def _clock(settings: SimulatorSettings) -> SimulatedClock:
    if settings.clock_database is not None:
        return await DatabaseClock.connect(settings.clock_database.get_secret_value())
    return OwnClock(settings.clock_start or datetime.now(UTC), settings.clock_speed)


async def _listen(runner: web.AppRunner, settings: SimulatorSettings) -> int:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = f"Port {settings.port} is in use. Stop the process that listens there, or choose another with --port."
        else:
            sentence = f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another with --host or --port."
        raise SimulatorCannotStartError(sentence) from error
    return int(runner.addresses[0][1])


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread: the caller cancels instead
            loop.add_signal_handler(number, stop.set)


async def _tick(front: Front) -> None:
    """Let what is due happen between two calls, so that webhooks leave on time."""
    while True:
        with contextlib.suppress(*CLOCK_ERRORS):  # the clock's database restarts: the next call says so to its client
            await front.now()
        await asyncio.sleep(TICK_S)


def _write_down(log: Log, event: WorldEvent) -> None:
    if event.kind not in SILENT:
        person = event.person.provider_id if event.person else None
        note = event.message.text if event.message is not None else event.note
        log.fact(event.kind, event.at, event.account.id, person=person, id=event.id, note=note)
