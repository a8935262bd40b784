"""What the tables say while the stack runs: one row per account and per campaign, for `tact status` and the live table of the demo."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.explanation import SHORT
from services.queuer.store.insight import status as store
from services.queuer.workflows.insight.explain import explain_prospect
from shared.db.pool import Connection
from shared.policy import Reason, caps_of, warm_up_cap
from shared.policy.rows import local_day, zone_of
from shared.policy.words import REASONS
from shared.vocabulary import AccountStatus, Action

MOST: Final = 50
WEEK: Final = timedelta(days=7)


async def read_accounts(connection: Connection, call_times: CallTimes) -> list[dict[str, Any]]:
    """One row per account, at most fifty; where an account's zone cannot be read its times are UTC's."""
    rows = []
    found = await store.accounts(connection, most=MOST)
    used = await _used(connection, found)
    for row in found:
        today = local_day(row["now"], row["zone"])
        caps = {action: warm_up_cap(cap, row["warm_up_from"], today) for action, cap in caps_of(row).items()}
        own = used[row["id"]]
        rows.append(
            {
                "account": row["account"],
                "local": f"{row['now'].astimezone(zone_of(row['zone'])):%a %H:%M}",
                "invites": f"{own[Action.INVITATION, today]}/{caps[Action.INVITATION]}",
                "written": f"{own[Action.MESSAGE, today]}/{caps[Action.MESSAGE]}",
                "week": sum(count for (_, day), count in own.items() if day > today - WEEK),
                "waits": row["waiting"],
                "because": await _because(connection, row["next_prospect"], row["status"], call_times),
                "accept": row["accepted"],
                "reply": row["replied"],
            }
        )
    return rows


async def _used(connection: Connection, accounts: Sequence[Mapping[str, Any]]) -> Mapping[UUID, Counter[tuple[Action, date]]]:
    """What each account did, by action and its own day."""
    used: dict[UUID, Counter[tuple[Action, date]]] = defaultdict(Counter)
    if accounts:
        ids = [account["id"] for account in accounts]
        for row in await store.used_lately(connection, ids, now=accounts[0]["now"]):
            used[row["account_id"]][Action(row["action"]), row["local_date"]] = row["used"]
    return used


async def _because(connection: Connection, prospect_id: UUID | None, status: str, call_times: CallTimes) -> str:
    """Why the account's next send has not left yet, from the same rules that the sender asks; short enough for a column."""
    if prospect_id is None:
        return "none planned" if status == AccountStatus.USABLE else status
    answer = (await explain_prospect(connection, prospect_id, call_times=call_times)).answer
    return SHORT.get(answer.reason) or REASONS[Reason(answer.reason)].short


async def read_campaigns(connection: Connection) -> list[dict[str, Any]]:
    """One row per campaign, at most fifty."""
    return [dict(row) for row in await store.campaigns(connection, most=MOST)]
