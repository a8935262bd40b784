"""The rows of send_queue that planning reads and writes, and the recipients that earlier look-ups found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.next_send import NewSend
from services.queuer.rules.planning.next_step import StepProgress
from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_column, load
from shared.vocabulary import SendStatus

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class _StepProgressRow:
    prospect_id: UUID
    message_type: str
    status: SendStatus
    sent_at: datetime | None
    dispatched: bool
    needs_words: bool


@dataclass(frozen=True, slots=True)
class _KnownRecipient:
    account_id: UUID
    lead_id: UUID
    provider_id: str


async def load_progress(connection: Connection, prospect_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, StepProgress]]:
    """What became of the steps that have a row, by prospect and message type."""
    found: dict[UUID, dict[str, StepProgress]] = {}
    for row in await fetch_all(connection, queries.load_progress, _StepProgressRow, prospect_ids=prospect_ids, not_rendered=NOT_RENDERED):
        found.setdefault(row.prospect_id, {})[row.message_type] = StepProgress(row.status, row.sent_at, row.dispatched, row.needs_words)
    return found


async def known_recipients(
    connection: Connection, account_ids: Collection[UUID], lead_ids: Collection[UUID], *, fresh_since: datetime
) -> Mapping[tuple[UUID, UUID], str]:
    """The provider's id of each lead as each account knows it, where that was looked up since `fresh_since`."""
    rows = await fetch_all(
        connection,
        queries.known_recipients,
        _KnownRecipient,
        account_ids=list(account_ids),
        lead_ids=list(lead_ids),
        fresh_since=fresh_since,
    )
    return {(row.account_id, row.lead_id): row.provider_id for row in rows}


async def insert_sends(connection: Connection, sends: Sequence[NewSend]) -> frozenset[UUID]:
    """Write these sends; returns the ids of those that were not planned before."""
    written = await fetch_column(
        connection,
        queries.insert_sends,
        UUID,
        ids=[s.id for s in sends],
        prospect_ids=[s.prospect.id for s in sends],
        account_ids=[s.account_id for s in sends],
        message_types=[s.step.message_type for s in sends],
        step_positions=[s.step.position for s in sends],
        actions=[s.step.action for s in sends],
        next_actions=[s.next_action for s in sends],
        linkedin_user_ids=[s.recipient for s in sends],
        messages=[s.text for s in sends],
        sha256s=[s.sha256 for s in sends],
        scheduled_fors=[s.scheduled_for for s in sends],
        statuses=[s.status for s in sends],
        requires_connections=[s.step.requires_connection for s in sends],
        error_messages=[s.reason for s in sends],
        not_rendered=NOT_RENDERED,
    )
    return frozenset(written)
