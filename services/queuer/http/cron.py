"""What a schedule, or a person in a hurry, calls: send what is due now, and plan who waits. Answers in the words they know."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.accounts.account_availability import MOST_ACCOUNTS, MOST_COUNTED, AccountStanding
from services.queuer.workflows.dispatch.process import DispatchResult, Processed, Processor
from services.queuer.workflows.planning.plan_now import Planned, PlanNow
from shared.db.errors import DATABASE_ERRORS
from shared.refusals import Refused
from shared.service.http import CronError, require_cron_secret
from shared.service.process import Service


class AccountAnswer(BaseModel):
    """Why nothing (more) of an account leaves now; `next_at` is None where no time is known."""

    account_id: UUID
    account: str
    reason: str = Field(description="A reason of the policy, or due, in_hand, nothing_planned.")
    detail: str
    next_at: datetime | None

    @classmethod
    def of(cls, each: AccountStanding) -> "AccountAnswer":
        """From a standing."""
        said = each.standing
        return cls(account_id=each.account.id, account=each.account.name, reason=said.reason, detail=said.detail, next_at=said.next_at)


class SendAnswer(BaseModel):
    """One send that this call handed out."""

    send_id: UUID
    account_id: UUID
    to: str
    message_type: str
    outcome: str = Field(description="sent, looked_up, deferred, failed, skipped, cancelled, unknown or under_way.")
    error_message: str | None

    @classmethod
    def of(cls, each: DispatchResult) -> "SendAnswer":
        """From an outcome."""
        send = each.send
        return cls(
            send_id=send.send_id,
            account_id=send.account_id,
            to=each.name,
            message_type=send.message_type,
            outcome=each.outcome.value,
            error_message=send.error_message,
        )


class ProcessAnswer(BaseModel):
    """What a tick came to. Times are business time."""

    success: Literal[True] = True
    processed: int = Field(description="Messages that this call sent; what other calls or the service itself sent is theirs.")
    sent_to: str | None = Field(description="To whom; several are separated by commas.")
    remaining_in_queue: int = Field(description=f"Planned messages, counted no further than {MOST_COUNTED:,}.")
    message: str
    pending: int = Field(description="Handed out by this call and not known to have ended when the wait was over.")
    next_at: datetime | None = Field(description="The next moment at which anything may leave.")
    sends: list[SendAnswer]
    accounts: list[AccountAnswer] = Field(description=f"The first {MOST_ACCOUNTS} that have something planned.")
    complete: bool = Field(description="False: there are more accounts; name a workspace or an account.")

    @classmethod
    def of(cls, done: Processed) -> "ProcessAnswer":
        """From what the workflow came to."""
        return cls(
            processed=len(done.sent),
            sent_to=", ".join(each.name for each in done.sent) or None,
            remaining_in_queue=done.asked.remaining,
            message=done.message,
            pending=done.pending,
            next_at=done.asked.next_at,
            sends=[SendAnswer.of(each) for each in done.outcomes],
            accounts=[AccountAnswer.of(each) for each in done.asked.accounts],
            complete=done.asked.complete,
        )


class PlanAnswer(BaseModel):
    """What planning at once came to, in sends; `remaining` in prospects."""

    success: Literal[True] = True
    planned: int
    skipped: int
    failed: int
    not_planned: int = Field(description="Could not be planned: the schedule settings cannot be read.")
    remaining: int = Field(description=f"Prospects of running campaigns that wait, counted no further than {MOST_COUNTED:,}.")
    message: str

    @classmethod
    def of(cls, done: Planned) -> "PlanAnswer":
        """From what the workflow came to."""
        words = f"{done.planned} message{'' if done.planned == 1 else 's'} planned" if done.outcomes.total() else "No prospects to plan"
        return cls(
            planned=done.planned,
            skipped=done.outcomes["skipped"],
            failed=done.outcomes["failed"],
            not_planned=done.outcomes["not_planned"],
            remaining=done.remaining,
            message=f"{words}. {done.remaining} prospect{'' if done.remaining == 1 else 's'} remaining",
        )


def routes(service: Service, processor: Processor, planner: PlanNow) -> APIRouter:
    """/api/cron/process-send-queue and …/queue-pending-prospects; both want `x-cron-secret`."""

    async def let_in(request: Request) -> None:
        require_cron_secret(service, request)

    router = APIRouter(prefix="/api/cron", tags=["cron"], dependencies=[Depends(let_in)])

    @router.post("/process-send-queue", summary="Send what is due now, and say why the rest waits; harmless to repeat")
    async def process_send_queue(
        workspace: Annotated[UUID | None, Query(description="Only this one's accounts.")] = None,
        account: Annotated[UUID | None, Query(description="Only this account.")] = None,
    ) -> ProcessAnswer:
        try:
            return ProcessAnswer.of(await processor.process(QueueScope(workspace_id=workspace, account_id=account)))
        except Refused as error:
            raise CronError(404, error.message) from None
        except DATABASE_ERRORS as error:
            raise CronError(500, "Processing failed", str(error) or type(error).__name__) from error

    @router.post("/queue-pending-prospects", summary="Plan every prospect that waits to be planned; harmless to repeat")
    async def queue_pending_prospects() -> PlanAnswer:
        try:
            return PlanAnswer.of(await planner.plan())
        except DATABASE_ERRORS as error:
            raise CronError(500, "Planning failed", str(error) or type(error).__name__) from error

    return router
