"""tact up, demo, simulator."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.console import out, say
from cli.context import Context, build_folder, read_contexts, remove_context, store_context
from cli.errors import CommandError
from embedded.access import create_admin_token, revoke_token
from embedded.addresses import Addresses
from embedded.run import run as run_on
from embedded.settings import StackSettings
from embedded.stack import STACK_ERRORS, Stack
from shared.refusals import Refused


def up() -> None:
    """Run the whole stack in real time until Ctrl-C: embedded servers for what the TACT_ settings do not name."""
    settings = _settings()
    stack = Stack(settings, build_folder("stack"), say=say)

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
        the_demo = Demo(_settings(), build_folder("demo"), csv=csv, speed=speed, plain=plain, say=say, end=end)

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


def _settings() -> StackSettings:
    try:
        return StackSettings()
    except ValidationError as error:
        wrong = "; ".join(f"TACT_{str(e['loc'][0]).upper()}: {e['msg']} (got {e['input']!r})" for e in error.errors())
        raise Refused(f"Settings are wrong: {wrong}") from None


def _guarded(stack: Stack, body: Any) -> int:
    try:
        return run_on(stack, body)
    except STACK_ERRORS as error:
        raise Refused(str(error)) from error
