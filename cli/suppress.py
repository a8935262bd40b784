"""tact suppress: the do-not-contact lists, by person, e-mail, company or domain; of one workspace or everywhere."""

import csv
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from cli.client import Api, connect
from cli.completion import complete_workspace
from cli.console import AsJson, out, print_json, show
from cli.errors import CommandError
from cli.listing import DEFAULT_LIMIT, Everything, Limit, read_pages
from cli.resolve import find_workspace
from shared.vocabulary import SuppressionKind

PATH: Final = "/api/suppressions"
MOST_AT_ONCE: Final = 10_000
"""Entries of one call, as the API takes them."""
DEFAULT_REASON: Final = "put on the list by hand"
COLUMNS = ["id", "kind", "value", "reason", "workspace_id", "added_by"]

app = typer.Typer(help="Do-not-contact lists.", no_args_is_help=True)
Workspace = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Its id or its company's name.", autocompletion=complete_workspace)
]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="For every workspace.")]


@app.command("add")
def add_entries(
    values: Annotated[list[str] | None, typer.Argument(help="LinkedIn addresses or ids, e-mail addresses, companies, domains.")] = None,
    kind: Annotated[SuppressionKind | None, typer.Option(help="What the values are.")] = None,
    workspace: Workspace = None,
    everywhere: Everywhere = False,
    reason: Annotated[str, typer.Option(help="Why.")] = DEFAULT_REASON,
    opted_out: Annotated[bool, typer.Option("--opted-out", help="They asked for it: marked for good, and every campaign ends.")] = False,
    file: Annotated[Path | None, typer.Option(help="A CSV with the columns kind, value and, if you like, reason.")] = None,
    as_json: AsJson = False,
) -> None:
    """Never contact these. What is planned for them is cancelled at once; adding the same again changes nothing."""
    if values and kind is None:
        raise CommandError(f"Say what they are: --kind {', --kind '.join(SuppressionKind)}.")
    entries: list[dict[str, Any]] = [{"kind": kind, "value": value, "reason": reason} for value in values or []]
    lines = [0] * len(entries)
    if file:
        for line, entry in _read_file(file, kind, reason):
            entries.append(entry)
            lines.append(line)
    if not entries:
        raise CommandError("Name a person, an address, a company or a domain, or give --file with a list.")
    entries = [entry | {"opted_out": opted_out} for entry in entries]
    starts = range(0, len(entries), MOST_AT_ONCE)
    with connect() as api:
        whose = _list_of(api, workspace, everywhere=everywhere)
        for dry_run in (True, None) if len(starts) > 1 else (None,):  # all parts are checked before the first one is added
            done = [_add_part(api, whose, entries, start, lines, file, dry_run=dry_run) for start in starts]
    total = {
        "added": sum(len(each["entries"]) for each in done),
        "known": sum(each["known"] for each in done),
        "cancelled": sum(each["cancelled"] for each in done),
    }
    if as_json:
        print_json(total)
        return
    out.print(f"{total['added']} added, {total['known']} known already, {total['cancelled']} planned sends cancelled.", highlight=False)


@app.command("list")
def list_entries(
    workspace: Workspace = None,
    everywhere: Everywhere = False,
    kind: SuppressionKind | None = None,
    limit: Limit = DEFAULT_LIMIT,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """The entries: of one workspace, those for every workspace, or all."""
    if workspace is not None and everywhere:
        raise CommandError("Give either --workspace or --everywhere.")
    with connect() as api:
        query: dict[str, Any] = {"everywhere": True if everywhere else None, "kind": kind and kind.value}
        if workspace is not None:
            query["workspace_id"] = find_workspace(api, workspace)
        rows = read_pages(api, PATH, "entries", limit=limit, everything=everything, **query)
    show(rows, title="do not contact", as_json=as_json, columns=COLUMNS)


@app.command("remove")
def remove_entry(
    entry: Annotated[str, typer.Argument(help="Its id, or the value with --kind and its list.")],
    kind: SuppressionKind | None = None,
    workspace: Workspace = None,
    everywhere: Everywhere = False,
) -> None:
    """Take an entry back. What was cancelled stays so until a person reopens it."""
    with connect() as api:
        if kind is None:
            entry_id = _parse_id(entry)
        else:
            whose = _list_of(api, workspace, everywhere=everywhere)
            found = api.get(PATH, kind=kind.value, value=entry, limit=1, **whose)["entries"]
            if not found:
                raise CommandError(
                    f"There is no do-not-contact entry for the {kind} '{entry}'; `tact suppress list` shows those there are."
                )
            entry_id = found[0]["id"]
        gone = api.delete(f"{PATH}/{entry_id}")["entry"]
    out.print(f"{gone['kind']} {gone['value']} may be contacted again.", highlight=False)


def _list_of(api: Api, workspace: str | None, *, everywhere: bool) -> dict[str, Any]:
    if (workspace is None) != everywhere:
        raise CommandError("Name one list: --workspace NAME, or --everywhere.")
    return {"everywhere": True} if workspace is None else {"workspace_id": find_workspace(api, workspace)}


def _add_part(
    api: Api,
    whose: dict[str, Any],
    entries: list[dict[str, Any]],
    start: int,
    lines: list[int],
    file: Path | None,
    *,
    dry_run: bool | None,
) -> dict[str, Any]:
    try:
        part = entries[start : start + MOST_AT_ONCE]
        answer: dict[str, Any] = api.post(PATH, whose | {"entries": part}, dry_run=dry_run)
    except CommandError as error:
        number = (error.details or {}).get("entry")
        if not isinstance(number, int) or not lines[start + number]:
            raise
        raise CommandError(f"{file}, line {lines[start + number]}: {error} Nothing was added.") from error
    return answer


def _read_file(path: Path, kind: SuppressionKind | None, reason: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            names = {name.strip().lower() for name in rows.fieldnames or ()}
            if "value" not in names or ("kind" not in names and kind is None):
                raise CommandError(f"{path} needs a header line with kind and value (or --kind for all of it), and reason if you like.")
            return [(rows.line_num, _parse_entry(path, rows.line_num, row, kind, reason)) for row in rows if any(row.values())]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read as CSV in UTF-8: {error}.") from error


def _parse_entry(path: Path, line: int, row: dict[str, str], kind: SuppressionKind | None, reason: str) -> dict[str, Any]:
    cells = {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
    word = cells.get("kind") or kind or ""
    try:
        named = SuppressionKind(word.lower())
    except ValueError as error:
        kinds = ", ".join(SuppressionKind)
        raise CommandError(f"{path}, line {line}: the kind is {word!r}; write one of {kinds}. Nothing was added.") from error
    return {"kind": named.value, "value": cells.get("value", ""), "reason": cells.get("reason") or reason}


def _parse_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"'{text}' is no id. Give the id that `tact suppress list` shows, or --kind and the list it is on.") from error
