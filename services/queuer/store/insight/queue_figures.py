"""Counts for the queue's figures; the queries stand in queue.sql, where each says what it costs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.queuer.store.insight.queue import Row, Scope, queries
from shared.db.pool import Connection

MOST_A_DAY: Final = 1_000
"""Sends of one account that are looked at; twice the highest caps of all its actions together."""


async def campaigns(connection: Connection, scope: Scope, *, most: int, most_sends: int) -> list[Row]:
    """Up to `most` running and paused campaigns, each with its planned sends (counted up to `most_sends`) and the next moment."""
    rows = queries.campaigns_asked(
        connection,
        workspace_id=scope.workspace_id,
        account_id=scope.account_id,
        campaign_id=scope.campaign_id,
        most=most,
        most_sends=most_sends,
    )
    return [row async for row in rows]


async def sent(
    connection: Connection, account_ids: Sequence[UUID], midnights: Sequence[datetime], *, now: datetime, campaign_id: UUID | None
) -> Mapping[tuple[UUID, UUID], tuple[int, int, int]]:
    """By account and campaign: sent since the account's midnight, in the last 5 and in the last 60 minutes."""
    rows = queries.sent_by_lane(connection, account_ids=account_ids, midnights=midnights, now=now, campaign_id=campaign_id, most=MOST_A_DAY)
    return {(row["account_id"], row["campaign_id"]): (row["today"], row["in_5_minutes"], row["in_60_minutes"]) async for row in rows}


async def failed(connection: Connection, scope: Scope, *, most: int) -> Mapping[tuple[UUID, UUID], int]:
    """By account and campaign: what failed and waits for a person, counted up to `most` over all."""
    rows = queries.failed_by_lane(
        connection, workspace_id=scope.workspace_id, account_id=scope.account_id, campaign_id=scope.campaign_id, most=most
    )
    return {(row["account_id"], row["campaign_id"]): row["failed"] async for row in rows}


async def pending(connection: Connection, account_ids: Sequence[UUID], *, most: int) -> Mapping[UUID, int]:
    """By account: planned sends, counted up to `most` each."""
    return {row["account_id"]: row["pending"] async for row in queries.planned_by_account(connection, account_ids=account_ids, most=most)}


async def undecided(connection: Connection, account_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """By account: attempts nobody could find out about."""
    return {row["account_id"]: row["undecided"] async for row in queries.undecided_by_account(connection, account_ids=account_ids)}


async def due(connection: Connection, account_ids: Sequence[UUID], *, now: datetime, campaign_id: UUID | None, most: int) -> list[Row]:
    """The due sends of every lane, the oldest `most` of each."""
    return [row async for row in queries.due_by_lane(connection, account_ids=account_ids, now=now, campaign_id=campaign_id, most=most)]
