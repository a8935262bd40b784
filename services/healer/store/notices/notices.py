"""Notices and their deliveries: written once per thing that happened, taken one try at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.healer.rules.notices.notice_texts import (
    FLOOD_WINDOW,
    OLDEST,
    CompletedCampaignFacts,
    FailedSendFacts,
    LostAccountFacts,
    ReadOnlyStackFacts,
    StoppedConsumerFacts,
    UnknownAttemptFacts,
)
from shared.contracts.sends_completed import SendCompleted
from shared.db.pool import Connection as OneConnection
from shared.db.queries import fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.notices.notice import Notice
from shared.notices.store import DeliveryAttempt, DeliveryRow, build_delivery_attempt
from shared.vocabulary import AccountStatus, DeliveryState, NoticeKind, NoticeMedium

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class NoticeDelivery:
    """How a notice fared on one channel."""

    id: UUID
    notice_id: int
    channel_id: UUID
    channel_name: str
    medium: NoticeMedium
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str | None
    delivered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """One line of the log."""

    id: int
    workspace_id: UUID
    kind: NoticeKind
    subject: str
    text: str
    details: Mapping[str, Any]
    happened_at: datetime
    created_at: datetime
    deliveries: Sequence[NoticeDelivery]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice without its deliveries."""

    id: int
    workspace_id: UUID
    kind: NoticeKind
    subject: str
    text: str
    details: dict[str, Any]
    happened_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FailedSendRow:
    """A send that is failed, with the time of its last answer (business)."""

    send_id: UUID
    workspace_id: UUID
    campaign_id: UUID
    campaign_name: str
    prospect_id: UUID
    person: str
    company: str
    account_id: UUID
    account_name: str
    message_type: str
    error_message: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class LostAccountRow:
    """An account with its status."""

    account_id: UUID
    workspace_id: UUID
    account_name: str
    provider_account_id: str
    status: AccountStatus
    status_reason: str | None
    status_version: int
    status_changed_at: datetime


async def fetch_failed_sends(connection: Connection, failures: Mapping[UUID, SendCompleted]) -> list[FailedSendFacts]:
    """What people call them, by the last event of each send.

    Those that are failed no more are absent, and so are those that have failed anew since: of that a newer event tells.
    """
    found = []
    for row in await fetch_all(connection, queries.failed_sends, FailedSendRow, send_ids=sorted(failures)):
        event = failures[row.send_id]
        if row.answered_at is not None and event.at < row.answered_at:
            continue
        found.append(
            FailedSendFacts(
                send_id=row.send_id,
                workspace_id=row.workspace_id,
                campaign_id=row.campaign_id,
                campaign_name=row.campaign_name,
                prospect_id=row.prospect_id,
                person=row.person,
                company=row.company,
                account_id=row.account_id,
                account_name=row.account_name,
                message_type=row.message_type,
                reason=row.error_message or event.reason,
                detail=event.detail,
                at=event.at,
            )
        )
    return found


async def fetch_lost_accounts(connection: Connection, versions: Mapping[UUID, int]) -> list[LostAccountFacts]:
    """The accounts that still stand at that version and may not act; of anything older a newer event tells."""
    return [
        LostAccountFacts(
            account_id=row.account_id,
            workspace_id=row.workspace_id,
            account_name=row.account_name,
            provider_account_id=row.provider_account_id,
            status=row.status,
            reason=row.status_reason,
            version=row.status_version,
            at=row.status_changed_at,
        )
        for row in await fetch_all(connection, queries.accounts, LostAccountRow, account_ids=sorted(versions))
        if row.status_version == versions[row.account_id] and row.status is not AccountStatus.USABLE
    ]


async def fetch_unknown_attempts(connection: Connection, *, most: int) -> list[UnknownAttemptFacts]:
    """Those that wait for an operator and have no notice yet."""
    return await fetch_all(connection, queries.unknown_attempts, UnknownAttemptFacts, most=most)


