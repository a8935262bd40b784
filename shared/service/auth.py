"""Authentication: bearer tokens, roles, and transactions that see one workspace alone.

A token is looked up by its SHA-256 and then compared in constant time; the caller that it names is cached for a few seconds,
so a revoked token is refused after at most that time.
"""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_one, load
from shared.service.http import ApiError, CronError
from shared.vocabulary import Role

queries = load(__file__)

REMEMBERED: Final = 5.0
"""Seconds for which a token's caller is cached."""
MOST_REMEMBERED: Final = 10_000

_RANK: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a token; `workspace_id` None: an operator of the platform, who sees every workspace."""

    workspace_id: UUID | None
    role: Role
    token_id: UUID

    @property
    def actor(self) -> str:
        """What the audit log says."""
        return f"token {self.token_id}"

    def own(self, workspace_id: UUID | None) -> UUID:
        """The workspace that a request which makes something is about.

        Raises:
            ApiError: 422 when the token is bound to none and the request names none; 404 for another one's.
        """
        wanted = workspace_id or self.workspace_id
        if wanted is None:
            raise ApiError(422, "workspace_missing", "This token is bound to no workspace; name one in workspace_id.")
        if self.workspace_id is not None and wanted != self.workspace_id:
            raise ApiError(404, "unknown_workspace", f"There is no workspace {wanted}.")
        return wanted

    def require_platform(self, what: str) -> None:
        """Refuse every caller but operators of the whole installation.

        Raises:
            ApiError: 403 when the token is bound to a workspace.
        """
        if self.workspace_id is not None:
            raise ApiError(403, "forbidden", f"{what} belongs to the operators of the platform, whose tokens are bound to no workspace.")


@dataclass(frozen=True, slots=True)
class _Token:
    id: UUID
    workspace_id: UUID | None
    role: Role
    token_sha256: bytes


class TokenCallers:
    """Finds the caller of a token, and caches it."""

    def __init__(self, pool: asyncpg.Pool, *, remembered: float = REMEMBERED) -> None:
        self._pool = pool
        self._remembered = remembered
        self._known: dict[bytes, tuple[float, Caller]] = {}

    async def admit(self, token: str) -> Caller | None:
        """The caller that bears this token; None when it is unknown, revoked, or its workspace is not active."""
        digest = hashlib.sha256(token.encode()).digest()
        remembered = self._known.get(digest)
        if remembered and remembered[0] > time.monotonic():
            return remembered[1]
        row = await fetch_one(self._pool, queries.find_token, _Token, sha256=digest)
        if row is None or not hmac.compare_digest(row.token_sha256, digest):
            self._known.pop(digest, None)
            return None
        caller = Caller(row.workspace_id, row.role, row.id)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = (time.monotonic() + self._remembered, caller)
        return caller


def install(app: FastAPI, pool: asyncpg.Pool) -> None:
    """Give the app its authentication, which `require` uses. The pool's role must be allowed to read `api_tokens`."""
    app.state.token_callers = TokenCallers(pool)


_bearer = HTTPBearer(auto_error=False, description="A token made by `tact token create`: tact_…")


def require(role: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency that admits callers of this role or a stronger one.

    Raises (the dependency):
        ApiError: 401 without a token that opens anything, 403 for a role that is too weak.
    """

    async def caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        if given is None:
            raise ApiError(401, "unauthorized", "Send the header Authorization: Bearer <token>; `tact token create` makes one.")
        callers: TokenCallers = request.app.state.token_callers
        found = await callers.admit(given.credentials)
        if found is None:
            raise ApiError(401, "unauthorized", "The token is unknown, was revoked, or its workspace is not active. Ask for a new one.")
        if _RANK[found.role] < _RANK[role]:
            raise ApiError(403, "forbidden", f"This needs the role {role}, and the token has {found.role}. Ask for a stronger token.")
        return found

    return caller


def require_briefly(role: Role) -> Callable[..., Awaitable[Caller]]:
    """The same for routes that keep the short answers their callers know.

    Raises (the dependency):
        CronError: 401 `{"error": "Unauthorized"}`, 403 `{"error": "Forbidden", "details"}`.
    """
    admit = require(role)

    async def caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        try:
            return await admit(request, given)
        except ApiError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise CronError(error.status, "Unauthorized") from None
            raise CronError(error.status, "Forbidden", error.message) from None

    return caller


Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]
Operator = Annotated[Caller, Depends(require(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(require(Role.ADMIN))]


@asynccontextmanager
async def tenant_transaction(pool: asyncpg.Pool, caller: Caller) -> AsyncIterator[Connection]:
    """A read-only transaction that sees what the caller may see: row-level security applies to every query.

    An operator of the platform has no workspace and reads in the role of the service.
    """
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        if caller.workspace_id is not None:
            await execute(connection, queries.act_as_tenant, workspace_id=str(caller.workspace_id))
        yield connection
