"""tact up, demo, simulator, status."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import httpx
import typer
from pydantic import ValidationError

from cli.console import AsJson, out, print_json, run, say, show
from cli.context import Context, read_contexts, remove_context, store_context
from cli.errors import CommandError
from cli.target import folder, target
from embedded.access import create_admin_token, revoke_token
from embedded.addresses import Addresses
from embedded.cache import EmbeddedError
from embedded.child import ChildError
from embedded.ports import PortInUseError
from embedded.run import run as run_on
from embedded.settings import StackSettings
from embedded.stack import Stack
from shared.db.migrate import SchemaError
from shared.fence.rules import FORGETFUL, FenceRow
from shared.fence.store import read_fence
from shared.kafka.admin import TopicError
from shared.refusals import Refused

TROUBLE = (EmbeddedError, PortInUseError, ChildError, SchemaError, TopicError)
PARTS = ("database", "broker", "consuming")


def up() -> None:
    """Run the whole stack in real time until Ctrl-C: embedded servers for what the TACT_ settings do not name."""
    settings = _settings()
    stack = Stack(settings, folder("stack"), say=say)

    async def stay() -> int:
        async with stored_context("local", stack.addresses):
            for line in where(stack.addresses, made_up=settings.cron_secret is None):
                out.print(line, highlight=False, markup=False, soft_wrap=True)
            await asyncio.Event().wait()
        return 0

    read_contexts()  # a file that cannot be used is said before servers start
    raise typer.Exit(_guarded(stack, stay))


@asynccontextmanager
async def stored_context(name: str, addresses: Addresses) -> AsyncIterator[None]:
    """Make the stack the one that client commands call while it runs; afterwards the context used before is current again."""
    made = await create_admin_token(addresses.database_url, name=f"tact {name}")
    context, before = Context(addresses.url, made.token), read_contexts().current
    store_context(name, context, use=True)
    try:
        yield
    finally:
        with contextlib.suppress(CommandError):  # the stack stops in any case
            if read_contexts().by_name.get(name) == context:  # another stack may have taken the name meanwhile
                remove_context(name, then_use=before)
        await revoke_token(addresses.database_url, made.id)


def where(a: Addresses, *, made_up: bool) -> list[str]:
    """What a person who has started a stack needs to speak to it; a cron secret that was `made_up` is nowhere else to be seen."""
    return [
        "",
        f"Tact is up at {a.url}",
        *(f"  {name:<8} docs {a.url}/{name}/docs   metrics {a.url}/{name}/metrics" for name in a.services),
        f"  database {a.database_url}   kafka {a.kafka}   unipile {a.unipile_url}",
        *([f"  cron     x-cron-secret: {a.cron_secret}   (another one at each start, unless TACT_CRON_SECRET is set)"] if made_up else []),
        "Client commands call it (context `local`) until Ctrl-C stops it; `tact status` shows it.",
    ]


def demo(
    csv: Annotated[Path | None, typer.Option(help="Your own list instead of the examples.")] = None,
    speed: Annotated[float, typer.Option(help="Business seconds in one real second.", min=1)] = 3600.0,
    days: Annotated[float, typer.Option(help="How much of the week to play.", min=0.1, max=7.8)] = 7.8,
    plain: Annotated[bool, typer.Option(help="Lines instead of a live table.")] = False,
) -> None:
    """A week of two workspaces in about two minutes, judged at the end by the simulator's own log."""
    from embedded.demo.play import Demo, DemoError
    from embedded.demo.scenario import START

    if csv is not None and not csv.is_file():
        raise Refused(f"There is no file {csv}. Give the path of a CSV: make demo CSV=path/to/list.csv")
    try:
        plain = plain or not sys.stdout.isatty()
        end = START + timedelta(days=days)
        the_demo = Demo(_settings(), folder("demo"), csv=csv, speed=speed, plain=plain, say=say, end=end)

        async def play() -> int:
            async with stored_context("demo", the_demo.stack.addresses):
                return await the_demo.play()

        read_contexts()
        raise typer.Exit(_guarded(the_demo.stack, play))
    except DemoError as error:
        raise Refused(str(error)) from error


