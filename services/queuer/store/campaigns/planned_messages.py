"""A campaign's planned messages: written anew after a change of its texts, or cancelled when the campaign ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.vocabulary import AccountType, ProspectStatus, SendStatus

queries = load(__file__)

LEAD_FIELDS: Final = ("first_name", "last_name", "company", "title", "location")


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that was never dispatched, with what its words are made of."""

    id: UUID
    prospect_id: UUID
    account_id: UUID
    message_type: str
    step_position: int
    message_sha256: bytes | None
    account_type: AccountType
    prospect_status: ProspectStatus
    contacted_at: datetime | None
    first_name: str
    last_name: str
    company: str
    title: str
    location: str

    @property
    def values(self) -> Mapping[str, str]:
        """The lead's values for the placeholders."""
        return {name: getattr(self, name) for name in LEAD_FIELDS}


@dataclass(frozen=True, slots=True)
class NewWords:
    """The new text of a planned message."""

    send_id: UUID
    message: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class EndedMessage:
    """A planned message that the new text ends, with the reason."""

    send_id: UUID
    status: SendStatus
    reason: str
    message: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class EndedProspect:
    """A prospect who ends with the message."""

    prospect_id: UUID
    was: ProspectStatus
    status: ProspectStatus
    outcome: str
    reason: str


async def planned_ids(connection: Connection, campaign_id: UUID) -> list[UUID]:
    """Every pending send of the campaign."""
    return await fetch_column(connection, queries.planned_ids, UUID, campaign_id=campaign_id)


async def cancel_pending(connection: Connection, send_ids: Sequence[UUID], *, reason: str) -> None:
    """Cancel those of the sends that are still pending."""
    await execute(connection, queries.cancel_pending, send_ids=send_ids, reason=reason)


async def pin_newest_version(connection: Connection, campaign_id: UUID, workflow_id: UUID) -> None:
    """Give prospects who were not written to yet the newest version of the steps."""
    await execute(connection, queries.pin_newest, campaign_id=campaign_id, workflow_id=workflow_id)


async def lock_undispatched(connection: Connection, send_ids: Sequence[UUID], *, message_types: Sequence[str]) -> list[PlannedMessage]:
    """Lock those of the sends that were never dispatched, and read them after the locks."""
    locked = await fetch_column(connection, queries.lock_unfrozen, UUID, send_ids=send_ids)
    return await fetch_all(connection, queries.load_unfrozen, PlannedMessage, send_ids=locked, message_types=message_types)


async def write_words(connection: Connection, words: Sequence[NewWords]) -> None:
    """Store new texts of locked sends."""
    await execute(
        connection,
        queries.write_words,
        send_ids=[each.send_id for each in words],
        messages=[each.message for each in words],
        sha256s=[each.sha256 for each in words],
    )


async def end_messages(connection: Connection, ended: Sequence[EndedMessage]) -> None:
    """End locked sends."""
    await execute(
        connection,
        queries.end_sends,
        send_ids=[each.send_id for each in ended],
        statuses=[each.status.value for each in ended],
        reasons=[each.reason for each in ended],
        messages=[each.message for each in ended],
        sha256s=[each.sha256 for each in ended],
    )


async def end_prospects(connection: Connection, ended: Sequence[EndedProspect], *, now: datetime) -> None:
    """End prospects who still have the status that was read."""
    await execute(
        connection,
        queries.end_prospects,
        prospect_ids=[each.prospect_id for each in ended],
        was=[each.was.value for each in ended],
        statuses=[each.status.value for each in ended],
        outcomes=[each.outcome for each in ended],
        reasons=[each.reason for each in ended],
        now=now,
    )
