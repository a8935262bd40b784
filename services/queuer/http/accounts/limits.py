"""Limits over HTTP: what an account may do, and who may change it."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import ConfigDict, Field

from services.queuer.http.models import Given, Success, Taken
from services.queuer.rules.accounts.limits import KEEP, MOST, OF_WORKSPACE
from services.queuer.store.accounts.limits import get_limits
from services.queuer.workflows.accounts.limits import except_account, set_account_limits, set_workspace_limits
from shared.contracts.campaign_fields import MOST_WITHDRAW_AFTER_DAYS
from shared.policy import TIERS
from shared.service.auth import Admin, Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.service.process import Service
from shared.vocabulary import Action


class Numbers(Taken):
    """What is absent stays; null gives a number back to the default."""

    daily_cr_limit: Annotated[int | None, Field(ge=1, le=MOST["daily_cr_limit"])] = None
    weekly_cr_limit: Annotated[int | None, Field(ge=1, le=MOST["weekly_cr_limit"], description="In any 168 hours.")] = None
    daily_message_limit: Annotated[int | None, Field(ge=1, le=MOST["daily_message_limit"])] = None
    daily_lookup_limit: Annotated[int | None, Field(ge=1, le=MOST["daily_lookup_limit"])] = None
    daily_email_limit: Annotated[int | None, Field(ge=1, le=MOST["daily_email_limit"])] = None

    def given(self) -> dict[str, int | None]:
        """The numbers that the request names."""
        return {name: getattr(self, name) for name in OF_WORKSPACE if name in self.model_fields_set}


class WorkspaceNumbers(Numbers):
    """For each of the workspace's accounts that has no number of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weekly_cr_limit": 80, "daily_message_limit": 60}]})

    withdraw_after_days: Annotated[
        int | None,
        Field(ge=1, le=MOST_WITHDRAW_AFTER_DAYS, description="What new connector campaigns take that do not say their own; null: never."),
    ] = None
    tier: str | None = Field(None, description=f"One of {', '.join(TIERS)}. Only for tokens that are bound to no workspace.")


class AccountNumbers(Numbers):
    """For this account alone, before its workspace's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"daily_cr_limit": 15, "warm_up_from": "2026-06-01"}]})

    warm_up_from: date | None = Field(None, description="The first day of its warm-up; null: an established account, no warm-up.")


class Exceptional(Taken):
    """A written exception to the most of the account's type."""

    most: int | None = Field(ge=1, le=MOST["daily_cr_limit"], description="Invitations a day that may be set; null takes it back.")
    by: str = Field(description="Who answers for it.")
    reason: str


class LimitsOut(Given):
    """What holds for an account now; `today` is what its warm-up leaves of `caps`."""

    account_id: UUID
    workspace_id: UUID
    name: str
    tier: str
    caps: dict[Action, int]
    today: dict[Action, int]
    weekly_invitations: int
    most_invitations: int
    warm_up_from: date | None
    warm_up_percent: int
    cr_exception: int | None
    cr_exception_by: str | None
    cr_exception_reason: str | None
    cr_exception_at: datetime | None


class AccountLimits(Success):
    """The limits of one account."""

    limits: LimitsOut


class AccountLimitsChanged(AccountLimits):
    """`changed` is false when it was so already."""

    changed: bool


class WorkspaceLimitsChanged(Success):
    """`changed` is false when it was so already."""

    changed: bool


def routes(service: Service, readers: asyncpg.Pool) -> APIRouter:
    """/api/accounts/{id}/limits and /api/workspaces/{id}/limits."""
    router = APIRouter(prefix="/api", tags=["limits"], responses=FAILURES)

    @router.get("/accounts/{account_id}/limits", summary="What an account may do a day and a week")
    async def show(account_id: UUID, caller: Viewer) -> AccountLimits:
        async with tenant_transaction(readers, caller) as connection:
            found = await get_limits(connection, account_id, workspace_id=caller.workspace_id)
        return AccountLimits(limits=LimitsOut.model_validate(found))

    @router.patch("/accounts/{account_id}/limits", summary="Set an account's own limits or its warm-up; null gives one back")
    async def set_account(account_id: UUID, body: AccountNumbers, caller: Operator) -> AccountLimitsChanged:
        changed = await set_account_limits(
            service.pool,
            account_id,
            body.given(),
            warm_up_from=body.warm_up_from if "warm_up_from" in body.model_fields_set else KEEP,
            workspace_id=caller.workspace_id,
            actor=caller.actor,
        )
        return await answer(account_id, changed=changed)

    @router.put("/accounts/{account_id}/exception", summary="Let an account be set to more than its type; for the platform's tokens")
    async def except_it(account_id: UUID, body: Exceptional, caller: Admin) -> AccountLimitsChanged:
        caller.require_platform("A written exception")
        changed = await except_account(service.pool, account_id, body.most, by=body.by, reason=body.reason, actor=caller.actor)
        return await answer(account_id, changed=changed)

    @router.patch("/workspaces/{workspace_id}/limits", summary="Set the limits of each account of a workspace; null gives one back")
    async def set_workspace(workspace_id: UUID, body: WorkspaceNumbers, caller: Operator) -> WorkspaceLimitsChanged:
        if body.tier is not None:
            caller.require_platform("A tier")
        changed = await set_workspace_limits(service.pool, caller.own(workspace_id), body.given(), tier=body.tier, actor=caller.actor)
        service.wake()
        return WorkspaceLimitsChanged(changed=changed)

    async def answer(account_id: UUID, **more: Any) -> AccountLimitsChanged:
        service.wake()
        return AccountLimitsChanged(limits=LimitsOut.model_validate(await get_limits(service.pool, account_id)), **more)

    return router
