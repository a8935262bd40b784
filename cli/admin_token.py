"""tact admin-token: the first token of an installation, made in PostgreSQL because the API gives none to a caller without one."""

from typing import Annotated

import asyncpg
import typer

from cli.console import ACTOR, AsJson, out, print_json
from cli.target import on_pool
from services.queuer.workflows.accounts import tokens
from shared.vocabulary import Role


def admin_token(name: Annotated[str, typer.Argument(help="Who holds it, as the audit log will say.")], as_json: AsJson = False) -> None:
    """Make an administrator's token for every workspace in PostgreSQL: the first one, or when all are lost. It is shown once."""

    async def create(pool: asyncpg.Pool) -> tokens.NewToken:
        return await tokens.create_token(pool, workspace_id=None, role=Role.ADMIN, name=name, actor=ACTOR)

    made = on_pool(create)
    if as_json:
        print_json({"id": made.id, "token": made.token})
        return
    out.print(f"{made.token}\nIt is not stored and not shown again. `tact context add` keeps it here.", highlight=False, soft_wrap=True)
