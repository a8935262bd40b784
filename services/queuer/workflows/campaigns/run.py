"""Start, pause, resume, complete and cancel a campaign. Every verb may be repeated: the second time changes nothing."""

from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns.checks import check_sendable
from services.queuer.rules.campaigns.steps import Wish, ready_to_start, steps_of
from services.queuer.rules.campaigns.views import CampaignChanged, CampaignInFull
from services.queuer.store.campaigns import campaigns as store
from services.queuer.store.campaigns import planned_messages
from services.queuer.store.campaigns.campaigns import LockedCampaign
from services.queuer.workflows.campaigns.create import check_schedules
from shared.db.pool import Connection
from shared.db.statements import wake_accounts, write_audit_line
from shared.refusals import Conflict, Refused
from shared.vocabulary import COMMAND_LINE, CampaignStatus

BATCH: Final = 1000
"""Sends cancelled in one transaction."""

_RUNS: Final = frozenset({CampaignStatus.RUNNING})
_OPEN: Final = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})
_NEVER_RAN: Final = frozenset({CampaignStatus.DRAFT})
_ENDED: Final = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})


async def start(pool: asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE) -> CampaignChanged:
    """Let a draft or paused campaign run. Its prospects are planned by the queuer, which finds the unplanned by itself.

    Raises:
        NotFound: there is none.
        Refused: it has no steps, no account, or something in it cannot be used.
        Conflict: it is over.
    """
    return await _run(pool, campaign_id, workspace_id, actor=actor, verb="start", allowed=_NEVER_RAN | {CampaignStatus.PAUSED})


async def resume(pool: asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE) -> CampaignChanged:
    """Let a paused campaign run on. What fell due meanwhile leaves with the spacing of its account, not at once.

    Raises:
        NotFound, Refused, Conflict: as `start`; Conflict also for one that was never started.
    """
    return await _run(pool, campaign_id, workspace_id, actor=actor, verb="resume", allowed=frozenset({CampaignStatus.PAUSED}))


async def pause(pool: asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE) -> CampaignChanged:
    """Let nothing more of it leave. One row changes however many prospects it has; what does not run stays as it is.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection, connection.transaction():
        was = await store.lock_campaign(connection, campaign_id, workspace_id=workspace_id)
        if was.status not in _RUNS:
            return CampaignChanged(await store.get_campaign(connection, campaign_id), changed=False)
        return await _move(connection, campaign_id, was, CampaignStatus.PAUSED, actor=actor, verb="pause")


async def complete(
    pool: asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE
) -> CampaignChanged:
    """End a campaign for good; what was still planned is cancelled. One that has done its work is completed by itself, and goes on
    when a prospect is added, until an operator completes it.

    Raises:
        NotFound: there is none.
        Conflict: it never ran, or was cancelled.
    """
    return await _end(pool, campaign_id, workspace_id, CampaignStatus.COMPLETED, actor=actor, verb="complete", allowed=_OPEN)


async def cancel(pool: asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE) -> CampaignChanged:
    """Give a campaign up for good; what was still planned is cancelled.

    Raises:
        NotFound: there is none.
        Conflict: it was completed.
    """
    return await _end(pool, campaign_id, workspace_id, CampaignStatus.CANCELLED, actor=actor, verb="cancel", allowed=_OPEN | _NEVER_RAN)


async def _run(
    pool: asyncpg.Pool, campaign_id: UUID, workspace_id: UUID | None, *, actor: str, verb: str, allowed: frozenset[CampaignStatus]
) -> CampaignChanged:
    async with pool.acquire() as connection, connection.transaction():
        account_ids = await store.lock_accounts(connection, campaign_id)
        was = await store.lock_campaign(connection, campaign_id, workspace_id=workspace_id)
        campaign = await store.get_campaign(connection, campaign_id)
        if campaign.status in _RUNS:
            return CampaignChanged(campaign, changed=False)
        if was.completed_by_itself:
            raise _goes_on_by_itself(campaign)
        if campaign.status not in allowed:
            raise _not_from(campaign, verb)
        _check(campaign, was)
        done = await _move(connection, campaign_id, was, CampaignStatus.RUNNING, actor=actor, verb=verb)
        await wake_campaign(connection, campaign_id, account_ids)
        return done


async def _end(
    pool: asyncpg.Pool,
    campaign_id: UUID,
    workspace_id: UUID | None,
    status: CampaignStatus,
    *,
    actor: str,
    verb: str,
    allowed: frozenset[CampaignStatus],
) -> CampaignChanged:
    async with pool.acquire() as connection:
        async with connection.transaction():
            was = await store.lock_campaign(connection, campaign_id, workspace_id=workspace_id)
            by_itself = was.completed_by_itself  # an operator's decision is final, a completion by itself is not
            if was.status is not status and was.status not in allowed and not by_itself:
                raise _not_from(await store.get_campaign(connection, campaign_id), verb)
            changed = was.status is not status or by_itself
            if changed:
                await _move(connection, campaign_id, was, status, actor=actor, verb=verb)
        # The campaign's status alone lets nothing leave; after a crash in here the same request cancels the rest.
        reason = f"The campaign was {status}."
        planned = await planned_messages.planned_ids(connection, campaign_id)
        for start in range(0, len(planned), BATCH):
            await planned_messages.cancel_pending(connection, planned[start : start + BATCH], reason=reason)
        return CampaignChanged(await store.get_campaign(connection, campaign_id), changed)


async def wake_campaign(connection: Connection, campaign_id: UUID, account_ids: list[UUID]) -> None:
    """Open the campaign's lanes and have its accounts looked at now; the accounts are locked by the caller."""
    await store.open_lanes(connection, campaign_id)
    await wake_accounts(connection, account_ids)


async def _move(
    connection: Connection, campaign_id: UUID, was: LockedCampaign, status: CampaignStatus, *, actor: str, verb: str
) -> CampaignChanged:
    await store.move_campaign(connection, campaign_id, was=was.status, status=status)
    details = {"was": was.status.value}
    await write_audit_line(connection, actor, verb, "campaign", campaign_id, workspace_id=was.workspace_id, details=details)
    return CampaignChanged(await store.get_campaign(connection, campaign_id), changed=True)


def _check(campaign: CampaignInFull, locked: LockedCampaign) -> None:
    """What must be right before the first message; stored campaigns may be older than today's rules."""
    check_sendable(campaign.campaign_type)
    if not locked.workspace_active:
        raise Conflict("The workspace is not active, so nothing of it may leave. Activate it first.", code="workspace_inactive")
    ready_to_start(campaign.campaign_type, campaign.steps)
    steps_of(campaign.campaign_type, [Wish(step.message_type, step.template, step.delay) for step in campaign.steps])
    if not campaign.accounts:
        raise Refused("The campaign has no account to send from. Give it one of the workspace's accounts first.", code="no_accounts")
    check_schedules(campaign.schedule_settings, campaign.accounts, locked.workspace_schedule)


def _goes_on_by_itself(campaign: CampaignInFull) -> Conflict:
    said = f"The campaign {campaign.campaign_name!r} has done its work; it goes on by itself as soon as a lead is approved for it."
    return Conflict(said, code="wrong_status", details={"status": campaign.status.value})


def _not_from(campaign: CampaignInFull, verb: str) -> Conflict:
    if campaign.status in _NEVER_RAN:
        said = f"The campaign {campaign.campaign_name!r} was never started, so there is nothing to {verb}. Start it."
    else:
        said = f"The campaign {campaign.campaign_name!r} is {campaign.status}, and that is final. Make a new campaign."
    return Conflict(said, code="wrong_status", details={"status": campaign.status.value})
