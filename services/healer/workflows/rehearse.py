"""What would these events make the healer do, if they came again now? Asked before a replay; nothing is done."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.healer.rules.repairs.finding_kinds import select_reported
from services.healer.store.repairs import findings
from services.healer.workflows.notices.notify import find_unannounced_accounts, find_unannounced_sends
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.rehearsals import About, Would
from shared.contracts.topics import ACCOUNTS_STATUS, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.notices.notice import Notice


class Rehearsal:
    """The answer comes from the code that handles the events, up to the point where it would write."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, topic: str, events: Sequence[Any]) -> list[Would | None]:
        """For each event what it would do now, None where that is done already; a topic the healer does not read does nothing."""
        if topic == INTEGRITY_EVENTS.name:
            return await self._finds(events)
        if topic == SENDS_COMPLETED.name:
            told = await find_unannounced_sends(self._pool, events)
            return _each(told, "send_id", [str(event.send_id) for event in events], About.SEND)
        if topic == ACCOUNTS_STATUS.name:
            told = await find_unannounced_accounts(self._pool, events)
            return _each(told, "account_id", [str(event.account_id) for event in events], About.ACCOUNT)
        return [None] * len(events)

    async def _finds(self, events: Sequence[IntegrityEvent]) -> list[Would | None]:
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                # The others wake a look at their row, which is made all the time anyway.
                new = await findings.record_new_findings(connection, select_reported(events))
            finally:
                await transaction.rollback()
        return [
            Would(About.ROW, f"{event.table_name} {event.row_id}", f"open a finding {event.kind}")
            if (event.kind, event.table_name, event.row_id) in new
            else None
            for event in events
        ]


def _each(told: Sequence[Notice], named_by: str, subjects: Sequence[str], about: About) -> list[Would | None]:
    notices = {str(notice.details[named_by]): notice for notice in told}
    return [Would(about, subject, f"write a notice: {notices[subject].subject}") if subject in notices else None for subject in subjects]
