"""Workspaces and accounts over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from services.queuer.http.models import HOURS, AccountOut, DailyLimit, Named, ScheduleSettings, Success, Taken, WorkspaceOut
from services.queuer.store.accounts import accounts, workspaces
from services.queuer.workflows.accounts import change as change_account
from services.queuer.workflows.accounts.add_account import add_account as add_account_row
from services.queuer.workflows.accounts.add_workspace import add_workspace as add_workspace_row
from services.queuer.workflows.accounts.pause import pause_account, resume_account
from shared.service.auth import Admin, Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.service.process import Service
from shared.vocabulary import AccountType


class NewAccountBody(Taken):
    """An account that the provider knows already."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider_account_id": "your-unipile-account-id",
                    "name": "Ana, sales",
                    "account_type": "premium",
                    "country": "DE",
                    "timezone": "Europe/Berlin",
                    "schedule_settings": HOURS,
                }
            ]
        }
    )

    workspace_id: UUID | None = Field(None, description="Only for tokens that are bound to no workspace.")
    provider_account_id: str = Field(description="Unipile's account id.")
    provider_user_id: str | None = Field(None, description="The member's own id as /users/me shows it.")
    name: str
    account_type: AccountType = AccountType.FREE
    country: str = Field("US", description="Whose weekend and holidays: US, DE, DE-BY.")
    timezone: str = Field("America/New_York", description="Whose day counts the caps: Europe/Berlin.")
    daily_cr_limit: DailyLimit = None
    schedule_settings: ScheduleSettings = Field({})
    warm_up: bool = Field(True, description="Let it grow to its caps over 14 days; false for an account that has long been busy.")


class AccountFacts(Taken):
    """What is absent stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"account_type": "premium", "timezone": "Europe/Berlin", "country": "DE-BY"}]}
    )

    name: str | None = None
    account_type: AccountType | None = Field(None, description="What the member pays for; its limits follow.")
    country: str | None = Field(None, description="Whose weekend and holidays: US, DE, DE-BY.")
    timezone: str | None = Field(None, description="Whose day counts the caps; it holds once both zones have begun another day.")


class NewWorkspaceBody(Taken):
    """A tenant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"company_name": "Example & Sons", "email": "ops@example.com"}]})

    company_name: str
    email: str = Field(description="Where notices go.")
    airtable_base_id: str = ""
    tier: str = "standard"
    daily_cr_limit: DailyLimit = None
    schedule_settings: ScheduleSettings = Field({})


class OneWorkspace(Success):
    """A workspace."""

    workspace: WorkspaceOut


class Pausing(Taken):
    """Why an account is paused."""

    reason: str | None = Field(None, max_length=200, description="Shown as the account's status_reason.")


class OneAccount(Success):
    """An account."""

    account: AccountOut


class OneAccountChanged(OneAccount):
    """`changed` is false when it was so already."""

    changed: bool


class AccountChangedAnswer(OneAccountChanged):
    """`timezone_next` holds from `timezone_from` on (business time); null where no other zone waits."""

    timezone_next: str | None
    timezone_from: datetime | None


class Accounts(Success):
    """A page; `next` is the `after` of the page that follows."""

    accounts: list[AccountOut]
    next: UUID | None


class Workspaces(Success):
    """A page; `next` is the `after` of the page that follows."""

    workspaces: list[WorkspaceOut]
    next: str | None


def routes(service: Service, readers: asyncpg.Pool) -> APIRouter:
    """/api/workspaces and /api/accounts."""
    router = APIRouter(prefix="/api", tags=["accounts"], responses=FAILURES)

    @router.get("/workspaces", summary="The workspaces that the token may see, by name")
    async def list_workspaces(
        caller: Viewer,
        named: Named = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Workspaces:
        async with tenant_transaction(readers, caller) as connection:
            found = await workspaces.list_workspaces(connection, named=named, after=after, most=limit)
        last = found[-1].company_name if len(found) == limit else None
        return Workspaces(workspaces=[WorkspaceOut.model_validate(each) for each in found], next=last)

    @router.post(
        "/workspaces", status_code=201, summary="Add a workspace; the same one again answers 200", responses={200: {"model": OneWorkspace}}
    )
    async def add_workspace(body: NewWorkspaceBody, caller: Admin, response: Response) -> OneWorkspace:
        caller.require_platform("Adding workspaces")
        done = await add_workspace_row(
            service.pool,
            company_name=body.company_name,
            email=body.email,
            airtable_base_id=body.airtable_base_id,
            tier=body.tier,
            daily_cr_limit=body.daily_cr_limit,
            schedule_settings=body.schedule_settings,
            actor=caller.actor,
        )
        response.status_code = 201 if done.created else 200
        return OneWorkspace(workspace=WorkspaceOut.model_validate(done.workspace))

    @router.get("/accounts", summary="The accounts that the token may see")
    async def list_accounts(
        caller: Viewer, named: Named = None, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Accounts:
        async with tenant_transaction(readers, caller) as connection:
            found = await accounts.list_accounts(connection, workspace_id=caller.workspace_id, named=named, after=after, most=limit)
        last = found[-1].id if len(found) == limit else None
        return Accounts(accounts=[AccountOut.model_validate(each) for each in found], next=last)

    @router.post(
        "/accounts", status_code=201, summary="Add an account; the same one again answers 200", responses={200: {"model": OneAccount}}
    )
    async def add(body: NewAccountBody, caller: Operator, response: Response) -> OneAccount:
        done = await add_account_row(
            service.pool,
            workspace_id=caller.own(body.workspace_id),
            provider_account_id=body.provider_account_id,
            provider_user_id=body.provider_user_id,
            name=body.name,
            account_type=body.account_type,
            country=body.country,
            timezone=body.timezone,
            daily_cr_limit=body.daily_cr_limit,
            schedule_settings=body.schedule_settings,
            warm_up=body.warm_up,
            actor=caller.actor,
        )
        response.status_code = 201 if done.created else 200
        return OneAccount(account=AccountOut.model_validate(done.account))

    @router.patch("/accounts/{account_id}", summary="Change an account's name, type, country or zone; the same again changes nothing")
    async def change(account_id: UUID, body: AccountFacts, caller: Operator) -> AccountChangedAnswer:
        wanted = change_account.AccountChanges(name=body.name, account_type=body.account_type, country=body.country, timezone=body.timezone)
        done = await change_account.change(service.pool, account_id, wanted, workspace_id=caller.workspace_id, actor=caller.actor)
        service.wake()
        return AccountChangedAnswer(
            account=AccountOut.model_validate(done.account),
            changed=done.changed,
            timezone_next=done.timezone_next,
            timezone_from=done.timezone_from,
        )

    @router.post("/accounts/{account_id}/pause", summary="Let nothing leave from this account; harmless to repeat")
    async def pause(account_id: UUID, caller: Operator, body: Pausing | None = None) -> OneAccountChanged:
        reason = body.reason if body else None
        done = await pause_account(service.pool, account_id, workspace_id=caller.workspace_id, actor=caller.actor, reason=reason)
        service.wake()
        return OneAccountChanged(account=AccountOut.model_validate(done.account), changed=done.changed)

    @router.post("/accounts/{account_id}/resume", summary="Let a paused account act again; harmless to repeat")
    async def resume(account_id: UUID, caller: Operator) -> OneAccountChanged:
        done = await resume_account(service.pool, account_id, workspace_id=caller.workspace_id, actor=caller.actor)
        service.wake()
        return OneAccountChanged(account=AccountOut.model_validate(done.account), changed=done.changed)

    return router
