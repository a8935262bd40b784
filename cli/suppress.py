"""tact suppress: whom nobody may contact, by person, e-mail, company or domain; of one workspace or everywhere."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from cli.console import AsJson, out, print_json, show
from cli.errors import CommandError
from cli.work import do
from services.queuer.store.accounts.workspaces import get_workspace
from services.queuer.store.people import suppressions as verbs
from services.queuer.store.people.suppressions import DEFAULT_REASON, MOST_AT_ONCE, Entry, Kind
from shared.refusals import Refused

PAGE = 200

app = typer.Typer(help="Do-not-contact lists.", no_args_is_help=True)
Workspace = Annotated[str | None, typer.Option("--workspace", "-w", help="Its id or its company's name.")]
Everywhere = Annotated[bool, typer.Option("--everywhere", help="For every workspace.")]


@app.command("add")
def add(
    values: Annotated[list[str] | None, typer.Argument(help="LinkedIn addresses or ids, e-mail addresses, companies, domains.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="What the values are.")] = None,
    workspace: Workspace = None,
    everywhere: Everywhere = False,
    reason: Annotated[str, typer.Option(help="Why.")] = DEFAULT_REASON,
    opted_out: Annotated[bool, typer.Option("--opted-out", help="They asked for it: marked for good, and every campaign ends.")] = False,
    file: Annotated[Path | None, typer.Option(help="A CSV with the columns kind, value and, if you like, reason.")] = None,
    as_json: AsJson = False,
) -> None:
    """Never contact these. What is planned for them is cancelled at once; adding the same again changes nothing."""
    if values and kind is None:
        raise CommandError(f"Say what they are: --kind {', --kind '.join(Kind)}.")
    entries = [Entry(kind, value, reason) for value in values or [] if kind is not None]
    entries += _read(file, kind, reason) if file else []
    entries = [replace(entry, opted_out=opted_out) for entry in entries]
    if not entries:
        raise CommandError("Name somebody, or give --file with a list.")

    async def work(pool: asyncpg.Pool) -> verbs.Added:
        list_of = await _list(pool, workspace, everywhere=everywhere)
        parts = [entries[start : start + MOST_AT_ONCE] for start in range(0, len(entries), MOST_AT_ONCE)]
        done = [await verbs.add(pool, part, workspace_id=list_of) for part in parts]
        made = tuple(entry for each in done for entry in each.entries)
        return verbs.Added(made, sum(each.known for each in done), sum(each.cancelled for each in done))

    added = do(work)
    if as_json:
        print_json({"added": len(added.entries), "known": added.known, "cancelled": added.cancelled})
        return
    out.print(f"{len(added.entries)} added, {added.known} known already, {added.cancelled} planned sends cancelled.", highlight=False)


@app.command("list")
def list_them(workspace: Workspace = None, everywhere: Everywhere = False, kind: Kind | None = None, as_json: AsJson = False) -> None:
    """The entries: of one workspace, those for everybody, or all."""

    async def work(pool: asyncpg.Pool) -> list[verbs.Suppression]:
        own = (await get_workspace(pool, workspace)).id if workspace is not None else None
        found: list[verbs.Suppression] = []
        while True:
            after = found[-1].id if found else None
            page = await verbs.list_entries(pool, workspace_id=own, everywhere=everywhere, kind=kind, after=after, most=PAGE)
            found += page
            if len(page) < PAGE:
                return found

    if workspace is not None and everywhere:
        raise CommandError("Give either --workspace or --everywhere.")
    rows = [{name: getattr(entry, name) for name in entry.__dataclass_fields__} for entry in do(work)]
    show(rows, title="do not contact", as_json=as_json, columns=["id", "kind", "value", "reason", "workspace_id", "added_by"])


@app.command("remove")
def remove(
    entry: Annotated[str, typer.Argument(help="Its id, or the value with --kind and its list.")],
    kind: Kind | None = None,
    workspace: Workspace = None,
    everywhere: Everywhere = False,
) -> None:
    """Take an entry back. What was cancelled stays so until somebody reopens it."""

    async def work(pool: asyncpg.Pool) -> verbs.Suppression:
        if kind is None:
            return await verbs.remove(pool, _id(entry))
        list_of = await _list(pool, workspace, everywhere=everywhere)
        return await verbs.remove(
            pool, (await verbs.list_entries(pool, workspace_id=list_of, everywhere=everywhere, kind=kind, value=entry))[0].id
        )

    gone = do(work)
    out.print(f"{gone.kind} {gone.value} may be contacted again.", highlight=False)


async def _list(pool: asyncpg.Pool, workspace: str | None, *, everywhere: bool) -> UUID | None:
    if (workspace is None) != everywhere:
        raise CommandError("Name one list: --workspace NAME, or --everywhere.")
    return None if workspace is None else (await get_workspace(pool, workspace)).id


def _read(path: Path, kind: Kind | None, reason: str) -> list[Entry]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            names = {name.strip().lower() for name in rows.fieldnames or ()}
            if "value" not in names or ("kind" not in names and kind is None):
                raise CommandError(f"{path} needs a header line with kind and value (or --kind for all of it), and reason if you like.")
            return [_entry(path, rows.line_num, row, kind, reason) for row in rows if any(row.values())]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read as CSV in UTF-8: {error}.") from error


def _entry(path: Path, line: int, row: dict[str, str], kind: Kind | None, reason: str) -> Entry:
    told = {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
    word = told.get("kind") or kind or ""
    try:
        entry = Entry(Kind(word.lower()), told.get("value", ""), told.get("reason") or reason)
    except ValueError as error:
        raise CommandError(f"{path}, line {line}: the kind is {word!r}; write one of {', '.join(Kind)}. Nothing was added.") from error
    try:
        verbs.normal(entry.kind, entry.value)
    except Refused as error:
        raise CommandError(f"{path}, line {line}: {error.message} Nothing was added.") from error
    return entry


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"'{text}' is no id. Give the id that `tact suppress list` shows, or --kind and the list it is on.") from error
