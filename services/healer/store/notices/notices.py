"""Notices and their deliveries: written once per thing that happened, taken one try at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from shared.db.queries import load
from shared.notices.notice import Notice
from shared.notices.store import DeliveryAttempt, try_of
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


async def fetch_failed_sends(connection: Connection, failures: Mapping[UUID, SendCompleted]) -> list[FailedSendFacts]:
    """What people call them, by the last event of each send.

    Those that are failed no more are absent, and so are those that have failed anew since: of that a newer event tells.
    """
    found = []
    async for row in queries.failed_sends(connection, send_ids=sorted(failures)):
        fields = dict(row)
        event = failures[row["send_id"]]
        written, answered_at = fields.pop("error_message"), fields.pop("answered_at")
        if answered_at is not None and event.at < answered_at:
            continue
        found.append(FailedSendFacts(**fields, reason=written or event.reason, detail=event.detail, at=event.at))
    return found


async def fetch_lost_accounts(connection: Connection, versions: Mapping[UUID, int]) -> list[LostAccountFacts]:
    """The accounts that still stand at that version and may not act; of anything older a newer event tells."""
    return [
        LostAccountFacts(
            account_id=row["account_id"],
            workspace_id=row["workspace_id"],
            account_name=row["account_name"],
            provider_account_id=row["provider_account_id"],
            status=AccountStatus(row["status"]),
            reason=row["status_reason"],
            version=row["status_version"],
            at=row["status_changed_at"],
        )
        async for row in queries.accounts(connection, account_ids=sorted(versions))
        if row["status_version"] == versions[row["account_id"]] and AccountStatus(row["status"]) is not AccountStatus.USABLE
    ]


async def fetch_unknown_attempts(connection: Connection, *, most: int) -> list[UnknownAttemptFacts]:
    """Those that wait for a person and that nobody was told of."""
    return [UnknownAttemptFacts(**dict(row)) async for row in queries.unknown_attempts(connection, most=most)]


async def fetch_stopped_consumers(connection: Connection, *, most: int) -> list[StoppedConsumerFacts]:
    """Consumers that stand still, for every active workspace that was not told."""
    return [StoppedConsumerFacts(**dict(row)) async for row in queries.stopped_consumers(connection, most=most)]


async def fetch_completed_campaigns(connection: Connection, *, most: int) -> list[CompletedCampaignFacts]:
    """Those that were completed by themselves lately and that nobody was told of."""
    rows = queries.completed_campaigns(connection, most=most, oldest=OLDEST)
    return [CompletedCampaignFacts(**dict(row)) async for row in rows]


async def fetch_read_only_workspaces(connection: Connection, *, most: int) -> list[ReadOnlyStackFacts]:
    """Active workspaces that were not told that the stack is read-only now; none while it is not."""
    return [ReadOnlyStackFacts(**dict(row)) async for row in queries.read_only_workspaces(connection, most=most)]


async def count_announced_lately(connection: Connection, notice: Notice) -> int:
    """How many of its kind, about the same, people were told of within FLOOD_WINDOW."""
    return int(await queries.told_lately(connection, about=notice.about, kind=notice.kind.value, window=FLOOD_WINDOW))


async def fetch_known_keys(connection: Connection, dedupe_keys: Sequence[str]) -> frozenset[str]:
    """Which of these things were noticed already."""
    return frozenset([row["dedupe_key"] async for row in queries.known(connection, dedupe_keys=dedupe_keys)])


async def insert_delivery(connection: Connection, notice_id: int, channel_id: UUID, *, hold: timedelta) -> UUID:
    """A delivery for one channel, due after `hold` (technical) unless somebody takes it by its id before."""
    delivery_id: UUID = await queries.deliver_to(connection, notice_id=notice_id, channel_id=channel_id, hold=hold)
    return delivery_id


async def claim_deliveries(
    pool: asyncpg.Pool, *, most: int, lease: timedelta, kinds: Sequence[NoticeKind] | None = None
) -> list[DeliveryAttempt]:
    """Take what is due, of these kinds or of all; it is due again when the lease (technical) is over."""
    words = None if kinds is None else [kind.value for kind in kinds]
    return [try_of(row) async for row in queries.claim(pool, most=most, lease=lease, kinds=words)]


async def claim_delivery(pool: asyncpg.Pool, delivery_id: UUID, *, lease: timedelta) -> DeliveryAttempt | None:
    """Take one that was never tried; None when somebody else has."""
    row = await queries.claim_one(pool, delivery_id=delivery_id, lease=lease)
    return row and try_of(row)


async def fetch_oldest_waiting_age(pool: asyncpg.Pool) -> float:
    """Seconds since the oldest delivery that waits was made; 0 when none does."""
    return float(await queries.oldest_waiting(pool))


async def fetch_log(
    connection: Connection, *, workspace_id: UUID | None, before: int | None, kind: NoticeKind | None, most: int
) -> list[NoticeEntry]:
    """A page of the log, newest first."""
    rows = [
        row
        async for row in queries.list_notices(
            connection, workspace_id=workspace_id, before=before, kind=kind.value if kind else None, most=most
        )
    ]
    deliveries: dict[int, list[NoticeDelivery]] = {row["id"]: [] for row in rows}
    async for row in queries.deliveries_of(connection, notice_ids=list(deliveries)):
        deliveries[row["notice_id"]].append(_delivery(row))
    return [NoticeEntry(**{**row, "kind": NoticeKind(row["kind"])}, deliveries=deliveries[row["id"]]) for row in rows]


async def fetch_delivery(connection: Connection, delivery_id: UUID) -> NoticeDelivery:
    """One delivery that must be there."""
    return _delivery(await queries.delivery(connection, delivery_id=delivery_id))


def _delivery(row: Mapping[str, Any]) -> NoticeDelivery:
    return NoticeDelivery(**{**row, "medium": NoticeMedium(row["medium"]), "state": DeliveryState(row["state"])})
