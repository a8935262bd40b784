"""Say how healthy the data is: of one workspace, or of the whole stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from services.healer.rules.health import Figures, Health, judge, together
from services.healer.store import health as store
from shared.db.pool import Connection

MOST_CAMPAIGNS: Final = 10_000
"""Campaigns that one answer names; with more than that corrupted nobody reads ids."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, what it is worth, and the campaigns in which something is corrupted, most first."""

    figures: Figures
    health: Health
    campaigns: Sequence[Mapping[str, Any]]


async def report(connection: Connection, *, workspace_id: UUID | None) -> Report:
    """Look now; None: at everything. Runs of the clean-up are the stack's and lower only its score."""
    counted = await store.figures(connection, workspace_id=workspace_id)
    whole = together(counted.values())
    if workspace_id is None:
        whole = replace(whole, failures_in_row=await store.failures_in_row(connection))
    campaigns = await store.corrupted_campaigns(connection, workspace_id=workspace_id, most=MOST_CAMPAIGNS)
    return Report(whole, judge(whole), campaigns)
