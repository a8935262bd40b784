"""Two workspaces with accounts and tokens, and where the API listens."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
import httpx

from services.queuer.workflows.accounts.add_account import add_account
from services.queuer.workflows.accounts.add_workspace import add_workspace
from services.queuer.workflows.accounts.tokens import create_token
from services.queuer.workflows.insight.forecast import LONGEST
from shared.vocabulary import AccountType, Role

LARGEST = 64 * 1024
PATIENCE = LONGEST + 30.0
"""Seconds a caller waits: longer than the slowest answer may take, so that the API gives up first and says so."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the API is, and who may ask."""

    url: str
    ours: UUID
    theirs: UUID
    viewer: str
    operator: str
    foreign: str
    platform: str

    def client(self, token: str | None) -> httpx.AsyncClient:
        """A client with a token, or with none."""
        headers = {b"authorization": f"Bearer {token}".encode()} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE)


async def set_stage(pool: asyncpg.Pool, url: str) -> Stage:
    ours = (await add_workspace(pool, company_name="Ours", email="ops@example.com")).workspace.id
    theirs = (await add_workspace(pool, company_name="Theirs", email="ops@example.org")).workspace.id
    for workspace, name in ((ours, "acc-ana"), (ours, "acc-bo"), (theirs, "acc-zoe")):
        await add_account(
            pool,
            workspace_id=workspace,
            provider_account_id=name,
            name=name.removeprefix("acc-").title(),
            account_type=AccountType.PREMIUM,
            country="DE",
            timezone="Europe/Berlin",
            warm_up=False,
        )

    async def token(workspace: UUID | None, role: Role) -> str:
        return (await create_token(pool, workspace_id=workspace, role=role, name=f"{role} for tests")).token

    return Stage(
        url,
        ours,
        theirs,
        viewer=await token(ours, Role.VIEWER),
        operator=await token(ours, Role.OPERATOR),
        foreign=await token(theirs, Role.ADMIN),
        platform=await token(None, Role.ADMIN),
    )
