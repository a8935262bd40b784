"""tact notices: where people are told, and what they were told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import asyncpg
import typer

from cli.console import AsJson, out, print_json, show
from cli.errors import CommandError
from cli.target import on_pool
from embedded.settings import StackSettings
from services.healer.settings import HealerSettings
from services.healer.store.notices import channels as channel_store
from services.healer.store.notices import notices as notice_store
from services.healer.store.notices.channels import NoticeChannel
from services.healer.store.notices.notices import NoticeDelivery
from services.healer.workflows.notices import channels as verbs
from services.healer.workflows.notices.channels import ChannelPolicy
from services.queuer.store.accounts.workspaces import get_workspace
from shared.notices.addresses import mask_target
from shared.runtime.clock import StackClock
from shared.runtime.settings import SettingsError, load
from shared.vocabulary import DeliveryState, NoticeKind, NoticeMedium

T = TypeVar("T")
WorkspaceWord = Annotated[str, typer.Option("--workspace", "-w", help="Its id or its company's name.")]
MaybeWorkspace = Annotated[str | None, typer.Option("--workspace", "-w", help="Its id or its company's name; unset: every one.")]
ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id or its name.")]

PAGE: Final = 200
PAUSE: Final = 0.2  # seconds between two looks at a test under way
TEST_WITHIN: Final = 30.0
"""Seconds for a test: the healer looks every five, and a receiver may take ten."""

app = typer.Typer(help="Tell people what went wrong: by webhook, Slack or mail.", no_args_is_help=True)


@app.command("add")
def add_channel(
    name: str,
    workspace: WorkspaceWord,
    webhook: Annotated[str | None, typer.Option(help="Post signed JSON to this address.")] = None,
    slack: Annotated[str | None, typer.Option(help="Post to this incoming webhook of Slack.")] = None,
    email: Annotated[str | None, typer.Option(help="Write to this address.")] = None,
    kind: Annotated[
        list[NoticeKind] | None,
        typer.Option(help="What to be told of; several may be given. Unset: everything, also what later versions tell of."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a channel; adding the same again changes nothing. A webhook's secret is shown once."""
    ways = {NoticeMedium.WEBHOOK: webhook, NoticeMedium.SLACK: slack, NoticeMedium.EMAIL: email}
    given = [(medium, target) for medium, target in ways.items() if target is not None]
    if len(given) != 1:
        raise CommandError("Say where to: exactly one of --webhook, --slack and --email.")
    medium, target = given[0]

    async def add(pool: asyncpg.Pool) -> verbs.ChannelWithSecret:
        workspace_id = (await get_workspace(pool, workspace)).id
        return await verbs.add_channel(
            pool, _terms(), workspace_id=workspace_id, name=name, medium=medium, target=target, kinds=kind or None
        )

    kept = _do(add)
    if as_json:
        print_json(_fields(kept.channel) | {"created": kept.created, "secret": kept.secret})
        return
    out.print(f"channel {kept.channel.name} {'added' if kept.created else 'is there already'}: {kept.channel.id}", highlight=False)
    if kept.secret:
        out.print(f"{kept.secret}\nIt signs what is sent, and is not shown again.", highlight=False, soft_wrap=True)


@app.command("list")
def list_channels(workspace: MaybeWorkspace = None, as_json: AsJson = False) -> None:
    """Every channel, without its secret."""

    async def rows(pool: asyncpg.Pool) -> list[NoticeChannel]:
        return await _channels(pool, await _workspace_id(pool, workspace))

    columns = ["id", "name", "medium", "target", "kinds", "enabled"]
    show([_fields(each) for each in _do(rows)], title="channels", as_json=as_json, columns=columns)