async def fetch_stopped_consumers(connection: Connection, *, most: int) -> list[StoppedConsumerFacts]:
    """Consumers that stand still, for every active workspace that was not told."""
    return await fetch_all(connection, queries.stopped_consumers, StoppedConsumerFacts, most=most)


async def fetch_completed_campaigns(connection: Connection, *, most: int) -> list[CompletedCampaignFacts]:
    """Those that were completed automatically within OLDEST and have no notice yet."""
    return await fetch_all(connection, queries.completed_campaigns, CompletedCampaignFacts, most=most, oldest=OLDEST)


async def fetch_read_only_workspaces(connection: Connection, *, most: int) -> list[ReadOnlyStackFacts]:
    """Active workspaces that were not told that the stack is read-only now; none while it is not."""
    return await fetch_all(connection, queries.read_only_workspaces, ReadOnlyStackFacts, most=most)


async def count_announced_lately(connection: Connection, notice: Notice) -> int:
    """How many of its kind, about the same, people were told of within FLOOD_WINDOW."""
    found = await fetch_value(connection, queries.told_lately, int, about=notice.about, kind=notice.kind.value, window=FLOOD_WINDOW)
    return found or 0


async def fetch_known_keys(connection: Connection, dedupe_keys: Sequence[str]) -> frozenset[str]:
    """Which of these things were noticed already."""
    return frozenset(await fetch_column(connection, queries.known, str, dedupe_keys=list(dedupe_keys)))


async def insert_delivery(connection: Connection, notice_id: int, channel_id: UUID, *, hold: timedelta) -> UUID:
    """A delivery for one channel, due after `hold` (technical) unless it is claimed by its id before."""
    made = await fetch_value(connection, queries.deliver_to, UUID, notice_id=notice_id, channel_id=channel_id, hold=hold)
    if made is None:
        raise LookupError(f"there is no channel {channel_id}")
    return made


async def claim_deliveries(
    pool: asyncpg.Pool, *, most: int, lease: timedelta, kinds: Sequence[NoticeKind] | None = None
) -> list[DeliveryAttempt]:
    """Claim what is due, of these kinds or of all; it is due again when the lease (technical) is over."""
    words = None if kinds is None else [kind.value for kind in kinds]
    rows = await fetch_all(pool, queries.claim, DeliveryRow, most=most, lease=lease, kinds=words)
    return [build_delivery_attempt(row) for row in rows]


async def claim_delivery(pool: asyncpg.Pool, delivery_id: UUID, *, lease: timedelta) -> DeliveryAttempt | None:
    """Claim one that was never tried; None when another process has claimed it."""
    row = await fetch_one(pool, queries.claim_one, DeliveryRow, delivery_id=delivery_id, lease=lease)
    return None if row is None else build_delivery_attempt(row)


async def fetch_oldest_waiting_age(pool: asyncpg.Pool) -> float:
    """Seconds since the oldest delivery that waits was made; 0 when none does."""
    return await fetch_value(pool, queries.oldest_waiting, float) or 0.0


async def fetch_log(
    connection: Connection, *, workspace_id: UUID | None, before: int | None, kind: NoticeKind | None, most: int
) -> list[NoticeEntry]:
    """A page of the log, newest first."""
    word = kind.value if kind else None
    rows = await fetch_all(connection, queries.list_notices, NoticeRow, workspace_id=workspace_id, before=before, kind=word, most=most)
    deliveries: dict[int, list[NoticeDelivery]] = {row.id: [] for row in rows}
    for each in await fetch_all(connection, queries.deliveries_of, NoticeDelivery, notice_ids=list(deliveries)):
        deliveries[each.notice_id].append(each)
    return [NoticeEntry(**asdict(row), deliveries=deliveries[row.id]) for row in rows]


async def fetch_delivery(connection: Connection, delivery_id: UUID) -> NoticeDelivery:
    """One delivery that must be there."""
    found = await fetch_one(connection, queries.delivery, NoticeDelivery, delivery_id=delivery_id)
    if found is None:
        raise LookupError(f"there is no delivery {delivery_id}")
    return found
