"""tact explain: why was this person not contacted, now or at any moment?"""

import re
import unicodedata
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.console import AsJson, out, print_json, run
from cli.errors import CommandError
from cli.find import find_campaign
from cli.target import database
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.store.insight.explain import find_people
from services.queuer.workflows.insight.explain import Explanation, explain_prospect
from shared.people.identifiers import IdKind, LinkedInId, linkedin_identity
from shared.policy import Outcome, RuleLine
from shared.runtime.settings import CallSettings

MOST: Final = 20
MARKS: Final = {Outcome.PASS: "[green]yes[/]", Outcome.WAIT: "[yellow]wait[/]", Outcome.HOLD: "[yellow]hold[/]", Outcome.STOP: "[red]no[/]"}
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def explain(
    prospect: Annotated[str, typer.Argument(help="An id, an address on LinkedIn or the name in it, an e-mail address, or a full name.")],
    at: Annotated[str | None, typer.Option(help="The moment: 2026-03-10T15:00Z, or without an offset in UTC. Absent: now.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", "-c", help="Where the person is in several: its id or name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a person was not contacted: every rule in order, the first that says no, and the next possible moment."""
    moment = read_moment(at) if at is not None else None
    found = run(_explain(prospect, moment, campaign))
    if as_json:
        print_json(_document(found))
        return
    _show(found)


def read_moment(text: str) -> datetime:
    """What a person types as a moment.

    Raises:
        CommandError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"'{text}' is no moment. Write it as 2026-03-10T15:00Z, 2026-03-10T16:00+01:00 or 2026-03-10 (UTC).") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


async def _explain(word: str, at: datetime | None, campaign: str | None) -> Explanation:
    calls = CallSettings()
    async with database() as pool:
        some_id = await find_person(pool, word, campaign)
        async with pool.acquire() as connection, connection.transaction(readonly=True):
            return await explain_prospect(connection, some_id, at=at, call_times=CallTimes.of(calls))


async def find_person(pool: asyncpg.Pool, word: str, campaign: str | None) -> UUID:
    """The prospect, or the imported row or lead where there is none yet, that is meant.

    Raises:
        CommandError: nobody is, or several are; the message lists them.
    """
    within = (await find_campaign(pool, campaign)).id if campaign is not None else None
    async with pool.acquire() as connection:
        rows = await find_people(connection, campaign_id=within, most=MOST, **_names(word))
    if not rows:
        where = f" in the campaign '{campaign}'" if campaign else ""
        raise CommandError(
            f"There is nobody '{word}'{where}. Give a prospect's id, an address like https://www.linkedin.com/in/ana-nunez, "
            "an e-mail address, or the full name as it was imported."
        )
    newest = {(row["lead_id"], row["campaign_name"]): row for row in reversed(rows)}  # the last enrolment of each campaign
    if len(newest) > 1:
        raise CommandError(f"'{word}' may be any of these; give the id, or --campaign:\n" + "\n".join(map(_candidate, newest.values())))
    return _id(next(iter(newest.values())))


def _names(word: str) -> dict[str, Any]:
    """The word as what it can be; an address on LinkedIn is brought to the form in which people are stored.

    Small letters are the database's: where it makes an i of İ, Python makes two letters, and nobody would be found.
    """
    text = unicodedata.normalize("NFC", word.strip())
    if _UUID.fullmatch(text):
        return {"id": UUID(text)}
    if "@" in text:
        return {"email": text}
    if any(letter.isspace() for letter in text):
        return {"name": " ".join(text.split())}
    person = linkedin_identity(text)
    if not isinstance(person, LinkedInId):
        return {"name": text}
    return {"vanity" if person.kind is IdKind.VANITY else "linkedin_id": person.value, "name": text}


def _id(row: Any) -> UUID:
    found: UUID = row["prospect_id"] or row["approval_id"] or row["lead_id"]
    return found


def _candidate(row: Any) -> str:
    name = f"{row['first_name']} {row['last_name']}".strip() or row["identity"]
    return f"  {_id(row)}  {name}, {row['company'] or row['identity']}, {row['campaign_name'] or 'in no campaign'}"


def _document(found: Explanation) -> dict[str, Any]:
    answer = found.answer
    plain = {name: value for name, value in asdict(found).items() if name != "answer"}
    decision = asdict(answer)
    return {"decision": decision, "next_possible_at": answer.next_possible_at, **plain}


def _show(found: Explanation) -> None:
    status = f", {found.status}" if found.status else ""
    out.print(Text.assemble((found.person, "bold"), f"{status}  ", (found.identity, "dim")))
    if found.campaign:
        out.print(f"campaign  {found.campaign} ({found.campaign_status})", highlight=False)
    if found.account:
        out.print(f"account   {found.account} ({found.timezone})", highlight=False)
    if found.step:
        planned = f", {found.send_status}" if found.send_status else ", not planned"
        look_up = " (the profile is looked up first)" if found.action == "profile_lookup" else ""
        out.print(f"step      {found.step}{planned}{look_up}", highlight=False)
    out.print(f"at        {_time(found.at, found.timezone)}", highlight=False)
    out.print()
    out.print(_headline(found), highlight=False, markup=True)
    out.print(Padding(Text(found.answer.sentence), (0, 0, 0, 2)))
    for note in found.notes:
        out.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))
    if found.rules:
        out.print()
        out.print(_rules(found))
    if found.happened:
        out.print("\nso far", style="bold")
        for event in found.happened:
            out.print(Padding(Text(f"{_time(event.at, found.timezone)}  {event.what}"), (0, 0, 0, 2)))
    if found.words:
        kind = "frozen" if found.words_frozen else "planned" if found.send_id else "as the template reads"
        out.print(Text.assemble(("\nwords", "bold"), " ", (f"({kind})", "dim")))
        out.print(Padding(Text(found.words), (0, 0, 0, 2)))


def _headline(found: Explanation) -> str:
    answer = found.answer
    match answer.verdict:
        case "send_now":
            return "[bold green]It leaves now.[/]"
        case "wait" if answer.until:
            return f"[bold yellow]It waits until {_time(answer.until, found.timezone)}[/] ({answer.reason.replace('_', ' ')})."
        case "hold":
            then = f" Were that so now: {_time(answer.then, found.timezone)}." if answer.then else ""
            return f"[bold yellow]It holds for: {(answer.condition or answer.reason).replace('_', ' ')}.[/]{then}"
        case _:
            return f"[bold red]It never leaves[/] ({answer.reason.replace('_', ' ')})."


def _rules(found: Explanation) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    shown.add_column("rule", no_wrap=True)
    shown.add_column("ok", no_wrap=True)
    shown.add_column("value", overflow="fold", ratio=3)
    shown.add_column("allowed", overflow="fold", ratio=2)
    for line in found.rules:
        first = line.name == found.first_blocker
        value = Text(_value(line, found.timezone))
        name = Text(line.name, style="bold" if first else "")
        shown.add_row(name, Text.from_markup(MARKS[line.verdict]), value, Text(line.limit))
    return shown


_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:\+00:00|Z)")


def _value(line: RuleLine, zone: str | None) -> str:
    """The value with its moments in the account's own time, and until when this rule alone would wait."""
    value = _ISO.sub(lambda found: _short(datetime.fromisoformat(found[0]), zone), line.value)
    return f"{value}; until {_short(line.until, zone)}" if line.until is not None else value


def _short(moment: datetime, zone: str | None) -> str:
    return f"{moment.astimezone(ZoneInfo(zone) if zone else UTC):%a %d %b %H:%M}"


def _time(moment: datetime, zone: str | None) -> str:
    """A moment in the account's zone and in UTC."""
    utc = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %H:%M} there, {utc}" if zone else utc
