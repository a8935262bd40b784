"""A dry run of the healer's handlers: what would these events do if they were delivered again now? It changes nothing."""

from collections.abc import Sequence

import asyncpg

from services.healer.rules.repairs.finding_kinds import select_reported
from services.healer.store.repairs import findings
from services.healer.workflows.notices.notify import find_unannounced_accounts, find_unannounced_sends
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.rehearsals import About, Would
from shared.contracts.sends_completed import SendCompleted
from shared.notices.notice import Notice


class HealerRehearsal:
    """The answer comes from the code that handles the events, up to the point where it would write."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def write_send_notices(self, events: Sequence[SendCompleted]) -> list[Would | None]:
        """Which failed sends would get a notice."""
        unannounced = await find_unannounced_sends(self._pool, events)
        return _name_notices(unannounced, "send_id", [str(event.send_id) for event in events], About.SEND)

    async def write_account_notices(self, events: Sequence[AccountStatusChanged]) -> list[Would | None]:
        """Which lost accounts would get a notice."""
        unannounced = await find_unannounced_accounts(self._pool, events)
        return _name_notices(unannounced, "account_id", [str(event.account_id) for event in events], About.ACCOUNT)

    async def open_findings(self, events: Sequence[IntegrityEvent]) -> list[Would | None]:
        """Which findings would be opened."""
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                # Events of the other kinds only wake an examination of their row, which the jobs make anyway.
                new = await findings.record_new_findings(connection, select_reported(events))
            finally:
                await transaction.rollback()
        return [
            Would(About.ROW, f"{event.table_name} {event.row_id}", f"open a finding {event.kind}")
            if (event.kind, event.table_name, event.row_id) in new
            else None
            for event in events
        ]


def _name_notices(unannounced: Sequence[Notice], named_by: str, subjects: Sequence[str], about: About) -> list[Would | None]:
    notices = {str(notice.details[named_by]): notice for notice in unannounced}
    return [Would(about, subject, f"write a notice: {notices[subject].subject}") if subject in notices else None for subject in subjects]
