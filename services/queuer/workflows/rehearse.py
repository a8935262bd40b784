"""What would these events make the queuer do, if they came again now? Asked before a replay; nothing is done.

The answer comes from the very code that handles the events: it runs in a transaction that is rolled back, or only its
question is asked. A second copy of the rules would be right until one of them changes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.replay_outcome import describe_difference
from services.queuer.settings import PlanningSettings
from services.queuer.store.dispatch import stops
from services.queuer.store.dispatch.stops import StoppableSend
from services.queuer.store.replay_outcome import load_states
from services.queuer.workflows.planning.plan import Planner
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.mail_feedback import MailFeedback
from shared.contracts.prospects_left import ProspectLeft
from shared.contracts.rehearsals import About, Would
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.db.pool import Connection

BATCH: Final = 500
Answers = Mapping[UUID, Would]
"""The prospect, lead or account of an event -> what the event would do; an event that is done already has no entry."""


class QueuerRehearsal:
    """Keeps its answers: a topic has many events of one prospect."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._planner = Planner(pool, batch=BATCH, recipients_stay_fresh=PlanningSettings().recipients_stay_fresh)
        self._known: dict[tuple[str, UUID], Would | None] = {}

    async def plan_prospects(self, events: Sequence[Any]) -> list[Would | None]:
        """What planning the next steps of these prospects would change."""
        return await self._ask(events, _prospect, self._plans)

    async def plan_followers(self, events: Sequence[SendCompleted]) -> list[Would | None]:
        """The same for completed sends, of which a deferred one is followed by nothing."""
        return await self._ask(events, _followed, self._plans)

    async def stop_leads(self, events: Sequence[ReplyReceived]) -> list[Would | None]:
        """Which sends to leads that answered would be cancelled."""
        return await self._ask(events, lambda event: event.lead_id, self._stops_leads)

    async def stop_prospects(self, events: Sequence[ProspectLeft]) -> list[Would | None]:
        """Which sends to prospects that left would be cancelled."""
        return await self._ask(events, _prospect, self._stops_prospects)

    async def stop_addresses(self, events: Sequence[MailFeedback]) -> list[Would | None]:
        """Which sends to addresses that bounced would be cancelled: the address counts, not only the lead."""
        feedback = [(event.lead_id, event.address, event.feedback.value) for event in events]
        answers = await self._stops(lambda connection: stops.stoppable_mail(connection, feedback), by_lead=True)
        return [answers.get(event.lead_id) for event in events]

    async def wake_accounts(self, events: Sequence[AccountStatusChanged]) -> list[Would | None]:
        """Which accounts would be woken."""
        return await self._ask(events, lambda event: event.account_id, self._wakes)

    async def _ask(
        self, events: Sequence[Any], subject: Callable[[Any], UUID | None], ask: Callable[[Sequence[UUID]], Awaitable[Answers]]
    ) -> list[Would | None]:
        """Ask once for each subject of the events."""
        subjects = [subject(event) for event in events]
        fresh = sorted({one for one in subjects if one is not None and (ask.__name__, one) not in self._known})
        for start in range(0, len(fresh), BATCH):
            chunk = fresh[start : start + BATCH]
            answers = await ask(chunk)
            self._known.update({(ask.__name__, one): answers.get(one) for one in chunk})
        return [self._known[(ask.__name__, one)] if one is not None else None for one in subjects]

    async def _plans(self, ids: Sequence[UUID]) -> Answers:
        async def work(connection: Connection) -> Answers:
            before = await load_states(connection, ids)
            await self._planner.plan_within(connection, ids)
            after = await load_states(connection, ids)
            return {
                one: Would(About.PROSPECT, one, describe_difference(before[one], after[one])) for one in before if before[one] != after[one]
            }

        return await self._undone(work)

    async def _stops_leads(self, ids: Sequence[UUID]) -> Answers:
        return await self._stops(lambda connection: stops.stoppable_of_leads(connection, ids), by_lead=True)

    async def _stops_prospects(self, ids: Sequence[UUID]) -> Answers:
        return await self._stops(lambda connection: stops.stoppable_of_prospects(connection, ids), by_lead=False)

    async def _stops(self, find: Callable[[Connection], Awaitable[list[StoppableSend]]], *, by_lead: bool) -> Answers:
        async with self._pool.acquire() as connection:
            found = await find(connection)
        return {(send.lead_id if by_lead else send.prospect_id): Would(About.SEND, send.id, f"cancel it ({send.reason})") for send in found}

    async def _wakes(self, ids: Sequence[UUID]) -> Answers:
        async def work(connection: Connection) -> Answers:
            return {one: Would(About.ACCOUNT, one, "wake it") for one in await stops.lock_usable(connection, ids)}

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
