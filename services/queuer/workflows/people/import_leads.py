"""Import a list: read a chunk, store it, queue it for approval, count it, until the file ends.

Each chunk is stored in one transaction and queued in another, so a crash leaves whole sets of people, some perhaps not
queued yet; importing the file again queues and stores the rest and changes nothing else.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, cast
from uuid import UUID

import asyncpg

from services.queuer.rules.people.matching import Matched, match
from services.queuer.rules.people.reader import ListReader, Person, Refusal
from services.queuer.rules.people.report import ImportReport
from services.queuer.store.people import leads as store
from services.queuer.store.people.leads import ImportCampaign
from services.queuer.workflows.people.approve import approve as approve_rows
from shared.db.statements import business_now
from shared.refusals import Refused
from shared.vocabulary import CHANNEL_OF_CAMPAIGN_TYPE, CampaignStatus

CHUNK: Final = 5_000  # rows a transaction: fewer cost round trips, more hold the workspace's lock longer


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is; bytes rather than rows say how much is left, because the rows were not counted."""

    rows_in: int
    stored: int
    known: int
    refused: int
    bytes_read: int
    bytes_total: int


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import came to: `rows_in` = `stored` + `refused`; `known` of the stored ones were here already."""

    batch_id: UUID
    rows_in: int
    stored: int
    known: int
    refused: int
    report_path: Path
    file_format: str
    encoding: str
    enrolled: int = 0
    refused_approval: int = 0


async def import_file(
    pool: asyncpg.Pool,
    *,
    workspace_id: UUID,
    campaign_id: UUID,
    source: Path | BinaryIO,
    file_name: str | None = None,
    report_path: Path,
    progress: Callable[[ImportProgress], None] | None = None,
    approve: bool = False,
    actor: str,
    now: datetime | None = None,
    columns: Mapping[str, str] | None = None,
) -> ImportResult:
    """Store the people of a file in a workspace and queue them for approval in a campaign.

    `source` is a path or an open binary file (an upload). `approve` enrols each chunk as soon as it is stored, those
    rows of an earlier import that still wait included; `now` (business time) is then the moment of the decision, read
    from the stack's clock if not given. `columns` names columns by hand (field -> header).

    Raises:
        Refused: the file, the report's place or the campaign makes an import impossible; nothing was stored.
        asyncpg.PostgresError, OSError: the database or the file failed midway; import the file again.
    """
    campaign = await _load_campaign(pool, workspace_id, campaign_id)
    with _opened(source) as (stream, size):
        needs = CHANNEL_OF_CAMPAIGN_TYPE[campaign.campaign_type]
        reader = await asyncio.to_thread(ListReader, stream, needs=needs, columns=columns)
        name = file_name or (source.name if isinstance(source, Path) else "upload.csv")
        with ImportReport(report_path) as report:
            batch_id = await store.open_batch(pool, workspace_id, campaign_id, file_name=name, file_format=reader.layout.file_format)
            work = _Import(pool, workspace_id, campaign_id, batch_id, actor, approve, now)

            def told(position: int) -> None:
                if progress:
                    progress(ImportProgress(work.stored + work.refused, work.stored, work.known, work.refused, position, size))

            await _run(work, reader, report, told)
        await store.close_batch(pool, batch_id)
    return ImportResult(
        batch_id,
        work.stored + work.refused,
        work.stored,
        work.known,
        work.refused,
        report_path,
        reader.layout.file_format,
        reader.encoding,
        work.enrolled,
        work.refused_approval,
    )


async def _load_campaign(pool: asyncpg.Pool, workspace_id: UUID, campaign_id: UUID) -> ImportCampaign:
    campaign = await store.load_campaign(pool, workspace_id, campaign_id)
    if campaign is None:
        raise Refused(f"There is no campaign {campaign_id} in this workspace. `tact campaign list` shows those there are.")
    if campaign.status in {CampaignStatus.COMPLETED, CampaignStatus.CANCELLED} and not campaign.completed_by_itself:
        raise Refused(f"The campaign '{campaign.campaign_name}' is {campaign.status}; import into another one.")
    return campaign


@dataclass(slots=True)
class _Import:
    """One import under way: where to, and what it came to so far."""

    pool: asyncpg.Pool
    workspace_id: UUID
    campaign_id: UUID
    batch_id: UUID
    actor: str
    approve: bool
    now: datetime | None
    stored: int = 0
    known: int = 0
    refused: int = 0
    enrolled: int = 0
    refused_approval: int = 0

    async def store(self, people: Sequence[Person]) -> Matched:
        """Store the people of one chunk, in four statements however many they are; every lead of the outcome then has its id."""
        async with self.pool.acquire() as connection, connection.transaction():
            await store.lock_people(connection, self.workspace_id)
            outcome = match(people, await store.load_known_leads(connection, people, self.workspace_id))
            if outcome.added:
                await store.add_leads(connection, outcome.added, self.workspace_id)
            if outcome.filled:
                await store.fill_leads(connection, outcome.filled)
            return outcome

    async def queue(self, people: Sequence[Person], outcome: Matched, refused: int) -> None:
        """Queue one chunk for approval, count it, and approve it where that was asked for."""
        lead_ids = [lead.id for lead in outcome.leads if lead.id is not None]
        async with self.pool.acquire() as connection, connection.transaction():
            lines = [person.line for person in people]
            await store.queue_for_approval(
                connection, lead_ids, lines, workspace_id=self.workspace_id, campaign_id=self.campaign_id, batch_id=self.batch_id
            )
            await store.count_batch(connection, self.batch_id, stored=len(people), known=outcome.known, refused=refused)
        self.stored += len(people)
        self.known += outcome.known
        self.refused += refused
        if self.approve:
            await self._approve(lead_ids)

    async def _approve(self, lead_ids: list[UUID]) -> None:
        waiting = await store.load_waiting(self.pool, self.campaign_id, lead_ids)
        moment: datetime = self.now or await business_now(self.pool)
        result = await approve_rows(self.pool, campaign_id=self.campaign_id, ids=waiting, actor=self.actor, now=moment)
        self.enrolled += result.enrolled
        self.refused_approval += len(result.refused)


async def _run(work: _Import, reader: ListReader, report: ImportReport, told: Callable[[int], None]) -> None:
    """Store chunk after chunk; each is queued for approval while the next is being stored, which takes a second connection.

    One after the other cost a third of the speed. The queue of a chunk never overtakes that of the chunk before.
    """

    async def queue(people: Sequence[Person], outcome: Matched, refused: int, position: int) -> None:
        await work.queue(people, outcome, refused)
        told(position)

    queued: asyncio.Task[None] | None = None
    try:
        async for rows, position in _chunks(reader):
            people = [row for row in rows if isinstance(row, Person)]
            for row in rows:
                if isinstance(row, Refusal):
                    report.add(row)
            report.flush()
            outcome = await work.store(people)
            if queued:
                await queued
            queued = asyncio.create_task(queue(people, outcome, len(rows) - len(people), position))
        if queued:
            await queued
    finally:
        if queued:
            await asyncio.gather(queued, return_exceptions=True)


async def _chunks(reader: ListReader) -> AsyncIterator[tuple[list[Person | Refusal], int]]:
    """Chunks of rows with the position behind each; the next is read in a thread while the last is being stored."""
    rows = iter(reader)

    def read() -> tuple[list[Person | Refusal], int]:
        return list(islice(rows, CHUNK)), reader.position()

    following = asyncio.create_task(asyncio.to_thread(read))
    try:
        while (chunk := await following)[0]:
            following = asyncio.create_task(asyncio.to_thread(read))
            yield chunk
    finally:
        await asyncio.gather(following, return_exceptions=True)  # the file is closed after this: no task may still read it


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[tuple[BinaryIO, int]]:
    """The source as a seekable file with its size; an upload that only flows is kept on disk meanwhile."""
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                yield stream, source.stat().st_size
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            raise Refused(f"The file {source} cannot be read: {error.strerror}. Check the path.") from error
    elif source.seekable():
        yield source, source.seek(0, 2)
    else:
        with tempfile.TemporaryFile() as kept:
            shutil.copyfileobj(source, kept)
            yield cast(BinaryIO, kept), kept.tell()
