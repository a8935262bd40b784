"""An import that is answered while it runs: JSON lines with the progress, the refused rows and at last the result.

A caller with a large list sees the progress, no proxy on the way ends a silent connection, and neither side holds the
report in memory. The import runs in a task of its own: when the caller disconnects, the import goes on to its end, so
that a cut connection never leaves a list half imported.
"""

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from services.queuer.workflows.people.import_leads import ImportProgress, ImportResult
from shared.db.errors import AWAY
from shared.refusals import Refused

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/x-ndjson"
BLOCK: Final = 1 << 16
"""Bytes of refused rows that leave together: one write for each row costs more than reading the row."""

AGAIN: Final = "Import the same list again: rows that are stored already are recognised, and nothing is stored twice."

_under_way: Final[set[asyncio.Task[Any]]] = set()
"""The event loop keeps weak references only: without this set an import without a caller could be collected."""


class RunningImport:
    """One import under way, and the lines that say how it goes."""

    def __init__(
        self, import_list: Callable[[Callable[[ImportProgress], None]], Awaitable[ImportResult]], report: Path, files: AsyncExitStack
    ) -> None:
        """Start `import_list`; `files` holds the list and the report, and is closed when import and answer are over."""
        self._report = report
        self._files = files
        self._steps: asyncio.Queue[ImportProgress] = asyncio.Queue()
        self._first: ImportProgress | None = None

        async def run() -> ImportResult:
            return await import_list(self._steps.put_nowait)

        self._task = asyncio.create_task(run())
        _under_way.add(self._task)
        self._task.add_done_callback(_under_way.discard)

    async def started(self) -> None:
        """Wait until the first rows are stored, so that a list that is refused as a whole is an ordinary refusal.

        Raises:
            Refused: nothing was stored.
        """
        self._first = await self._next_step()
        if self._first is None:
            try:
                self._task.result()
            except BaseException:
                await self._files.aclose()
                raise

    async def lines(self) -> AsyncIterator[bytes]:
        """One line per chunk of stored rows, one per refused row, and the result or the error as the last line."""
        try:
            step = self._first
            while step is not None:
                yield _line("progress", {name: getattr(step, name) for name in ImportProgress.__slots__})
                step = await self._next_step()
            try:
                done = await asyncio.shield(self._task)
            except Exception as error:
                yield _line("failed", _failure(error))
                return
            for block in _refused_rows(self._report):
                yield block
            yield _line("done", result_fields(done))
        finally:
            if self._task.done():
                await self._files.aclose()
            else:
                closing = asyncio.create_task(self._close_at_the_end())
                _under_way.add(closing)
                closing.add_done_callback(_under_way.discard)

    async def _next_step(self) -> ImportProgress | None:
        """The next report of progress; None when the import has ended and every report was given."""
        while self._steps.empty():
            if self._task.done():
                return None
            step = asyncio.ensure_future(self._steps.get())
            try:
                await asyncio.wait([step, self._task], return_when=asyncio.FIRST_COMPLETED)
                if step.done():
                    return step.result()
            finally:
                step.cancel()
        return self._steps.get_nowait()

    async def _close_at_the_end(self) -> None:
        await asyncio.wait([self._task])
        await self._files.aclose()


def result_fields(done: ImportResult) -> dict[str, Any]:
    """What every kind of answer says of an import that ended."""
    return {
        "batch_id": done.batch_id,
        "rows_in": done.rows_in,
        "stored": done.stored,
        "known": done.known,
        "refused": done.refused,
        "enrolled": done.enrolled,
        "refused_approval": done.refused_approval,
        "file_format": done.file_format,
        "encoding": done.encoding,
    }


def _refused_rows(report: Path) -> Iterator[bytes]:
    block = bytearray()
    with report.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            block += _line("refused_row", {"line": int(row["line"]), "reason": row["reason"], "row": row["row"]})
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
    yield bytes(block)


def _line(line_type: str, fields: dict[str, Any]) -> bytes:
    return orjson.dumps({"line_type": line_type, **fields}, default=str) + b"\n"


def _failure(error: Exception) -> dict[str, Any]:
    """The error body of an import that ended after its answer had begun; what was stored before stays stored."""
    if isinstance(error, Refused):
        return {"code": error.code, "message": error.message}
    if isinstance(error, AWAY):
        return {"code": "unavailable", "message": f"The database went away during the import. {AGAIN}"}
    log.error("an import ended with an error", exc_info=error)
    return {"code": "internal", "message": f"The import ended with an error, which is in the queuer's log. {AGAIN}"}
