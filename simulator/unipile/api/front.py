"""The way every call goes: key, reading, fault or hold, effect, answer, log line."""

import asyncio
from asyncio import Event
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hmac import compare_digest
from time import monotonic
from typing import Final

import asyncpg
import orjson
from aiohttp import web

from simulator.unipile.api.call import Act, Action, ApiAnswer, ApiCall, Endpoint
from simulator.unipile.faults import FaultOrdered, Faults, Subject
from simulator.unipile.log import Log
from simulator.unipile.settings import SimulatorCannotStartError
from simulator.unipile.world.clock import SimulatedClock
from simulator.unipile.world.refusals import RefusalError, refuse
from simulator.unipile.world.world import World

LOOK_EVERY_S: Final = 0.01
CLOCK_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, SimulatorCannotStartError)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CutError(Exception):
    """The connection is to be dropped without an answer."""


class Front:
    """Wraps each endpoint; the only place that knows faults, time and the log at once."""

    def __init__(self, *, world: World, clock: SimulatedClock, log: Log, faults: Faults, api_key: str) -> None:
        self._world, self._clock, self._log, self._faults = world, clock, log, faults
        self._api_key = api_key.encode()
        self._stopping = Event()
        self.under_way = 0

    def stop(self) -> None:
        """Calls that hang are dropped and written down."""
        self._stopping.set()

    async def now(self) -> datetime:
        """The business time, with everything done that was due by then."""
        return self._world.agenda.advance(await self._clock.now())

    def handler(self, route: str, action: Action, endpoint: Endpoint) -> Handler:
        """An aiohttp handler that answers as Unipile would and leaves a line in the log."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self.under_way += 1
            try:
                return await self._serve(ApiCall(request, route, action, datetime.now(UTC)), endpoint)
            finally:
                self.under_way -= 1

        return handle

    async def unknown(self, request: web.Request) -> web.StreamResponse:
        """The framework's own shape, which says that the address is wrong and not that a person is missing."""

        async def read(call: ApiCall) -> Act:
            body = {"message": f"Cannot {call.request.method} {readable(call.request.path)}", "error": "Not Found", "statusCode": 404}
            return lambda _: ApiAnswer(404, body)

        return await self._serve(ApiCall(request, f"{request.method} ?", "other", datetime.now(UTC)), read)

    async def _serve(self, call: ApiCall, endpoint: Endpoint) -> web.StreamResponse:
        try:
            now = await self.now()
        except CLOCK_ERRORS as error:
            return respond(ApiAnswer(500, refuse("unexpected_error", f"The simulator's clock cannot be read: {error}").body()))
        call.at = min(now, self._clock.at(call.arrived))
        try:
            answer = await self._answer(call, endpoint, now)
        except RefusalError as refusal:
            answer = ApiAnswer(refusal.status, refusal.body())
        except CutError:
            call.status = None
            self._log.write(call.entry(None))
            if call.request.transport is not None:
                call.request.transport.abort()
            return web.Response(status=500)  # goes nowhere
        except Exception:
            # A mistake of the simulator's own must not hide an effect from the judge; aiohttp prints it and answers 500.
            call.status, call.error = 500, "simulator_failed"
            self._log.write(call.entry(None))
            raise
        call.status = answer.status
        call.error = _slug(answer)
        response, answered = respond(answer), monotonic()  # before the writing: the client may act upon it while we still write
        delivered = await _deliver(call.request, response)
        self._log.write(call.entry(max(call.effect_at or call.at, self._clock.at(answered)) if delivered else None))
        return response

    async def _answer(self, call: ApiCall, endpoint: Endpoint, now: datetime) -> ApiAnswer:
        key = call.request.headers.get("X-API-KEY", "")
        if not compare_digest(key.encode("utf-8", "surrogateescape"), self._api_key):
            raise refuse("missing_credentials")
        act = await endpoint(call)
        subject = Subject(call.route, call.action, call.account_id, call.recipient)
        latency = self._faults.draw_latency()
        waited = await self._wait_at_hold(call, subject)
        fault = self._faults.pick(subject)
        if fault is not None:
            call.fault = fault.fault
        if latency:
            await asyncio.sleep(latency / 2)  # half before the effect and half after, as on a real way there and back
        if waited or latency:
            now = await self.now()
        call.look(self._world)
        answer = await self._strike(call, fault, act, now) if fault else act(now)
        if latency:
            await asyncio.sleep(latency / 2)
        return answer

    async def _strike(self, call: ApiCall, fault: FaultOrdered, act: Act, now: datetime) -> ApiAnswer:
        match fault.fault:
            case "cut_before_effect":
                raise CutError
            case "timeout_before_effect":
                return await self._hang(call, fault.hang_s)
            case "cut_after_effect":
                act(now)
                raise CutError
            case "timeout_after_effect":
                act(now)
                return await self._hang(call, fault.hang_s)
            case "status":
                if fault.effect:
                    act(now)
                return ApiAnswer(*fault.body())

    async def _hang(self, call: ApiCall, seconds: float) -> ApiAnswer:
        """Wait until the client gives up or the time is over; an effect is in the log as soon as the client has gone."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            if _gone(call.request) or self._stopping.is_set():
                raise CutError
            await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, until - loop.time())))
        return ApiAnswer(504, refuse("request_timeout").body())

    async def _wait_at_hold(self, call: ApiCall, subject: Subject) -> bool:
        """Wait until released, even if the client is gone by then: its call may still take effect, that is the point."""
        held = self._faults.gate_for(subject)
        if held is None:
            return False
        held.waiting += 1
        gate, stop = asyncio.create_task(held.gate.wait()), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((gate, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            held.waiting -= 1
            gate.cancel()
            stop.cancel()
        if self._stopping.is_set():
            raise CutError
        call.fault = "held"
        return True


def respond(answer: ApiAnswer) -> web.Response:
    """JSON as application/json, which the SDK insists on, errors included."""
    return web.Response(status=answer.status, body=orjson.dumps(answer.body), content_type="application/json", charset="utf-8")


def readable(path: str) -> str:
    """Bytes of an address that are no UTF-8 become question marks: JSON cannot carry them."""
    return path.encode("utf-8", "replace").decode()


def _slug(answer: ApiAnswer) -> str | None:
    kind = answer.body.get("type") if answer.status >= 400 else None  # noqa: PLR2004 -- HTTP errors
    return str(kind).removeprefix("errors/") if kind is not None else None


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _deliver(request: web.Request, response: web.Response) -> bool:
    """Write the answer out; False when the client has gone. That the kernel took it is all one can know."""
    if _gone(request):
        return False
    try:
        await response.prepare(request)
        await response.write_eof()
    except ConnectionError:
        return False
    return not _gone(request)
