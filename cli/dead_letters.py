"""tact dead-letters: records that could not be read or handled: why, and whose fault.

`list` and `show` ask the API. `redrive`, `stopped` and `resume` work on Kafka and PostgreSQL themselves (cli/redrive.py, imported when
they run): a service that stopped reading is not ready, and its API may then get no calls.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from cli.arguments import Apply
from cli.client import connect
from cli.console import AsJson, format_time, out, print_facts, print_json, show
from cli.errors import CommandError
from shared.spans import LONGEST, parse_duration

app = typer.Typer(help="Records that could not be read or handled.", no_args_is_help=True)

DIRECT: Final = "Works on Kafka and PostgreSQL directly"
PATH: Final = "/api/dead-letters"
SHOWN: Final = 2_000
"""Characters of a body that `show` prints."""
MOST: Final = 10_000
ANSWER_SECONDS: Final = 300.0
TO_THE_SECOND: Final = "%Y-%m-%d %H:%M:%S"


class FaultChoice(StrEnum):
    """Whose fault it is, in the words of the API."""

    OURS = "ours"
    PROVIDER = "provider"
    TENANT = "tenant"


TopicWord = Annotated[str | None, typer.Option("--topic", "-t", help="Only those that belong into this topic.")]
ReasonWord = Annotated[str | None, typer.Option("--reason", "-r", help="Only these: a reason as the list shows it.")]
FaultWord = Annotated[FaultChoice | None, typer.Option("--fault", "-f", help="Only these: whose fault it is.")]
GroupWord = Annotated[str | None, typer.Option("--group", "-g", help="Only those that this consumer set aside: queuer.sends.completed.")]
Since = Annotated[str | None, typer.Option(help="Set aside from then on: 2026-03-02T14:00, UTC unless it says, or '2h ago'.")]
Until = Annotated[str | None, typer.Option(help="Set aside before then.")]


@app.command("list")
def list_letters(
    topic: TopicWord = None,
    reason: ReasonWord = None,
    fault: FaultWord = None,
    group: GroupWord = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST)] = 20,
    everything: Annotated[bool, typer.Option("--all", help=f"All of them, up to {MOST:,}.")] = False,
    as_json: AsJson = False,
) -> None:
    """How many there are, and the newest of them."""
    require_words(topic, group)
    limit = MOST if everything else limit
    query = {
        "topic": topic,
        "reason": reason,
        "fault": fault and fault.value,
        "group": group,
        "since": None if since is None else parse_moment(since, "--since").isoformat(),
        "until": None if until is None else parse_moment(until, "--until").isoformat(),
    }
    with connect(seconds=ANSWER_SECONDS) as api:
        found = api.get(PATH, limit=limit, **query)
    if as_json:
        print_json({"total": found["total"], "letters": found["letters"]})
        return
    if not found["letters"]:
        out.print("There are no dead letters" + (" like that." if any(query.values()) else "."))
        return
    show(found["totals"], title=f"{found['total']} dead letters", as_json=False)
    out.print()
    for letter in found["letters"]:
        _print_letter(letter)
    if found["total"] > limit:
        out.print(
            f"These are the newest {limit}" + ("." if limit == MOST else f"; --limit {min(found['total'], MOST)} or --all shows more.")
        )


@app.command("show")
def show_letter(letter: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")], as_json: AsJson = False) -> None:
    """One of them with its headers and its body, as they came."""
    with connect(seconds=ANSWER_SECONDS) as api:
        found = api.get(f"{PATH}/{quote(letter, safe=':')}")["letter"]
    if as_json:
        print_json(found)
        return
    topic, partition, offset = found["place"].rsplit(":", 2)
    facts = {
        "letter": found["id"],
        "stands": f"in {topic}, partition {partition}, offset {offset}",
        "set aside": f"{format_time(found['at'], TO_THE_SECOND, zone=True)} by {_groups(found)}",
        "reason": found["reason"],
        "fault": found["fault"],
        "error": found["error"],
        "put back": describe_redrive(found["put_back"]),
        "key": found["key"] or "(none)",
    }
    print_facts(facts)
    out.print("headers")
    for header in found["headers"]:
        value = "(none)" if header["value"] is None else header["value"]
        out.print(f"  {header['name']}: {value}", highlight=False, markup=False)
    body = found["body"]
    if body is None:
        there = "which are not there any more" if not found["headers"] and found["key"] is None else "none"
        out.print(f"body      {found['size']} bytes, {there}")
        return
    cut = f" (the first {SHOWN} characters; --json has all)" if len(body) > SHOWN else ""
    out.print(f"body      {found['size']} bytes{cut}", highlight=False)
    out.print(body[:SHOWN], highlight=False, markup=False, soft_wrap=True)


@app.command("redrive", rich_help_panel=DIRECT)
def redrive_letters(
    letters: Annotated[list[str] | None, typer.Argument(metavar="ID", help="As the list shows them; or say which by the options.")] = None,
    topic: TopicWord = None,
    reason: ReasonWord = None,
    fault: FaultWord = None,
    group: GroupWord = None,
    since: Since = None,
    until: Until = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were put back before.")] = False,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Put them back into their topic as they came. Each once; what consumers have done already is not done again."""
    from cli.redrive import redrive_letters as redrive

    options = (topic, reason, fault and fault.value, group, since, until)
    redrive(letters or [], options, again=again, apply=apply, as_json=as_json)


