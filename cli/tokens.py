"""tact token: bearer tokens of the HTTP API."""

from typing import Annotated
from uuid import UUID

import typer

from cli.client import connect
from cli.completion import complete_workspace
from cli.console import AsJson, out, print_json, show
from cli.listing import DEFAULT_LIMIT, Everything, Limit, read_pages
from cli.resolve import find_workspace
from shared.vocabulary import Role

app = typer.Typer(help="Bearer tokens of the HTTP API.", no_args_is_help=True)


@app.command("create")
def create_token(
    name: str,
    workspace: Annotated[
        str | None, typer.Option("--workspace", "-w", help="Unset: every workspace.", autocompletion=complete_workspace)
    ] = None,
    role: Role = Role.OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token. It is shown once."""
    with connect() as api:
        workspace_id = None if workspace is None else find_workspace(api, workspace)
        made = api.post("/api/tokens", {"name": name, "role": role.value, "workspace_id": workspace_id})
    if as_json:
        print_json({"id": made["id"], "token": made["token"]})
        return
    out.print(f"{made['token']}\nIt is not stored and not shown again.", highlight=False, soft_wrap=True)


@app.command("list")
def list_tokens(limit: Limit = DEFAULT_LIMIT, everything: Everything = False, as_json: AsJson = False) -> None:
    """Every token, without its secret."""
    with connect() as api:
        rows = read_pages(api, "/api/tokens", "tokens", limit=limit, everything=everything)
    show(rows, title="tokens", as_json=as_json, columns=["id", "name", "role", "workspace_id", "revoked_at"])


@app.command("revoke")
def revoke_token(token_id: UUID) -> None:
    """Let a token open nothing any more."""
    with connect() as api:
        answer = api.post(f"/api/tokens/{token_id}/revoke")
    out.print("Revoked." if answer["changed"] else "It was revoked already.")
