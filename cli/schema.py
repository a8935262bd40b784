"""tact migrate: what stands between the database, the topics, and this version."""

import asyncpg
import typer

from cli.console import AsJson, out, print_json, say
from cli.target import run, target
from embedded.settings import StackSettings
from shared.db import migrate
from shared.db.migrate import MigrationPlan, SchemaError
from shared.kafka.admin import TopicError, create_topics, missing_topics
from shared.refusals import Refused

app = typer.Typer(help="Bring schema and topics to this version.", no_args_is_help=True)


@app.command()
def plan(as_json: AsJson = False) -> None:
    """Show what `apply` would do; changes nothing."""
    todo, topics = run(_plan())
    _show(todo, topics, as_json=as_json, done=False)


@app.command()
def apply(as_json: AsJson = False) -> None:
    """Apply the missing migrations and routines, and create the missing topics."""
    replication = StackSettings().kafka_replication
    try:
        done = run(migrate.apply(target().database_url))
        say("schema is up to date")
        made = run(create_topics(target().kafka, replication=replication))
    except (SchemaError, TopicError) as error:
        raise Refused(str(error)) from error
    _show(done, list(made), as_json=as_json, done=True)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Exit 0 when schema and topics are this version's, 1 when something is missing or edited."""
    todo, topics = run(_plan())
    _show(todo, topics, as_json=as_json, done=False)
    if not todo.empty or topics:
        raise typer.Exit(1)


async def _plan() -> tuple[MigrationPlan, list[str]]:
    connection = await asyncpg.connect(target().database_url)
    try:
        todo = await migrate.plan(connection)
    finally:
        await connection.close()
    return todo, [topic.name for topic in await missing_topics(target().kafka)]


def _show(todo: MigrationPlan, topics: list[str], *, as_json: bool, done: bool) -> None:
    steps = {
        "migrations": [file.name for file in todo.migrations],
        "routines": [file.name for file in todo.routines],
        "topics": topics,
        "problems": list(todo.problems),
    }
    if as_json:
        print_json(steps)
        return
    if not any(steps.values()):
        out.print("Nothing to do: schema and topics are this version's.")
    for what, names in steps.items():
        for name in names:
            out.print(f"{'problem' if what == 'problems' else ('applied' if done else 'would apply')} {what[:-1]} {name}")
