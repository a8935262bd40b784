"""What the tables say while it runs, for the live table and for `tact status`."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.call_times import CallTimes
from services.queuer.rules.explaining import SHORT
from services.queuer.workflows.explain import explain_prospect
from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy import Reason, caps_of, warm_up_cap
from shared.policy.words import REASONS
from shared.vocabulary import AccountStatus, Action

queries = load(__file__)
MOST: Final = 50
CALL_TIMES: Final = CallTimes(real=timedelta(seconds=20), fast=timedelta(seconds=1))
"""As the sender's settings are unless somebody changes them."""


async def read_accounts(connection: Connection) -> list[dict[str, Any]]:
    """One row per account, at most fifty."""
    rows = []
    for row in [row async for row in queries.accounts(connection, most=MOST)]:
        caps = {action: warm_up_cap(cap, row["warm_up_from"], row["today"]) for action, cap in caps_of(row).items()}
        rows.append(
            {
                "account": row["account"],
                "local": row["local_time"],
                "invites": f"{row['invitations']}/{caps[Action.INVITATION]}",
                "written": f"{row['messages']}/{caps[Action.MESSAGE]}",
                "week": row["week"],
                "waits": row["waiting"],
                "because": await _because(connection, row["next_prospect"], row["status"]),
                "accept": row["accepted"],
                "reply": row["replied"],
            }
        )
    return rows


async def _because(connection: Connection, prospect_id: UUID | None, status: str) -> str:
    """Why the account's next send has not left yet, from the same rules that the sender asks; short enough for a column."""
    if prospect_id is None:
        return "none planned" if status == AccountStatus.USABLE else status
    answer = (await explain_prospect(connection, prospect_id, call_times=CALL_TIMES)).answer
    return SHORT.get(answer.reason) or REASONS[Reason(answer.reason)].short


async def read_campaigns(connection: Connection) -> list[dict[str, Any]]:
    """One row per campaign, at most fifty."""
    return [dict(row) async for row in queries.campaigns(connection, most=MOST)]