@app.command("test")
def try_channel(channel: ChannelArgument, workspace: MaybeWorkspace = None) -> None:
    """Let the healer send a test, once, and say how it ended."""

    async def test(pool: asyncpg.Pool) -> NoticeDelivery:
        clock = StackClock(pool)
        await clock.refresh()
        found = await _find(pool, channel, workspace)
        delivery_id = await verbs.create_test(pool, clock, found.id, hold=verbs.NOW)
        deadline = time.monotonic() + TEST_WITHIN
        while True:
            state = await notice_store.fetch_delivery(pool, delivery_id)
            if state.state is not DeliveryState.WAITING or time.monotonic() > deadline:
                return state
            await asyncio.sleep(PAUSE)

    ended = _do(test)
    if ended.state is DeliveryState.WAITING:
        raise CommandError(f"The healer did not try it within {TEST_WITHIN:g} s. Does it run? `tact notices log` shows what becomes of it.")
    if ended.state is not DeliveryState.DELIVERED:
        raise CommandError(ended.last_error or "The test did not arrive.")
    out.print(f"{ended.channel_name} took the test ({ended.last_status}).", highlight=False)


@app.command("remove")
def remove_channel(
    channel: ChannelArgument, workspace: MaybeWorkspace = None, apply: Annotated[bool, typer.Option("--apply", help="Do it.")] = False
) -> None:
    """Remove a channel; what waits for it is given up, and its log stays."""

    async def remove(pool: asyncpg.Pool) -> NoticeChannel:
        found = await _find(pool, channel, workspace)
        return await verbs.remove_channel(pool, found.id) if apply else found

    removed = _do(remove)
    out.print(f"{removed.name} is removed." if apply else f"{removed.name} would be removed; --apply does it.", highlight=False)


@app.command("log")
def show_log(
    workspace: MaybeWorkspace = None,
    kind: NoticeKind | None = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What people were told, and how it reached them."""

    async def read(pool: asyncpg.Pool) -> list[notice_store.NoticeEntry]:
        workspace_id = await _workspace_id(pool, workspace)
        return await notice_store.fetch_log(pool, workspace_id=workspace_id, before=None, kind=kind, most=limit)

    entries = _do(read)
    if as_json:
        print_json([_fields(entry) | {"deliveries": [_fields(each) for each in entry.deliveries]} for entry in entries])
        return
    rows = [
        {
            "happened_at": f"{entry.happened_at:%Y-%m-%d %H:%M}",
            "subject": entry.subject,
            "channel": each.channel_name if each else None,
            "state": each.state.value if each else "nobody to tell",
            "tries": each.attempts if each else None,
            "why": each.last_error if each else None,
        }
        for entry in entries
        for each in (*entry.deliveries, *(() if entry.deliveries else (None,)))
    ]
    show(rows, title="notices", as_json=False)


async def _find(pool: asyncpg.Pool, word: str, workspace: str | None) -> NoticeChannel:
    everything = await _channels(pool, await _workspace_id(pool, workspace))
    found = [each for each in everything if word.casefold() in {str(each.id), each.name.casefold()}]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"Several workspaces have a channel '{word}'; name one with --workspace.")
    raise CommandError(f"There is no channel '{word}'. `tact notices list` shows those there are.")


async def _channels(pool: asyncpg.Pool, workspace_id: UUID | None) -> list[NoticeChannel]:
    found: list[NoticeChannel] = []
    after: UUID | None = None
    while page := await channel_store.list_channels(pool, workspace_id=workspace_id, after=after, most=PAGE):
        found += page
        after = page[-1].id
    return found


async def _workspace_id(pool: asyncpg.Pool, word: str | None) -> UUID | None:
    return None if word is None else (await get_workspace(pool, word)).id


def _terms() -> ChannelPolicy:
    """What the healer's settings allow, as far as this command sees them; a stack that runs here has its own default."""
    try:
        settings = load(HealerSettings)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    stack = StackSettings()
    private = settings.notices_to_private or (stack.database_url is None and stack.notices_to_private)
    return ChannelPolicy(mail=settings.smtp_host is not None, private=private)


def _do(work: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    return on_pool(work, role="tact_healer")


def _fields(record: Any) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
    if isinstance(record, NoticeChannel):
        fields |= {"target": mask_target(record.medium, record.target), "kinds": [kind.value for kind in record.kinds]}
    return fields
