"""The commands of `tact`.

A command's module is imported when the command is asked for: all of them together take longer than most commands do.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from cli import __version__
from cli.context import select_context

COMMANDS: Final[Mapping[str, str]] = {
    "up": "cli.stack:up",
    "demo": "cli.stack:demo",
    "status": "cli.stack:status",
    "adopt": "cli.adopt:adopt",
    "simulator": "cli.stack:simulator",
    "import": "cli.import_list:import_file",
    "approve": "cli.people:approve",
    "explain": "cli.explain:explain",
    "forecast": "cli.forecast:forecast",
    "replay": "cli.replay:replay",
    "rebuild": "cli.rebuild:rebuild",
    "prove": "cli.prove:prove",
    "workspace": "cli.settled:workspaces",
    "account": "cli.settled:accounts",
    "campaign": "cli.settled:campaigns",
    "lead": "cli.hours:leads",
    "token": "cli.records:tokens",
    "notices": "cli.notices:app",
    "queue": "cli.queue:app",
    "failed": "cli.failed:app",
    "findings": "cli.findings:app",
    "unknown": "cli.unknown:app",
    "health": "cli.health:app",
    "dead-letters": "cli.dead_letters:app",
    "suppress": "cli.suppress:app",
    "migrate": "cli.schema:app",
    "context": "cli.contexts:app",
}
"""By name, in the order of the help: where the command, or the group of commands, is."""


class OnDemand(TyperGroup):
    """The group of all commands, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None when there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            group = get_group(found)
            group.name = cmd_name
            return group
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
        alone.command(cmd_name)(found)
        return get_command(alone)


app = typer.Typer(cls=OnDemand, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tact {__version__}")
        raise typer.Exit


@app.callback()
def tact(
    context: Annotated[
        str | None, typer.Option("--context", help="The stored context to use for this command.", show_default=False)
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Outreach campaigns with tact: never twice, never at the wrong hour, never faster than an account can bear."""
    del version
    select_context(context)