def simulator(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 3080,
    api_key: Annotated[str, typer.Option(help="What callers send as X-API-KEY.")] = "",
    clock_speed: Annotated[float | None, typer.Option(help="Business seconds in one real second.")] = None,
    clock_start: Annotated[str | None, typer.Option(help="Where its clock starts, ISO 8601.")] = None,
    clock_database: Annotated[str | None, typer.Option(help="Live in the clock of this stack instead.")] = None,
    log: Annotated[Path | None, typer.Option(help="JSON lines of everything it is asked.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same people.")] = None,
    world: Annotated[Path | None, typer.Option(help="Accounts, people and behaviour to begin with.")] = None,
) -> None:
    """Run the Unipile simulator alone; its state, levers and log are under /_sim."""
    from simulator.unipile.__main__ import main

    if not api_key:
        raise Refused("The simulator wants an API key: tact simulator --port 3080 --api-key anything")
    given: dict[str, Any] = {
        "port": port,
        "api-key": api_key,
        "clock-speed": clock_speed,
        "clock-start": clock_start,
        "clock-database": clock_database,
        "log": log,
        "seed": seed,
        "world": world,
    }
    raise typer.Exit(main([f"--{name}={value}" for name, value in given.items() if value is not None]))


def status(as_json: AsJson = False) -> None:
    """Which services are ready, and what the accounts and campaigns are doing."""
    services, accounts, campaigns, clock, fence = run(_status())
    if as_json:
        print_json({"services": services, "accounts": accounts, "campaigns": campaigns, "business_now": clock, "fence": fence})
        return
    out.print(f"{target().url}   business time {clock:%Y-%m-%d %H:%M:%S} UTC", highlight=False)
    out.print(fence["line"], highlight=False)
    show(services, title="services", as_json=False)
    show(accounts, title="accounts", as_json=False)
    show(campaigns, title="campaigns", as_json=False)


async def _status() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], Any, dict[str, Any]]:
    from services.queuer.rules.insight.call_times import CallTimes
    from services.queuer.workflows.insight.status import read_accounts, read_campaigns
    from shared.runtime.settings import CallSettings

    where = target()
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        answers = await asyncio.gather(*(_ready(client, name, url) for name, url in where.services.items()))
    connection = await asyncpg.connect(where.database_url)
    try:
        return (
            list(answers),
            await read_accounts(connection, CallTimes.of(CallSettings())),
            await read_campaigns(connection),
            await connection.fetchval("SELECT business_now()"),
            _fence(await read_fence(connection)),
        )
    finally:
        await connection.close()


def _fence(row: FenceRow) -> dict[str, Any]:
    """Whether anything may leave, as the database knows it; each service says its own in /readyz."""
    if row.read_only_why is not None:
        line = f"READ-ONLY since {row.read_only_since:%Y-%m-%d %H:%M:%S} UTC: {row.read_only_why} `tact adopt` says what to do."
    elif row.stack_id is None:
        line = "nothing leaves yet: the stack has not been started"
    elif not row.durable:
        line = f"nothing leaves: {FORGETFUL}"
    else:
        line = f"database and Kafka agree: head {row.seq:,} of {row.business_at:%Y-%m-%d %H:%M:%S} UTC"
    return {"line": line, "read_only_since": row.read_only_since, "read_only_why": row.read_only_why, "head": row.seq}


async def _ready(client: httpx.AsyncClient, name: str, url: str) -> dict[str, Any]:
    try:
        answer = await client.get(f"{url}/readyz")
        said = answer.json()
        state = "ready" if answer.is_success else _missing(said)
        if answer.is_success and said.get("nothing_leaves"):
            state = f"ready, but nothing leaves: {said['nothing_leaves']}"
    except (httpx.HTTPError, ValueError):
        state = "does not answer"
    return {"service": name, "state": state, "address": url}


def _missing(parts: dict[str, Any]) -> str:
    if stopped := parts.get("stopped"):
        return f"stopped reading {', '.join(sorted(stopped))}; see `tact dead-letters stopped`"
    return ", ".join(part for part in PARTS if not parts.get(part)) + " missing"


def _settings() -> StackSettings:
    try:
        return StackSettings()
    except ValidationError as error:
        wrong = "; ".join(f"TACT_{str(e['loc'][0]).upper()}: {e['msg']} (got {e['input']!r})" for e in error.errors())
        raise Refused(f"Settings are wrong: {wrong}") from None


def _guarded(stack: Stack, body: Any) -> int:
    try:
        return run_on(stack, body)
    except TROUBLE as error:
        raise Refused(str(error)) from error
