"""How commands print: rich tables for people, one JSON or YAML document for programs, one sentence on standard error when refused.

rich is imported when the first table or sentence is printed: `--json` and `-o yaml` do without it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

WIDEST_HEADER: Final = 9
ACTOR: Final = "command line"
"""The actor in the audit log where a command works on the database itself."""


class OutputFormat(StrEnum):
    """How a command prints its result."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(slots=True)
class Printing:
    """What the options of this call say; `print_options` resets it at the start of every command."""

    format: OutputFormat = OutputFormat.TABLE
    utc: bool = False


printing: Final = Printing()


def choose_format(chosen: OutputFormat) -> OutputFormat:
    """Remember what `-o` says; typer calls it before every other option of the command."""
    printing.format = chosen
    return chosen


def choose_zone(utc: bool) -> bool:
    """Remember what `--utc` says."""
    printing.utc = utc
    return utc


def _as_document(given: bool) -> bool:
    if given and printing.format is OutputFormat.TABLE:
        printing.format = OutputFormat.JSON
    return printing.format is not OutputFormat.TABLE


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, as -o json.", callback=_as_document)]
Output = Annotated[OutputFormat, typer.Option("--output", "-o", help="How to print it.", callback=choose_format, is_eager=True)]
Utc = Annotated[bool, typer.Option("--utc", help="Times in UTC; otherwise in the terminal's zone.", callback=choose_zone, is_eager=True)]


class LazyConsole:
    """A rich console that is made at its first use."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr
        self._made: Console | None = None

    @property
    def made(self) -> "Console":
        """The console. What people wrote is printed as they wrote it: a name like `Ann [/sales]` is no markup; our own words ask for it."""
        if self._made is None:
            from rich.console import Console

            self._made = Console(stderr=self._stderr, markup=False, emoji=False)
        return self._made

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


out: Final = LazyConsole(stderr=False)
err: Final = LazyConsole(stderr=True)


def console_error(message: str) -> None:
    """One sentence on standard error."""
    from rich.text import Text

    err.print(Text.assemble(("tact:", "bold red"), " ", message), soft_wrap=True)


def say(message: str) -> None:
    """A line of progress on standard error, so that --json stays clean."""
    err.print(message, highlight=False, soft_wrap=True)


def show(rows: Sequence[Mapping[str, Any]], *, title: str, as_json: bool, columns: Sequence[str] | None = None) -> None:
    """A table, or a list as JSON or YAML."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        out.print(f"{title}: none")
        return
    from rich.table import Table

    names = list(columns or rows[0])
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=name == "id", min_width=min(len(name), WIDEST_HEADER))
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    out.print(table)


def print_added(kind: str, name: str, record: Mapping[str, Any], *, created: bool, as_json: bool) -> None:
    """Say that a record was added, or that the same one is there already."""
    if as_json:
        print_json({**record, "created": created})
        return
    out.print(f"{kind} {name} {'added' if created else 'is there already'}: {record['id']}", highlight=False)


def print_facts(facts: Mapping[str, object]) -> None:
    """One line for each fact, with the names in a column."""
    for name, fact in facts.items():
        out.print(f"{name:<9} {fact}", highlight=False, markup=False)


def person_name(row: Mapping[str, Any]) -> str:
    """The first and last name in a row of the API."""
    return f"{row['first_name']} {row['last_name']}".strip() or "a person without a name"


def print_json(value: object) -> None:
    """One document on standard output: YAML where `-o yaml` asks for it, else JSON."""
    text = json.dumps(value, indent=2, default=_spell, ensure_ascii=False) + "\n"
    if printing.format is OutputFormat.YAML:
        from cli.yaml import to_yaml

        text = to_yaml(json.loads(text))
    sys.stdout.write(text)


def _spell(value: object) -> object:
    """Moments are spelled as the API spells them, and pydantic models dump themselves."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("+00:00") + "Z" if value.utcoffset() == timedelta() else value.isoformat()
    return str(value)


def in_zone(at: datetime) -> datetime:
    """The moment in the terminal's zone, or in UTC with `--utc`."""
    return at.astimezone(UTC) if printing.utc else at.astimezone()


def parse_time(text: str | datetime | None) -> datetime | None:
    """A moment of the API's answers."""
    return datetime.fromisoformat(text) if isinstance(text, str) else text


def format_time(value: str | datetime | None, pattern: str = "%a %d %b %H:%M", *, zone: bool = False) -> str:
    """A moment as a person reads it, in the terminal's zone; `zone` adds the zone's name. Empty for None."""
    at = parse_time(value)
    return "" if at is None else in_zone(at).strftime(pattern + (" %Z" if zone else ""))


def zone_name() -> str:
    """The name of the zone in which times are printed."""
    return in_zone(datetime.now(UTC)).strftime("%Z")
