"""Bearer tokens over HTTP: an admin makes and revokes those of the own workspace, an admin of the platform all of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from services.queuer.http.models import Given, Success, Taken
from services.queuer.store.accounts.tokens import list_tokens
from services.queuer.workflows.accounts.tokens import create_token, revoke_token
from shared.service.auth import Admin
from shared.service.http import FAILURES
from shared.service.process import Service
from shared.vocabulary import Role


class NewTokenBody(Taken):
    """A token to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "nightly import", "role": "operator"}]})

    name: str
    role: Role = Role.OPERATOR
    workspace_id: UUID | None = Field(None, description="null with a token of the platform: a token for every workspace.")


class TokenOut(Given):
    """A token without its secret; `workspace_id` null: of every workspace."""

    id: UUID
    workspace_id: UUID | None
    role: Role
    name: str
    created_at: datetime
    revoked_at: datetime | None


class TokenMade(Success):
    """The one answer that holds the token itself."""

    id: UUID
    token: str


class Tokens(Success):
    """A page; `next` is the `after` of the page that follows."""

    tokens: list[TokenOut]
    next: UUID | None


class TokenRevoked(Success):
    """`changed` is false when it was revoked already."""

    changed: bool


def routes(service: Service) -> APIRouter:
    """/api/tokens."""
    router = APIRouter(prefix="/api/tokens", tags=["tokens"], responses=FAILURES)

    @router.get("", summary="Tokens in the order they were made, without their secrets")
    async def list_them(caller: Admin, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Tokens:
        async with service.pool.acquire() as connection:
            found = await list_tokens(connection, workspace_id=caller.workspace_id, after=after, most=limit)
        return Tokens(tokens=[TokenOut.model_validate(each) for each in found], next=found[-1].id if len(found) == limit else None)

    @router.post("", status_code=201, summary="Make a token; it is shown once")
    async def create(body: NewTokenBody, caller: Admin) -> TokenMade:
        workspace_id = body.workspace_id if caller.workspace_id is None else caller.own(body.workspace_id)
        made = await create_token(service.pool, workspace_id=workspace_id, role=body.role, name=body.name, actor=caller.actor)
        return TokenMade(id=made.id, token=made.token)

    @router.post("/{token_id}/revoke", summary="Let a token open nothing any more; harmless to repeat")
    async def revoke(token_id: UUID, caller: Admin) -> TokenRevoked:
        changed = await revoke_token(service.pool, token_id, workspace_id=caller.workspace_id, actor=caller.actor)
        return TokenRevoked(changed=changed)

    return router
