"""What the tables say while it runs, for the live table and for `tact status`."""

from typing import Any

from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy import daily_caps
from shared.vocabulary import AccountType, Action

queries = load(__file__)
MOST = 50


async def read_accounts(connection: Connection) -> list[dict[str, Any]]:
    """One row per account, at most fifty."""
    rows = []
    async for row in queries.accounts(connection, most=MOST):
        caps = daily_caps(
            AccountType(row["type"]), workspace_daily_cr_limit=row["workspace_limit"], account_daily_cr_limit=row["account_limit"]
        )
        rows.append(
            {
                "account": row["account"],
                "local": row["local_time"],
                "invites": f"{row['invitations']}/{caps[Action.INVITATION]}",
                "written": f"{row['messages']}/{caps[Action.MESSAGE]}",
                "week": row["week"],
                "waits": row["waiting"],
                "because": row["status"] if row["status"] != "usable" else (row["why"] or "").replace("_", " "),
                "accepted": row["accepted"],
                "replied": row["replied"],
            }
        )
    return rows


async def read_campaigns(connection: Connection) -> list[dict[str, Any]]:
    """One row per campaign, at most fifty."""
    return [dict(row) async for row in queries.campaigns(connection, most=MOST)]
