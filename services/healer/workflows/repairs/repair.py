"""Find what is wrong and mend it: all the time what an index shows, at once what changed, every hour everything.

Events wake, rows decide: whatever woke it, a look reads the rows, writes down what it finds, and what mends itself is mended in the same
transaction. Two processes, a repeated event or a second look therefore do nothing twice.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from services.healer.metrics import FOUND
from services.healer.rules.repairs.finding_kinds import EXAMINED, IN_HAND, OF_PROSPECTS, UNIQUE_STEP, VIEW
from services.healer.store.repairs import detection as kinds
from services.healer.store.repairs import repairs, walk
from services.healer.store.repairs.detection import DetectedRow
from services.healer.workflows.maintenance.maintain import Maintenance
from shared.contracts.integrity_events import IntegrityEvent
from shared.db.pool import Connection
from shared.runtime.clock import StackClock

log = structlog.get_logger()

WAVE: Final = 1_000
"""Prospects mended in one transaction by a look: their accounts rest while it lasts, and it lasts a fraction of a second."""
PATIENCE: Final = timedelta(milliseconds=500)
"""Technical: how long an examination waits for a locked row; a row that stays locked is left to the next one."""
CHANGES: Final = 500
STEP: Final = 1_000
"""Prospects the hourly walk looks at in one transaction."""
CAMPAIGNS: Final = 50
MOST: Final = 5_000
"""Repairs of one look; more are left to the next."""
SETTLED: Final = timedelta(seconds=2)
"""Technical: what changed is left to those whose event is under way for as long."""
NIL_ID: Final = UUID(int=0)


class FindAndRepair:
    """The workflows of finding and mending; the leader's jobs, and what an event wakes."""

    def __init__(self, pool: asyncpg.Pool, clock: StackClock, mend: Maintenance, *, instance: str) -> None:
        self._pool = pool
        self._clock = clock
        self._mend = mend
        self._instance = instance
        self._lead = walk.HealerLeadership(pool)

    async def look(self) -> bool:
        """Mend what the partial indexes show; True when there may be more. A look that finds nothing costs three empty indexes."""
        if not await self._lead.take():
            return False
        return await self._mend_view("look")

    async def look_at_changes(self) -> bool:
        """Look at what changed; True when there may be more."""
        if not await self._lead.take():
            return False
        async with self._pool.acquire() as connection, connection.transaction():
            changed = await walk.take_changed_rows(connection, settled=SETTLED, most=CHANGES)
            if not changed:
                return False
            leads = [row for what, row in changed if what == "lead"]
            prospects = {row for what, row in changed if what == "prospect"} | set(await walk.fetch_prospects_of(connection, leads=leads))
            await self._examine(connection, sorted(prospects))
            await self._count(connection, sorted({row for what, row in changed if what == "campaign"}))
        self._mend.wake()
        return len(changed) == CHANGES

    async def look_in_hand(self) -> None:
        """Repair sends that no process will finish, and report guards that are switched off."""
        if not await self._lead.take():
            return
        async with self._pool.acquire() as connection, connection.transaction():
            found = [find for kind in IN_HAND for find in await kinds.detect_in_hand(connection, kind, most=MOST)]
            await self._heal(connection, found)
        async with self._pool.acquire() as connection, connection.transaction():
            guards = await kinds.detect_missing_guards(connection)
            await self._heal(connection, guards)
            await repairs.close_gone(connection, "guards_off", found=[(find.table_name, find.row_id) for find in guards])
            if any(find.row_id == UNIQUE_STEP for find in guards):
                twice = await kinds.find_prospects_with_duplicates(connection, most=STEP)
                await self._examine(connection, sorted(twice), only=["duplicate_sends"])
        self._mend.wake()

    async def reconcile(self, every: timedelta) -> bool:
        """One step of the walk over everything, which begins `every` (technical) after the last one did; True while it is under way."""
        if not await self._lead.take():
            return False
        async with self._pool.acquire() as connection, connection.transaction():
            run = await walk.open_run(connection, every=every)
            if run is None:
                return False
            walking, step = run.walking, STEP if run.walking == "prospects" else CAMPAIGNS
            ids = await walk.fetch_next_ids(connection, walking, run.cursor, most=step)
            found = await (self._examine if walking == "prospects" else self._count)(connection, ids)
            if len(ids) < step and walking == "campaigns":
                found += await self._heal(connection, await kinds.detect_in_totals(connection))
                await walk.end_run(connection, run.id)
            over = len(ids) < step
            await walk.store_progress(
                connection,
                run.id,
                walking="campaigns" if over else walking,
                cursor=NIL_ID if over else ids[-1],
                looked_at=len(ids),
                found=found,
            )
        self._mend.wake()
        return not (over and walking == "campaigns")

    async def of_events(self, events: Sequence[IntegrityEvent]) -> None:
        """Examine the rows that these events report as wrong."""
        about = [event for event in events if event.kind in EXAMINED]
        if any(event.kind in VIEW for event in about):
            while await self._mend_view("event"):
                pass
        if any(event.kind in IN_HAND or event.kind == "guards_off" for event in about):
            await self.look_in_hand()
        prospects = {_uuid(event.row_id) for event in about if event.kind in OF_PROSPECTS and event.table_name == "campaign_prospects"}
        sends = {_uuid(event.row_id) for event in about if event.kind in OF_PROSPECTS and event.table_name == "send_queue"}
        leads = {_uuid(event.row_id) for event in about if event.kind in OF_PROSPECTS and event.table_name == "leads"}
        campaigns = {_uuid(event.row_id) for event in about if event.kind == "counters_differ"}
        totals = any(event.kind == "total_differs" for event in about)
        if not (prospects or sends or leads or campaigns or totals):
            return
        async with self._pool.acquire() as connection, connection.transaction():
            prospects |= set(await walk.fetch_prospects_of(connection, leads=sorted(leads), sends=sorted(sends)))
            await self._examine(connection, sorted(prospects))
            await self._count(connection, sorted(campaigns))
            if totals:
                await repairs.lock_repairs(connection)
                await self._heal(connection, await kinds.detect_in_totals(connection))
        self._mend.wake()

    async def beat(self) -> None:
        """Say that this process is alive, and whether it leads."""
        await walk.store_heartbeat(self._pool, self._instance, leads=self._lead.held)

    async def stop(self) -> None:
        """Let another process lead."""
        await self._lead.give_up()

    async def _mend_view(self, called_by: str) -> bool:
        """First the prospects that are not locked, then those that were; True when there may be more."""
        more = False
        for patience in (timedelta(0), PATIENCE):
            anything, all_right_at = await walk.find_corruption(self._pool)
            self._mend.all_right_at = all_right_at or self._mend.all_right_at
            if not anything:
                break
            run = await self._mend.clean_up_once(actor=self._instance, called_by=called_by, most=WAVE, patience=patience)
            more = more or (run is not None and run.counts.chosen == WAVE and run.did_something)
        return more

    async def _examine(self, connection: Connection, prospects: Sequence[UUID], *, only: Sequence[str] = OF_PROSPECTS) -> int:
        """Look at everything these prospects' rows say; returns how many findings."""
        if not prospects:
            return 0
        await repairs.lock_repairs(connection)
        total = 0
        for kind in only:  # one after the other: what one repair changes the next one reads
            found = await kinds.detect_in_prospects(connection, kind, prospects, now=self._clock.now())
            total += await self._heal(connection, found)
            if kind not in {"duplicate_sends", "follow_up_after_reply"}:  # those name sends, not the prospects looked at
                await repairs.close_others(
                    connection, kinds=[kind], looked_at=[str(one) for one in prospects], found=[(kind, find.row_id) for find in found]
                )
        return total

    async def _count(self, connection: Connection, campaigns: Sequence[UUID]) -> int:
        if not campaigns:
            return 0
        await repairs.lock_repairs(connection)
        return await self._heal(connection, await kinds.detect_in_campaigns(connection, campaigns))

    async def _heal(self, connection: Connection, found: Sequence[DetectedRow]) -> int:
        """Write down what was found and mend what mends itself."""
        if not found:
            return 0
        for find in found:
            FOUND.labels(kind=find.kind).inc()
        waiting = await kinds.record_detected(connection, found)
        answers = await repairs.apply_repairs(connection, waiting[:MOST], actor=self._instance) if waiting else {}
        applied = sum(answer == "applied" for answer in answers.values())
        if answers:
            log.info("mended", kind=found[0].kind, found=len(found), mended=applied, others=sorted(set(answers.values()) - {"applied"}))
        return len(found)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return NIL_ID  # an event may hold any text as row id; no row has this id
