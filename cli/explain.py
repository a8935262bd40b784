"""tact explain: why was this person not contacted, now or at any moment?"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from cli.client import Api, connect
from cli.completion import complete_campaign
from cli.console import AsJson, format_time, out, parse_time, print_json
from cli.errors import CommandError
from cli.resolve import find_campaign

MARKS: Final = {"pass": "[green]yes[/]", "wait": "[yellow]wait[/]", "hold": "[yellow]hold[/]", "stop": "[red]no[/]"}


def explain(
    prospect: Annotated[str, typer.Argument(help="An id, an address on LinkedIn or the name in it, an e-mail address, or a full name.")],
    at: Annotated[str | None, typer.Option(help="The moment: 2026-03-10T15:00Z, or without an offset in UTC. Absent: now.")] = None,
    campaign: Annotated[
        str | None,
        typer.Option("--campaign", "-c", help="Where the person is in several: its id or name.", autocompletion=complete_campaign),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a person was not contacted: every rule in order, the first that says no, and the next possible moment."""
    moment = read_moment(at) if at is not None else None
    with connect() as api:
        prospect_id = _find_person(api, prospect, campaign)
        found = api.get(f"/api/prospects/{prospect_id}/explain", at=moment and moment.isoformat())
    if as_json:
        print_json({name: value for name, value in found.items() if name != "success"})
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


def _find_person(api: Api, word: str, campaign: str | None) -> str:
    if not word.strip():
        raise CommandError("Name a person: an id, an address on LinkedIn, an e-mail address, or a full name.")
    within = find_campaign(api, campaign) if campaign is not None else None
    people = api.get("/api/prospects", person=word, campaign_id=within)["people"]
    if not people:
        where = f" in the campaign '{campaign}'" if campaign else ""
        raise CommandError(
            f"There is no person '{word}'{where}. Give a prospect's id, an address like https://www.linkedin.com/in/ana-nunez, "
            "an e-mail address, or the full name as it was imported."
        )
    if len(people) > 1:
        raise CommandError(f"'{word}' may be any of these; give the id, or --campaign:\n" + "\n".join(map(_candidate, people)))
    return str(people[0]["id"])


def _candidate(person: dict[str, Any]) -> str:
    name = f"{person['first_name']} {person['last_name']}".strip() or person["identity"]
    return f"  {person['id']}  {name}, {person['company'] or person['identity']}, {person['campaign'] or 'in no campaign'}"


def _show(found: dict[str, Any]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    zone = found["timezone"]
    status = f", {found['status']}" if found["status"] else ""
    out.print(Text.assemble((found["person"], "bold"), f"{status}  ", (found["identity"], "dim")))
    if found["campaign"]:
        out.print(f"campaign  {found['campaign']} ({found['campaign_status']})", highlight=False)
    if found["account"]:
        out.print(f"account   {found['account']} ({zone})", highlight=False)
    if found["step"]:
        planned = f", {found['send_status']}" if found["send_status"] else ", not planned"
        look_up = " (the profile is looked up first)" if found["action"] == "profile_lookup" else ""
        out.print(f"step      {found['step']}{planned}{look_up}", highlight=False)
    out.print(f"at        {_time(found['at'], zone)}", highlight=False)
    out.print()
    out.print(_headline(found), highlight=False, markup=True)
    out.print(Padding(Text(found["decision"]["sentence"]), (0, 0, 0, 2)))
    for note in found["notes"]:
        out.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))
    if found["rules"]:
        out.print()
        out.print(_rules(found))
    if found["happened"]:
        out.print("\nso far", style="bold")
        for event in found["happened"]:
            out.print(Padding(Text(f"{_time(event['at'], zone)}  {event['what']}"), (0, 0, 0, 2)))
    if found["words"]:
        kind = "frozen" if found["words_frozen"] else "planned" if found["send_id"] else "as the template reads"
        out.print(Text.assemble(("\nwords", "bold"), " ", (f"({kind})", "dim")))
        out.print(Padding(Text(found["words"]), (0, 0, 0, 2)))


def _headline(found: dict[str, Any]) -> str:
    decision, zone = found["decision"], found["timezone"]
    match decision["verdict"]:
        case "send_now":
            return "[bold green]It leaves now.[/]"
        case "wait" if decision["until"]:
            return f"[bold yellow]It waits until {_time(decision['until'], zone)}[/] ({decision['reason'].replace('_', ' ')})."
        case "hold":
            then = f" Were that so now: {_time(decision['then'], zone)}." if decision["then"] else ""
            return f"[bold yellow]It holds for: {(decision['condition'] or decision['reason']).replace('_', ' ')}.[/]{then}"
        case _:
            return f"[bold red]It never leaves[/] ({decision['reason'].replace('_', ' ')})."


def _rules(found: dict[str, Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    shown.add_column("rule", no_wrap=True)
    shown.add_column("ok", no_wrap=True)
    shown.add_column("value", overflow="fold", ratio=3)
    shown.add_column("allowed", overflow="fold", ratio=2)
    for line in found["rules"]:
        first = line["name"] == found["first_blocker"]
        name = Text(line["name"], style="bold" if first else "")
        shown.add_row(name, Text.from_markup(MARKS[line["verdict"]]), Text(_value(line, found["timezone"])), Text(line["limit"]))
    return shown


_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:\+00:00|Z)")


def _value(line: dict[str, Any], zone: str | None) -> str:
    """The value with its moments in the account's own time, and until when this rule alone would wait."""
    value = _ISO.sub(lambda found: _short(found[0], zone), line["value"])
    return f"{value}; until {_short(line['until'], zone)}" if line["until"] is not None else value


def _short(moment: str, zone: str | None) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(zone) if zone else UTC):%a %d %b %H:%M}"


def _time(moment: str, zone: str | None) -> str:
    """A moment in the account's zone and in the terminal's."""
    here = format_time(moment, "%Y-%m-%d %H:%M:%S", zone=True)
    at = parse_time(moment)
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M} there, {here}" if zone and at is not None else here
