"""How commands speak: rich tables for people, one JSON document with --json, one sentence on standard error when refused."""

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from aiokafka.errors import KafkaError
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.errors import CommandError

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
WIDEST_HEADER = 9

out = Console(markup=False, emoji=False)
"""What people wrote is printed as they wrote it: a name like `Ann [/sales]` is no markup. Our own words say `markup=True`."""
err = Console(stderr=True, markup=False, emoji=False)


def console_error(message: str) -> None:
    """One sentence on standard error."""
    err.print(Text.assemble(("tact:", "bold red"), " ", message), soft_wrap=True)


def say(message: str) -> None:
    """A line of progress on standard error, so that --json stays clean."""
    err.print(message, highlight=False, soft_wrap=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; servers that are away become one sentence."""
    try:
        return asyncio.run(work)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError) as error:
        raise CommandError(reason(error)) from error


def reason(error: BaseException) -> str:
    """What to do about a server that is away."""
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedFunctionError):
        return "The database has no schema of Tact yet. Run `tact migrate apply` first."
    if isinstance(error, KafkaError):
        return f"Kafka could not be reached: {error}. Is it running, and is TACT_KAFKA right?"
    if isinstance(error, FileNotFoundError):
        return f"There is no file {error.filename}."
    if isinstance(error, ConnectionError | asyncpg.PostgresConnectionError | asyncpg.InvalidCatalogNameError):
        return f"PostgreSQL could not be reached: {error}. Is the stack up (`tact up`), and is TACT_DATABASE_URL right?"
    return str(error) or type(error).__name__


def show(rows: Sequence[Mapping[str, Any]], *, title: str, as_json: bool, columns: Sequence[str] | None = None) -> None:
    """A table, or a JSON list."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        out.print(f"{title}: none")
        return
    names = list(columns or rows[0])
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=name == "id", min_width=min(len(name), WIDEST_HEADER))
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    out.print(table)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    out.file.write(json.dumps(value, indent=2, default=_plain, ensure_ascii=False) + "\n")


def _plain(value: object) -> object:
    """Moments are spelled as the API spells them."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("+00:00") + "Z" if value.utcoffset() == timedelta() else value.isoformat()
    return str(value)
