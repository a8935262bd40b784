"""The commands of `tact`."""

import typer

from cli import (
    adopt,
    dead_letters,
    explain,
    failed,
    findings,
    forecast,
    health,
    hours,
    limits,
    notices,
    people,
    prove,
    queue,
    records,
    schema,
    stack,
    suppress,
    unknown,
)
from cli.rebuild import command as rebuild_command
from cli.replay import command as replay_command

app = typer.Typer(
    help="Outreach campaigns with tact: never twice, never at the wrong hour, never faster than an account can bear.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(stack.up)
app.command()(stack.demo)
app.command()(stack.status)
app.command()(adopt.adopt)
app.command()(stack.simulator)
app.command("import")(people.import_file)
app.command()(people.approve)
app.command()(explain.explain)
app.command()(forecast.forecast)
app.command()(replay_command.replay)
app.command()(rebuild_command.rebuild)
app.command()(prove.prove)
records.workspaces.command("hours")(hours.of_workspace)
records.accounts.command("hours")(hours.of_account)
records.campaigns.command("hours")(hours.of_campaign)
app.add_typer(records.workspaces, name="workspace")
app.add_typer(records.accounts, name="account")
records.workspaces.command("limits")(limits.of_workspace)
records.accounts.command("limits")(limits.of_account)
records.accounts.command("exception")(limits.exception)
app.add_typer(records.campaigns, name="campaign")
app.add_typer(hours.leads, name="lead")
app.add_typer(records.tokens, name="token")
app.add_typer(notices.app, name="notices")
app.add_typer(queue.app, name="queue")
app.add_typer(failed.app, name="failed")
app.add_typer(findings.app, name="findings")
app.add_typer(unknown.app, name="unknown")
app.add_typer(health.app, name="health")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(suppress.app, name="suppress")
app.add_typer(schema.app, name="migrate")