@app.command(rich_help_panel=DIRECT)
def stopped(as_json: AsJson = False) -> None:
    """Consumers that stopped because too much became dead letters, and why."""
    from cli.redrive import show_stopped

    show_stopped(as_json=as_json)


@app.command(rich_help_panel=DIRECT)
def resume(
    group: Annotated[str, typer.Argument(help="The consumer as `stopped` shows it: queuer.sends.completed.")],
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Let a stopped consumer go on, without a restart. As much as before may become dead letters until it stops again."""
    from cli.redrive import resume_group

    resume_group(group, apply=apply, as_json=as_json)


def require_words(topic: str | None, group: str | None) -> None:
    """Refuse an empty word (`--topic "$UNSET"` in a script): it would mean all of them."""
    for option, word in (("--topic", topic), ("--group", group)):
        if word is not None and not word.strip():
            raise CommandError(f"{option} names nothing. Leave it out for all of them.")


def parse_moment(text: str, option: str) -> datetime:
    """A moment of technical time, the time at which a record became a dead letter."""
    if (span := parse_duration(text)) is not None:
        if span >= LONGEST:
            raise CommandError(f"{option} {text!r} is further back than any topic reaches.")
        return datetime.now(UTC) - span
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"{option} wants a moment like 2026-03-02, 2026-03-02T14:00 or '2h ago', not {text!r}.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _print_letter(letter: dict[str, Any]) -> None:
    from rich.text import Text

    out.print(Text.assemble((letter["id"], "bold"), f"  {format_time(letter['at'], TO_THE_SECOND, zone=True)}"))
    out.print(f"  {letter['reason']}, {letter['fault']}: {letter['error'][:300]}", highlight=False, markup=False)
    out.print(f"  set aside by {_groups(letter)}; {describe_redrive(letter['put_back'])}", highlight=False, markup=False, style="dim")


def _groups(letter: dict[str, Any]) -> str:
    return ", ".join(letter["groups"]) or "a consumer whose name is not known"


def describe_redrive(known: Mapping[str, Any]) -> str:
    """Whether and when a dead letter was put back."""
    match known["standing"]:
        case "new":
            return "not put back"
        case "open":
            return "perhaps put back: a redrive of it was cut off; the next one finds out"
        case _:
            at = format_time(known["at"], TO_THE_SECOND, zone=True)
            times = f" ({known['times']} times)" if known["times"] > 1 else ""
            return f"put back on {at}, to offset {known['offset']}{times}"
