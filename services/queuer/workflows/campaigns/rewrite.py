"""Write planned messages anew after their template changed. Frozen ones, dispatched at least once, stay byte for byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.campaigns.views import CampaignInFull
from services.queuer.rules.planning.completion_events import completed
from services.queuer.rules.planning.next_step import Step
from services.queuer.rules.planning.rendering import NoWords, Words, compose
from services.queuer.store.campaigns import campaigns
from services.queuer.store.campaigns.campaigns import queries
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.topics import PROSPECTS_READY
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.policy import note_limit
from shared.vocabulary import AccountType, ProspectStatus, SendStatus

BATCH: Final = 500
"""Messages written anew in one transaction."""


@dataclass(slots=True)
class _Batch:
    """What one transaction writes."""

    fresh: list[tuple[UUID, Words]] = field(default_factory=list)
    ended: list[tuple[Mapping[str, Any], NoWords]] = field(default_factory=list)
    prospects: list[tuple[UUID, ProspectStatus, ProspectStatus, str, str]] = field(default_factory=list)
    ready: list[UUID] = field(default_factory=list)


async def rewrite(connection: Connection, campaign_id: UUID) -> int:
    """Bring every message of the campaign that is only planned to the newest text; returns how many changed.

    A lead whom the new text cannot be filled for is treated as when planning: the send fails or is left out with the
    reason. A step that the newest version does not have any more keeps its words.
    """
    campaign = await campaigns.get(connection, campaign_id)
    newest = await queries.newest_version(connection, campaign_id=campaign_id)
    if newest is None:
        return 0
    async with connection.transaction():
        await queries.pin_newest(connection, campaign_id=campaign_id, workflow_id=newest["id"])
    steps = {step.message_type: step for step in campaign.steps}
    planned = [row["id"] async for row in queries.planned_ids(connection, campaign_id=campaign_id)]
    changed = 0
    for start in range(0, len(planned), BATCH):
        async with connection.transaction():
            rows = queries.lock_unfrozen(connection, send_ids=planned[start : start + BATCH])
            changed += await _rewrite(connection, campaign, steps, [row["id"] async for row in rows])
    return changed


async def _rewrite(connection: Connection, campaign: CampaignInFull, steps: Mapping[str, Step], ids: Sequence[UUID]) -> int:
    batch = _Batch()
    async for row in queries.load_unfrozen(connection, send_ids=ids, message_types=list(steps)):
        words = compose(steps[row["message_type"]], row, campaign.on_missing, note_limit=note_limit(AccountType(row["account_type"])))
        if isinstance(words, NoWords):
            _end(batch, row, words)
        elif words.sha256 != row["message_sha256"]:
            batch.fresh.append((row["id"], words))
    await _record(connection, campaign, batch)
    return len(batch.fresh) + len(batch.ended)


def _end(batch: _Batch, row: Mapping[str, Any], words: NoWords) -> None:
    batch.ended.append((row, words))
    if words.skip and row["step_position"] > 1:
        batch.ready.append(row["prospect_id"])  # the next step takes its place
        return
    given_up = ProspectStatus.FAILED if row["contacted_at"] is None else ProspectStatus.COMPLETED
    outcome = "skipped" if words.skip else "blocked"
    batch.prospects.append((row["prospect_id"], ProspectStatus(row["prospect_status"]), given_up, outcome, words.reason))


async def _record(connection: Connection, campaign: CampaignInFull, batch: _Batch) -> None:
    now: datetime = await queries.business_now(connection)
    await queries.write_words(
        connection,
        send_ids=[send_id for send_id, _ in batch.fresh],
        messages=[words.text for _, words in batch.fresh],
        sha256s=[words.sha256 for _, words in batch.fresh],
    )
    await queries.end_sends(
        connection,
        send_ids=[row["id"] for row, _ in batch.ended],
        statuses=[_became(words).value for _, words in batch.ended],
        reasons=[words.reason for _, words in batch.ended],
        messages=[words.text for _, words in batch.ended],
        sha256s=[words.sha256 for _, words in batch.ended],
    )
    ids, was, statuses, outcomes, reasons = zip(*batch.prospects, strict=True) if batch.prospects else ((), (), (), (), ())
    await queries.end_prospects(connection, prospect_ids=ids, was=was, statuses=statuses, outcomes=outcomes, reasons=reasons, now=now)
    told = [_completed(campaign, row, words, now) for row, words in batch.ended]
    await put(connection, "queuer", [*told, *(_ready(campaign, prospect_id, now) for prospect_id in batch.ready)])


def _became(words: NoWords) -> SendStatus:
    return SendStatus.SKIPPED if words.skip else SendStatus.FAILED


def _completed(campaign: CampaignInFull, row: Mapping[str, Any], words: NoWords, now: datetime) -> Envelope:
    return completed(
        send_id=row["id"],
        prospect_id=row["prospect_id"],
        campaign_id=campaign.id,
        workspace_id=campaign.workspace_id,
        account_id=row["account_id"],
        message_type=row["message_type"],
        status=_became(words),
        reason=words.reason,
        now=now,
    )


def _ready(campaign: CampaignInFull, prospect_id: UUID, now: datetime) -> Envelope:
    event = ProspectReady(prospect_id=prospect_id, campaign_id=campaign.id, workspace_id=campaign.workspace_id, reason="left_out")
    return enclose(PROSPECTS_READY, event, source="queuer", key=prospect_id, at=now)
