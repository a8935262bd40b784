"""Chances and corruptions by cause, and the reports made from them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.health.alerts import RiskyCampaign
from services.healer.rules.health.prediction import FEWEST_CHANCES, FEWEST_CORRUPTED, FEWEST_HELD_BACK, FEWEST_OF_A_VALUE
from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_all, fetch_value, load

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool

CORRUPTION: Final = (
    "corrupted_sent",
    "corrupted_failed",
    "corrupted_pending",
    "sent_not_contacted",
    "contacted_without_attempt",
    "duplicate_sends",
)
"""Kinds of findings that are corrupted rows; the others say what is late or waits."""
SPAN: Final = timedelta(days=30)
"""What is compared; older days are deleted."""
HELD_BACK: Final = timedelta(days=7)
"""The newest days, on which the comparison of the older ones is checked."""
MOST_RISKS: Final = 100
"""Campaigns that a report names, most likely first."""


@dataclass(frozen=True, slots=True)
class StoredRiskReport:
    """A workspace's last report; `made_at` is technical."""

    workspace_id: UUID
    made_at: datetime
    report: dict[str, Any]


async def count_findings(connection: Connection, *, most: int) -> int:
    """Count findings for their causes, each once; returns how many were looked at."""
    return await fetch_value(connection, queries.count_findings, int, kinds=list(CORRUPTION), most=most) or 0


async def store_reports(connection: Connection, *, above: float) -> None:
    """Make the report of every workspace that has days to compare. `above`: the expected rate that alerts, from 0 to 1."""
    await execute(
        connection,
        queries.make_reports,
        span=SPAN,
        held_back=HELD_BACK,
        fewest_of_a_value=FEWEST_OF_A_VALUE,
        fewest_chances=FEWEST_CHANCES,
        fewest_corrupted=FEWEST_CORRUPTED,
        fewest_held_back=FEWEST_HELD_BACK,
        most=MOST_RISKS,
        above=above,
    )
    await execute(connection, queries.mark_predicted)


async def delete_expired(connection: Connection, *, versions_kept: timedelta) -> None:
    """Delete what no report reads any more."""
    await execute(connection, queries.delete_days, span=SPAN)
    await execute(connection, queries.delete_reports)
    await execute(connection, queries.delete_versions, kept=versions_kept)


async def fetch_reports(connection: Connection, *, workspace_id: UUID | None, most: int) -> list[StoredRiskReport]:
    """The newest first."""
    return await fetch_all(connection, queries.reports, StoredRiskReport, workspace_id=workspace_id, most=most)


async def fetch_alarming_campaigns(connection: OneConnection) -> list[RiskyCampaign]:
    """Campaigns above the threshold, of reports that passed the check."""
    return [
        RiskyCampaign(stored.workspace_id, UUID(risk["campaign_id"]), risk["campaign_name"], risk["rate"], risk["why"])
        for stored in await fetch_all(connection, queries.alarming, StoredRiskReport)
        for risk in stored.report["risks"]
        if risk["alarming"]
    ]
