"""Telling the registered listeners, late, twice, out of order or not at all, as the levers say."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

import aiohttp
import orjson

from simulator.unipile.log import Log
from simulator.unipile.payloads import account_status, message_received, new_relation
from simulator.unipile.world.accounts import SimulatedAccount
from simulator.unipile.world.behaviour import Delivery, Span
from simulator.unipile.world.clock import SimulatedClock
from simulator.unipile.world.events import WorldEvent
from simulator.unipile.world.world import World

RETRY_AFTER_S: Final = (10, 60, 300, 1200, 3600)  # "up to 5 retries, increasing"; the values are a guess [?]
SHORTEST_RETRY_S: Final = 0.05
ANSWER_WITHIN_S: Final = 30
OPEN_AT_ONCE: Final = 64
DEFAULT_EVENTS: Final = {"messaging": ("message_received",), "users": ("new_relation",), "account_status": ()}


@dataclass(frozen=True, slots=True)
class Webhook:
    """One registration."""

    id: str
    request_url: str
    source: str
    name: str | None
    format: str
    headers: tuple[tuple[str, str], ...]
    account_ids: tuple[str, ...]
    events: tuple[str, ...]
    enabled: bool

    def wants(self, source: str, event: str | None, account: SimulatedAccount) -> bool:
        """Whether an event goes there; no account ids means all, also future ones."""
        fits = self.source == source and (event is None or event in self.events)
        return fits and self.enabled and (not self.account_ids or account.id in self.account_ids)


Payload = Callable[[str | None], dict[str, object]]
"""The body for a webhook's name."""


class WebhookDelivery:
    """Registrations and deliveries. An event waits for its business moment in the world's agenda, retries in real time."""

    def __init__(self, *, world: World, clock: SimulatedClock, log: Log, seed: int) -> None:
        self._world, self._clock, self._log = world, clock, log
        self.registered: dict[str, Webhook] = {}
        self._random = Random(seed)
        self._session: aiohttp.ClientSession | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(OPEN_AT_ONCE)
        self._missed: dict[str, list[WorldEvent]] = {}

    def tell(self, event: WorldEvent) -> None:
        """Plan the deliveries of one fact; what an account missed while disconnected follows when it is back."""
        delivery = self._world.behaviour.delivery
        if event.kind == "account_status":
            self._plan("account_status", None, event, delivery.account_delay, lambda _: account_status(event))
            if event.account.connected:
                for missed in self._missed.pop(event.account.id, []):
                    self.tell(missed)
        elif event.kind in ("accepted", "accepted_received", "replied", "wrote", "wrote_by_hand"):
            if not event.account.connected:
                self._missed.setdefault(event.account.id, []).append(event)
            elif event.message is not None:
                self._plan("messaging", "message_received", event, delivery.message_delay, lambda name: message_received(event, name))
            else:
                self._plan("users", "new_relation", event, delivery.relation_delay, lambda name: new_relation(event, name))

    async def close(self) -> None:
        """Give up what is on its way."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _plan(self, source: str, name: str | None, event: WorldEvent, delay: Span, payload: Payload) -> None:
        listeners = [hook for hook in self.registered.values() if hook.wants(source, name, event.account)]
        if not listeners:
            return
        delivery = self._world.behaviour.delivery
        wait_h = delay.hours(self._random.random()) + (delivery.reorder_h if self._strikes(delivery.reorder_percent) else 0)
        moment = max(event.at, self._world.agenda.now) + timedelta(hours=wait_h)
        for hook in listeners:
            self._world.agenda.put(moment, lambda at, hook=hook: self._send(hook, event, payload(hook.name), at, delivery))  # type: ignore[misc]

    def _send(self, hook: Webhook, event: WorldEvent, body: dict[str, object], at: datetime, delivery: Delivery) -> None:
        if hook.id not in self.registered:
            return  # deleted in between
        if self._strikes(delivery.lose_percent):
            self._note(hook, event, at, "lost", attempt=0, status=None)
            return
        for copy in range(2 if self._strikes(delivery.duplicate_percent) else 1):
            task = asyncio.create_task(self._deliver(hook, event, orjson.dumps(body), at, "duplicate" if copy else "delivered"))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _deliver(self, hook: Webhook, event: WorldEvent, body: bytes, at: datetime, word: str) -> None:
        for attempt, wait in enumerate((*RETRY_AFTER_S, None), start=1):
            async with self._slots:
                status = await self._post(hook, body)
            if status == 200:  # noqa: PLR2004 -- nothing but 200 counts as taken
                self._note(hook, event, at, word, attempt=attempt, status=status)
                return
            self._note(hook, event, at, "refused" if wait is not None else "given_up", attempt=attempt, status=status)
            if wait is not None:
                await asyncio.sleep(max(SHORTEST_RETRY_S, wait / self._clock.speed))

    async def _post(self, hook: Webhook, body: bytes) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        # The real ones say form-urlencoded over a JSON body unless the registration's own headers say otherwise.
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "axios/1.7.7"}
        headers = {name: value for name, value in headers.items() if name.lower() not in {key.lower() for key, _ in hook.headers}}
        try:
            async with self._session.post(hook.request_url, data=body, headers=headers | dict(hook.headers)) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    def _strikes(self, percent: float) -> bool:
        return percent > 0 and self._random.random() * 100 < percent

    def _note(self, hook: Webhook, event: WorldEvent, at: datetime, outcome: str, *, attempt: int, status: int | None) -> None:
        self._log.fact(
            "webhook",
            at,
            event.account.id,
            person=event.person.provider_id if event.person else None,
            webhook_id=hook.id,
            url=hook.request_url,
            about=event.kind,
            about_id=event.id,
            outcome=outcome,
            attempt=attempt,
            status=status,
        )
