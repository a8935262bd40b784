"""The commands of `tact`.

A command's module is imported when the command runs: all of them together take longer than most commands do. So the one line that the
help shows for a command stands here, and a test compares it with what the command says of itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from cli import __version__
from cli.console import Output, OutputFormat, Utc
from cli.context import select_context

CAMPAIGNS: Final = "Campaigns and people"
QUESTIONS: Final = "Questions"
REPAIRS: Final = "Repairs"
ACCESS: Final = "Access"
STACK: Final = "Stack (works on PostgreSQL and Kafka directly)"
EXIT_CODES: Final = "Exit status: 0 done, 1 refused or found wrong, 2 usage, 3 the stack does not answer."


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """Where a command, or a group of commands, is: `module:attribute`, its panel of the help and its line there."""

    target: str
    panel: str
    help: str

    @property
    def module(self) -> str:
        """The module's name."""
        return self.target.partition(":")[0]


COMMANDS: Final[Mapping[str, CommandEntry]] = {
    "workspace": CommandEntry("cli.workspaces:app", CAMPAIGNS, "Tenants."),
    "account": CommandEntry("cli.accounts:app", CAMPAIGNS, "LinkedIn accounts known to Unipile."),
    "campaign": CommandEntry("cli.campaigns:app", CAMPAIGNS, "Campaigns: make, start, pause, resume."),
    "import": CommandEntry("cli.import_list:import_file", CAMPAIGNS, "Import people into a campaign."),
    "approve": CommandEntry("cli.people:approve", CAMPAIGNS, "Let imported rows become prospects."),
    "lead": CommandEntry("cli.leads:app", CAMPAIGNS, "People."),
    "suppress": CommandEntry("cli.suppress:app", CAMPAIGNS, "Do-not-contact lists."),
    "status": CommandEntry("cli.status:status", QUESTIONS, "Which services are ready, and what the accounts and campaigns are doing."),
    "explain": CommandEntry("cli.explain:explain", QUESTIONS, "Say why a person was not contacted."),
    "forecast": CommandEntry("cli.forecast:forecast", QUESTIONS, "Run the real policy forward: what leaves on which day."),
    "queue": CommandEntry("cli.queue:app", QUESTIONS, "The queue: send now, plan now, and what holds it."),
    "health": CommandEntry("cli.health:app", QUESTIONS, "How healthy the data is."),
    "notices": CommandEntry("cli.notices:app", QUESTIONS, "Channels for notices: webhook, Slack or mail."),
    "failed": CommandEntry("cli.failed:app", REPAIRS, "Sends that failed for good: look, retry, drop."),
    "findings": CommandEntry("cli.findings:app", REPAIRS, "Rows that break a rule, their repairs, and your decision."),
    "unknown": CommandEntry("cli.unknown:app", REPAIRS, "Attempts of unknown outcome: look, and decide them."),
    "dead-letters": CommandEntry("cli.dead_letters:app", REPAIRS, "Records that could not be read or handled."),
    "context": CommandEntry("cli.contexts:app", ACCESS, "Name the stacks that client commands call, with their tokens."),
    "token": CommandEntry("cli.tokens:app", ACCESS, "Bearer tokens of the HTTP API."),
    "up": CommandEntry("cli.stack:up", STACK, "Run the whole stack in real time until Ctrl-C."),
    "demo": CommandEntry("cli.stack:demo", STACK, "A week of two workspaces in about two minutes, judged at the end."),
    "simulator": CommandEntry("cli.stack:simulator", STACK, "Run the Unipile simulator alone."),
    "migrate": CommandEntry("cli.schema:app", STACK, "Bring schema and topics to this version."),
    "admin-token": CommandEntry("cli.admin_token:admin_token", STACK, "Make an administrator's token for every workspace in PostgreSQL"),
    "adopt": CommandEntry("cli.adopt:adopt", STACK, "Report what differs after a backup was restored"),
    "replay": CommandEntry("cli.replay:replay", STACK, "Publish a topic's events to its consumers again."),
    "rebuild": CommandEntry("cli.rebuild:rebuild", STACK, "Compute every derived value again from the ledger and the topics"),
    "prove": CommandEntry("cli.prove:prove", STACK, "Prove from the ledger what left and how"),
}
"""By name, in the order of the help. Commands of the last panel work on PostgreSQL and Kafka; every other one is a client of the API."""


class LazyCommands(TyperGroup):
    """The group of all commands, each imported when it runs; the help and the completion of names need none of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What the help shows of the command of that name; None when there is none."""
        del ctx
        if (place := COMMANDS.get(cmd_name)) is None:
            return None
        return TyperCommand(name=cmd_name, help=place.help, rich_help_panel=place.panel, rich_markup_mode="rich")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, imported now."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub if name is None or stub is None else load_command(name), rest


def load_command(name: str) -> Any:
    """Import the command of that name."""
    module, _, attribute = COMMANDS[name].target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        loaded: Any = get_group(found)
        loaded.name = name
    else:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
        alone.command(name)(found)
        loaded = get_command(alone)
    _add_output_options(loaded)
    return loaded


def _add_output_options(command: Any) -> None:
    """Give -o and --utc to every command that has --json: they are read by cli/console.py and not passed to the command."""
    for each in getattr(command, "commands", {}).values():
        _add_output_options(each)
    if any(option.name == "as_json" for option in command.params):
        for option in get_command(_options).params:
            if option.name in {"output", "utc"}:
                option.expose_value = False
                command.params.append(option)


_options = typer.Typer(add_completion=False)


@_options.command()
def _declare_options(output: Output = OutputFormat.TABLE, utc: Utc = False) -> None:
    """The options that every command with --json has besides."""


app = typer.Typer(cls=LazyCommands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich", epilog=EXIT_CODES)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tact {__version__}")
        raise typer.Exit


@app.callback(epilog=EXIT_CODES)
def tact(
    context: Annotated[
        str | None, typer.Option("--context", help="The stored context to use for this command.", show_default=False)
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Outreach campaigns with tact: never twice, never at the wrong hour, never faster than an account can bear."""
    del version
    select_context(context)
