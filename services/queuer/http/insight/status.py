"""What the accounts and campaigns are doing, and whether anything may leave: the data of `tact status`."""

from datetime import datetime

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.queuer.http.models import Success
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.store.insight.status import CampaignProgress, load_campaigns
from services.queuer.workflows.insight.status import MOST, AccountLine, read_accounts
from shared.db.statements import business_now
from shared.fence import store as fences
from shared.fence.rules import FORGETFUL, FenceRow
from shared.service.auth import Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.service.process import Service


class FenceOut(BaseModel):
    """Whether anything may leave, as the database knows it; each service says its own in /readyz."""

    line: str
    read_only_since: datetime | None
    read_only_why: str | None
    head: int = Field(description="The last head that was written to the database; Kafka has the same one.")

    @classmethod
    def of(cls, row: FenceRow) -> "FenceOut":
        """From the fence's row."""
        if row.read_only_why is not None:
            line = f"READ-ONLY since {row.read_only_since:%Y-%m-%d %H:%M:%S} UTC: {row.read_only_why} `tact adopt` says what to do."
        elif row.stack_id is None:
            line = "nothing leaves yet: the stack has not been started"
        elif not row.durable:
            line = f"nothing leaves: {FORGETFUL}"
        else:
            line = f"database and Kafka agree: head {row.seq:,} of {row.business_at:%Y-%m-%d %H:%M:%S} UTC"
        return cls(line=line, read_only_since=row.read_only_since, read_only_why=row.read_only_why, head=row.seq)


class Status(Success):
    """Accounts and campaigns of what the token may see, at most fifty of each."""

    business_now: datetime
    fence: FenceOut
    accounts: list[AccountLine]
    campaigns: list[CampaignProgress]


def routes(service: Service, readers: asyncpg.Pool, call_times: CallTimes) -> APIRouter:
    """/api/status."""
    router = APIRouter(prefix="/api/status", tags=["status"], responses=FAILURES)

    @router.get("", summary="What the accounts and campaigns are doing, and whether anything may leave")
    async def status(caller: Viewer) -> Status:
        fence = FenceOut.of(await fences.read_fence(service.pool))
        async with tenant_transaction(readers, caller) as connection:
            return Status(
                business_now=await business_now(connection),
                fence=fence,
                accounts=await read_accounts(connection, call_times),
                campaigns=await load_campaigns(connection, most=MOST),
            )

    return router
