"""Chances and corruptions by cause, and the reports made from them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.health.alerts import RiskyCampaign
from services.healer.rules.health.prediction import Cause, Day
from shared.db.pool import Connection as OneConnection
from shared.db.queries import load

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


async def count_findings(connection: Connection, *, most: int) -> int:
    """Count findings for their causes, each once; returns how many were looked at."""
    return int(await queries.count_findings(connection, kinds=list(CORRUPTION), most=most))


async def with_causes(connection: Connection, *, span: timedelta) -> list[UUID]:
    """Workspaces with anything to predict from."""
    return [row["id"] async for row in queries.with_causes(connection, span=span)]


async def days(connection: Connection, workspace_id: UUID, *, span: timedelta) -> list[Day]:
    """Its days, of all campaigns."""
    return [
        Day(row["campaign_id"], row["day"], Cause(row["cause"]), row["value"], row["exposed"], row["corrupted"])
        async for row in queries.days(connection, workspace_id=workspace_id, span=span)
    ]


async def names(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What people call campaigns and accounts."""
    return {row["id"]: row["name"] async for row in queries.names(connection, ids=list(ids))}


async def keep_report(connection: Connection, workspace_id: UUID, report: Mapping[str, Any]) -> None:
    """The workspace's last one."""
    await queries.keep_report(connection, workspace_id=workspace_id, report=dict(report))


async def predicted(connection: Connection, *, span: timedelta, kept: timedelta) -> None:
    """All reports were made; what is too old to be read goes."""
    await queries.predicted(connection)
    await queries.forget_days(connection, span=span)
    await queries.forget_reports(connection)
    await queries.forget_versions(connection, kept=kept)


async def reports(connection: Connection, *, workspace_id: UUID | None, most: int) -> list[Mapping[str, Any]]:
    """The newest first."""
    return [dict(row) async for row in queries.reports(connection, workspace_id=workspace_id, most=most)]


async def alarming(connection: OneConnection) -> list[RiskyCampaign]:
    """Campaigns above the threshold, of reports that stood the test."""
    return [
        RiskyCampaign(row["workspace_id"], UUID(risk["campaign_id"]), risk["campaign_name"], risk["rate"], risk["why"])
        async for row in queries.alarming(connection)
        for risk in row["report"]["risks"]
        if risk["alarming"]
    ]
