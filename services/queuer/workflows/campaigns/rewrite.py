"""Write planned messages anew after their template changed. Messages that were dispatched once stay as they are, byte for byte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.campaigns.views import CampaignInFull
from services.queuer.rules.planning.completion_events import completed
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import NoMessageText, render_step
from services.queuer.store.campaigns import campaigns, planned_messages
from services.queuer.store.campaigns.planned_messages import EndedMessage, EndedProspect, NewWords, PlannedMessage
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.topics import PROSPECTS_READY
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.statements import business_now
from shared.policy import note_limit
from shared.vocabulary import SendStatus
from shared.vocabulary.transitions import status_when_given_up

BATCH: Final = 500
"""Messages written anew in one transaction."""


@dataclass(slots=True)
class _Batch:
    """What one transaction writes."""

    fresh: list[NewWords] = field(default_factory=list)
    ended: list[tuple[PlannedMessage, EndedMessage]] = field(default_factory=list)
    prospects: list[EndedProspect] = field(default_factory=list)
    ready: list[UUID] = field(default_factory=list)


async def rewrite_planned(connection: Connection, campaign_id: UUID) -> int:
    """Bring every message of the campaign that is only planned to the newest text; returns how many changed.

    A message whose placeholders the lead has no values for is treated as when planning: the send fails or is left out with
    the reason. A message of a step that the newest version no longer has keeps its words.
    """
    campaign = await campaigns.get_campaign(connection, campaign_id)
    newest = await campaigns.newest_version(connection, campaign_id)
    if newest is None:
        return 0
    async with connection.transaction():
        await planned_messages.pin_newest_version(connection, campaign_id, newest.id)
    steps = {step.message_type: step for step in campaign.steps}
    planned = await planned_messages.planned_ids(connection, campaign_id)
    changed = 0
    for start in range(0, len(planned), BATCH):
        async with connection.transaction():
            changed += await _rewrite_batch(connection, campaign, steps, planned[start : start + BATCH])
    return changed


async def _rewrite_batch(connection: Connection, campaign: CampaignInFull, steps: Mapping[str, WorkflowStep], ids: Sequence[UUID]) -> int:
    batch = _Batch()
    for message in await planned_messages.lock_undispatched(connection, ids, message_types=list(steps)):
        limit = note_limit(message.account_type)
        words = render_step(steps[message.message_type], message.values, campaign.on_missing, note_limit=limit)
        if isinstance(words, NoMessageText):
            _end_message(batch, message, words)
        elif words.sha256 != message.message_sha256:
            batch.fresh.append(NewWords(message.id, words.text, words.sha256))
    await _record(connection, campaign, batch)
    return len(batch.fresh) + len(batch.ended)


def _end_message(batch: _Batch, message: PlannedMessage, words: NoMessageText) -> None:
    status = SendStatus.SKIPPED if words.skip else SendStatus.FAILED
    batch.ended.append((message, EndedMessage(message.id, status, words.reason, words.text, words.sha256)))
    if words.skip and message.step_position > 1:
        batch.ready.append(message.prospect_id)  # the next step takes its place
        return
    given_up = status_when_given_up(message.contacted_at)
    outcome = "skipped" if words.skip else "blocked"
    batch.prospects.append(EndedProspect(message.prospect_id, message.prospect_status, given_up, outcome, words.reason))


async def _record(connection: Connection, campaign: CampaignInFull, batch: _Batch) -> None:
    now = await business_now(connection)
    await planned_messages.write_words(connection, batch.fresh)
    await planned_messages.end_messages(connection, [ended for _, ended in batch.ended])
    await planned_messages.end_prospects(connection, batch.prospects, now=now)
    events = [_completed(campaign, message, ended, now) for message, ended in batch.ended]
    await put(connection, "queuer", [*events, *(_ready(campaign, prospect_id, now) for prospect_id in batch.ready)])


def _completed(campaign: CampaignInFull, message: PlannedMessage, ended: EndedMessage, now: datetime) -> Envelope:
    return completed(
        send_id=message.id,
        prospect_id=message.prospect_id,
        campaign_id=campaign.id,
        workspace_id=campaign.workspace_id,
        account_id=message.account_id,
        message_type=message.message_type,
        status=ended.status,
        reason=ended.reason,
        now=now,
    )


def _ready(campaign: CampaignInFull, prospect_id: UUID, now: datetime) -> Envelope:
    event = ProspectReady(prospect_id=prospect_id, campaign_id=campaign.id, workspace_id=campaign.workspace_id, reason="left_out")
    return enclose(PROSPECTS_READY, event, source="queuer", key=prospect_id, at=now)
