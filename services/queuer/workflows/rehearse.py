"""What would these events make the queuer do, if they came again now? Asked before a replay; nothing is done.

The answer comes from the very code that handles the events: it runs in a transaction that is rolled back, or only its
question is asked. A second copy of the rules would be right until one of them changes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.replay_outcome import difference
from services.queuer.settings import QueuerSettings
from services.queuer.store import replay_outcome as rehearsals
from services.queuer.store.dispatch import stops
from services.queuer.workflows.planning.plan import Planner
from shared.contracts.rehearsals import About, Would
from shared.contracts.sends_completed import SendOutcome
from shared.contracts.topics import (
    ACCOUNTS_STATUS,
    CONNECTIONS_ACCEPTED,
    MAIL_FEEDBACK,
    PROSPECTS_LEFT,
    PROSPECTS_READY,
    REPLIES_RECEIVED,
    SENDS_COMPLETED,
)
from shared.db.pool import Connection

BATCH: Final = 500
Answers = Mapping[UUID, Would]
"""Who or what an event is about -> what it would do; what is not in it is done already."""


class Rehearsal:
    """Remembers what it has answered: a topic tells of one prospect again and again."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        fresh_for = QueuerSettings.model_fields["recipients_stay_fresh"].default
        self._planner = Planner(pool, batch=BATCH, recipients_stay_fresh=fresh_for)
        self._known: dict[tuple[str, UUID], Would | None] = {}

    async def of(self, topic: str, events: Sequence[Any]) -> list[Would | None]:
        """For each event what it would do now, None where that is done already."""
        if topic == MAIL_FEEDBACK.name:  # the address counts, not only the lead
            return await self._mail(events)
        subject, ask = self._asked(topic)
        subjects = [subject(event) for event in events]
        fresh = sorted({one for one in subjects if one is not None and (topic, one) not in self._known})
        for start in range(0, len(fresh), BATCH):
            chunk = fresh[start : start + BATCH]
            answers = await ask(chunk)
            self._known.update({(topic, one): answers.get(one) for one in chunk})
        return [self._known[(topic, one)] if one is not None else None for one in subjects]

    def _asked(self, topic: str) -> tuple[Callable[[Any], UUID | None], Callable[[Sequence[UUID]], Awaitable[Answers]]]:
        """Whom an event of the topic is about, and what is asked of them; the same as handlers.py does."""
        return {
            PROSPECTS_READY.name: (_prospect, self._plans),
            CONNECTIONS_ACCEPTED.name: (_prospect, self._plans),
            SENDS_COMPLETED.name: (_followed, self._plans),
            REPLIES_RECEIVED.name: (lambda event: event.lead_id, self._stops_leads),
            PROSPECTS_LEFT.name: (_prospect, self._stops_prospects),
            ACCOUNTS_STATUS.name: (lambda event: event.account_id, self._wakes),
        }[topic]

    async def _plans(self, ids: Sequence[UUID]) -> Answers:
        async def work(connection: Connection) -> Answers:
            before = await rehearsals.standings(connection, ids)
            await self._planner.plan_within(connection, ids)
            after = await rehearsals.standings(connection, ids)
            deeds = {one: difference(before[one], after[one]) for one in before if before[one] != after[one]}
            return {one: Would(About.PROSPECT, one, deed) for one, deed in deeds.items()}

        return await self._undone(work)

    async def _stops_leads(self, ids: Sequence[UUID]) -> Answers:
        return await self._stops(lambda connection: stops.of_leads(connection, ids), by_lead=True)

    async def _stops_prospects(self, ids: Sequence[UUID]) -> Answers:
        return await self._stops(lambda connection: stops.of_prospects(connection, ids), by_lead=False)

    async def _mail(self, events: Sequence[Any]) -> list[Would | None]:
        feedback = [(event.lead_id, event.address, event.feedback.value) for event in events]
        answers = await self._stops(lambda connection: stops.of_mail(connection, feedback), by_lead=True)
        return [answers.get(event.lead_id) for event in events]

    async def _stops(self, find: Callable[[Connection], Awaitable[list[stops.Stoppable]]], *, by_lead: bool) -> Answers:
        async with self._pool.acquire() as connection:
            reasons = {send_id: reason for send_id, _, reason in await find(connection)}
            whose = await stops.whose_sends(connection, list(reasons)) if reasons else []
        return {
            (lead_id if by_lead else prospect_id): Would(About.SEND, send_id, f"cancel it ({reasons[send_id]})")
            for send_id, lead_id, prospect_id in whose
        }

    async def _wakes(self, ids: Sequence[UUID]) -> Answers:
        async def work(connection: Connection) -> Answers:
            return {one: Would(About.ACCOUNT, one, "wake it") for one in await stops.to_wake(connection, ids)}

        return await self._undone(work)

    async def _undone(self, work: Callable[[Connection], Awaitable[Answers]]) -> Answers:
        """Run it in a transaction that leaves nothing behind."""
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await work(connection)
            finally:
                await transaction.rollback()


def _prospect(event: Any) -> UUID:
    prospect_id: UUID = event.prospect_id
    return prospect_id


def _followed(event: Any) -> UUID | None:
    """A deferred send goes on by itself."""
    return None if event.outcome is SendOutcome.DEFERRED else _prospect(event)
