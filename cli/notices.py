"""tact notices: the channels over which a workspace's people are told what went wrong, and the log of what was sent."""

from typing import Annotated, Any, Final

import typer

from cli.client import Api, connect
from cli.completion import complete_workspace
from cli.console import AsJson, format_time, out, print_json, show
from cli.errors import CommandError
from cli.listing import DEFAULT_LIMIT, Everything, Limit, read_pages
from cli.resolve import Workspace, find_scope, find_workspace
from shared.vocabulary import DeliveryState, NoticeKind, NoticeMedium

MaybeWorkspace = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Its id or its company's name; unset: every one.", autocompletion=complete_workspace)
]
ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id or its name.")]

CHANNELS: Final = "/api/notices/channels"
COLUMNS = ["id", "name", "medium", "target", "kinds", "enabled"]

app = typer.Typer(help="Channels for notices: webhook, Slack or mail.", no_args_is_help=True)


@app.command("add")
def add_channel(
    name: str,
    workspace: Workspace,
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
    body: dict[str, Any] = {"name": name, "medium": medium.value, "target": target}
    if kind:
        body["kinds"] = [each.value for each in kind]
    with connect() as api:
        answer, created = api.create(CHANNELS, body | {"workspace_id": find_workspace(api, workspace)})
    channel, secret = answer["channel"], answer["secret"]
    if as_json:
        print_json(channel | {"created": created, "secret": secret})
        return
    out.print(f"channel {channel['name']} {'added' if created else 'is there already'}: {channel['id']}", highlight=False)
    if secret:
        out.print(f"{secret}\nIt signs what is sent, and is not shown again.", highlight=False, soft_wrap=True)


@app.command("list")
def list_channels(
    workspace: MaybeWorkspace = None, limit: Limit = DEFAULT_LIMIT, everything: Everything = False, as_json: AsJson = False
) -> None:
    """Every channel, without its secret."""
    with connect() as api:
        rows = read_pages(api, CHANNELS, "channels", limit=limit, everything=everything, **find_scope(api, workspace=workspace))
    show(rows, title="channels", as_json=as_json, columns=COLUMNS)


@app.command("test")
def try_channel(channel: ChannelArgument, workspace: MaybeWorkspace = None) -> None:
    """Let the healer send a test, once, and say how it ended."""
    with connect() as api:
        ended = api.post(f"{CHANNELS}/{_find_channel(api, channel, workspace)['id']}/test")["delivery"]
    if ended["state"] == DeliveryState.WAITING:
        raise CommandError("Another process of the healer has the test in hand. `tact notices log` shows what becomes of it.")
    if ended["state"] != DeliveryState.DELIVERED:
        raise CommandError(ended["last_error"] or "The test did not arrive.")
    out.print(f"{ended['channel_name']} took the test ({ended['last_status']}).", highlight=False)


@app.command("remove")
def remove_channel(
    channel: ChannelArgument, workspace: MaybeWorkspace = None, apply: Annotated[bool, typer.Option("--apply", help="Do it.")] = False
) -> None:
    """Remove a channel; what waits for it is given up, and its log stays."""
    with connect() as api:
        found = _find_channel(api, channel, workspace)
        if apply:
            api.delete(f"{CHANNELS}/{found['id']}")
    out.print(f"{found['name']} is removed." if apply else f"{found['name']} would be removed; --apply does it.", highlight=False)


@app.command("log")
def show_log(
    workspace: MaybeWorkspace = None,
    kind: NoticeKind | None = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """The notices, and how each reached the people."""
    with connect() as api:
        scope = find_scope(api, workspace=workspace)
        most = None if everything else limit
        entries = list(api.pages("/api/notices", "notices", limit=most, mark="before", kind=kind and kind.value, **scope))
    if as_json:
        print_json(entries)
        return
    rows = [
        {
            "happened_at": format_time(entry["happened_at"], "%Y-%m-%d %H:%M"),
            "subject": entry["subject"],
            "channel": each["channel_name"] if each else None,
            "state": each["state"] if each else "no channel",
            "tries": each["attempts"] if each else None,
            "why": each["last_error"] if each else None,
        }
        for entry in entries
        for each in entry["deliveries"] or [None]
    ]
    show(rows, title="notices", as_json=False)


def _find_channel(api: Api, word: str, workspace: str | None) -> dict[str, Any]:
    everything = api.pages(CHANNELS, "channels", **find_scope(api, workspace=workspace))
    found = [each for each in everything if word.casefold() in {each["id"], each["name"].casefold()}]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"Several workspaces have a channel '{word}'; name one with --workspace.")
    raise CommandError(f"There is no channel '{word}'. `tact notices list` shows those there are.")
