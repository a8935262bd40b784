"""tact import: streams a list to the API, shows how far the import is, and writes the report of refused rows.

Neither the list nor the report is ever held in memory as a whole: the list leaves in blocks, and the answer is read line
by line (services/queuer/http/people/import_lines.py) while the rows are being stored.
"""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO, Final, Self
from uuid import UUID

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cli.client import Api, connect, parse_answer
from cli.console import AsJson, err, out, print_json
from cli.context import build_folder
from cli.errors import CommandError, Unreachable
from cli.resolve import Campaign, find_campaign

BLOCK: Final = 1 << 18
"""Bytes of the list that leave at once."""
SILENCE_SECONDS: Final = 300.0
"""How long the server may store rows without a word: a chunk of 5,000 rows may wait for another import of the same workspace."""
AGAIN: Final = "Run the same command again: rows that are stored already are recognised, and nothing is stored twice."


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import came to: `rows_in` = `stored` + `refused`; `known` of the stored ones were in the workspace before."""

    batch_id: UUID
    rows_in: int
    stored: int
    known: int
    refused: int
    report_path: Path
    file_format: str
    encoding: str
    enrolled: int
    refused_approval: int


def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV: LinkedIn's Connections export, a Sales Navigator list, or any with headers.")],
    campaign: Campaign,
    approve: Annotated[bool, typer.Option("--approve", help="Let every row become a prospect at once.")] = False,
    column: Annotated[list[str] | None, typer.Option(help="Name a column by hand: linkedin_url='Profil-Adresse'.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where refused rows are written.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import people into a campaign. Rows wait for approval unless --approve is given."""
    columns = _checked_columns(column or [])
    place = report or build_folder("imports") / f"{file.stem}.refused.csv"
    with connect() as api, _opened(file) as (stream, size), RefusalReport(place) as refusals:
        campaign_id = find_campaign(api, campaign)
        query: dict[str, Any] = {"answer": "lines", "file_name": file.name[:200], "approved": str(approve).lower(), "column": columns}
        result = stream_list(api, f"/api/campaigns/{campaign_id}/import", stream, size, query, refusals)
    if as_json:
        print_json(asdict(result))
        return
    known = f"{result.known} of them known already"
    out.print(f"{result.rows_in} rows in: {result.stored} stored ({known}), {result.refused} refused.", highlight=False)
    if result.refused:
        out.print(f"Why each was refused stands in {result.report_path}", highlight=False)
    if approve:
        out.print(f"{result.enrolled} became prospects, {result.refused_approval} could not.", highlight=False)
    else:
        out.print(f"They wait for approval: tact approve --campaign '{campaign}'", highlight=False)


class RefusalReport:
    """The CSV of refused rows, opened before the first byte is sent: an unwritable place stops the import, not its report.

    UTF-8 with a byte order mark, because spreadsheets guess wrongly without one.
    """

    HEADER: Final = ("line", "reason", "row")

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
        except OSError as error:
            raise CommandError(f"The report of refused rows cannot be written to {path}: {error.strerror}. Name another place.") from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(self.HEADER)

    def add(self, row: dict[str, Any]) -> None:
        """Write one refused row."""
        self._writer.writerow([row[name] for name in self.HEADER])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


def stream_list(api: Api, path: str, stream: BinaryIO, size: int, query: dict[str, Any], refusals: RefusalReport) -> ImportSummary:
    """Send the list and follow the import to its end.

    Raises:
        CommandError: the list or the campaign was refused; nothing was stored.
        Unreachable: the connection broke; the message says what is stored and that the same command goes on.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    stored: int | None = None
    with Progress(*columns, console=err.made, transient=True) as bar:
        task = bar.add_task("sending", total=size)
        headers = {"content-type": "text/csv", "content-length": str(size)}
        try:
            with api.stream(
                "POST", path, content=_blocks(stream, size, bar, task), headers=headers, query=query, seconds=SILENCE_SECONDS
            ) as answer:
                if not answer.is_success:
                    answer.read()
                    parse_answer(answer, api.url)
                bar.reset(task, description="importing", total=size)
                for line in answer.iter_lines():
                    fields = _read_line(line, api.url)
                    match fields.pop("line_type"):
                        case "progress":
                            stored = fields["stored"]
                            bar.update(task, completed=fields["bytes_read"], total=fields["bytes_total"])
                        case "refused_row":
                            refusals.add(fields)
                        case "failed":
                            raise CommandError(fields["message"], code=fields["code"])
                        case "done":
                            return ImportSummary(report_path=refusals.path, **fields | {"batch_id": UUID(fields["batch_id"])})
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(_cut(api.url, reason, stored)) from None
    raise Unreachable(_cut(api.url, "the answer ended too early", stored))


def _blocks(stream: BinaryIO, size: int, bar: Progress, task: TaskID) -> Iterator[bytes]:
    """Exactly `size` bytes: a list that grows while it is sent would break the declared length."""
    left = size
    while left and (block := stream.read(min(BLOCK, left))):
        left -= len(block)
        yield block
        bar.update(task, completed=size - left)
    if left:
        raise CommandError(
            "The file became shorter while it was sent; nothing was stored. Run the command again when the file is complete."
        )


def _read_line(line: str, url: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
        fields["line_type"]
    except (ValueError, KeyError, TypeError):
        raise Unreachable(_cut(url, "the answer is no answer of Tact", None)) from None
    read: dict[str, Any] = fields
    return read


def _cut(url: str, reason: str, stored: int | None) -> str:
    if stored is None:
        return f"The connection to {url} broke before the server confirmed any stored row ({reason}). {AGAIN}"
    return (
        f"The connection to {url} broke during the import ({reason}). {stored} rows were stored by then, and the server goes on with the "
        f"rest unless it stopped itself. {AGAIN}"
    )


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BinaryIO, int]]:
    if file.exists() and not file.is_file() and not file.is_dir():
        raise CommandError(
            f"{file} is not a regular file; save the list to a file first, because its size must be known before it is sent."
        )
    try:
        stream = file.open("rb")
    except OSError as error:
        raise CommandError(f"The file {file} cannot be read: {error.strerror}. Check the path.") from error
    with stream:
        yield stream, file.stat().st_size


def _checked_columns(given: list[str]) -> list[str]:
    wrong = [each for each in given if not all(each.partition("="))]
    if wrong:
        raise CommandError(f"--column wants field=Header, as in --column linkedin_url='Profil-Adresse', not '{wrong[0]}'.")
    return given
