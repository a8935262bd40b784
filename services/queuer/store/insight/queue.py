"""What the queue answers from: accounts, the first send of each lane, budgets, counts that stop, and what dispatches became."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.queuer.rules.accounts.account_status import Asking, Budget, Lane
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.planning.rendering import NOT_RENDERED
from services.queuer.store.dispatch.dispatch import Dispatch
from services.queuer.store.insight.policy_facts import load_facts
from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy import WeekUse, caps_of, weekly_invitations
from shared.policy.rows import zone_of
from shared.vocabulary import Action

queries = load(__file__)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about; None leaves a side open."""

    workspace_id: UUID | None = None
    account_id: UUID | None = None
    campaign_id: UUID | None = None


async def asking(connection: Connection, call_times: CallTimes) -> Asking:
    """The database's moment, and what the sender keeps free for a call at the clock's speed."""
    row = await queries.clock(connection)
    return Asking(row["now"], *call_times.at(row["speed"]))


async def known(connection: Connection, scope: Scope) -> bool:
    """Whether the workspace, account and campaign of the scope are there, and belong together."""
    found: bool = await queries.known(
        connection, workspace_id=scope.workspace_id, account_id=scope.account_id, campaign_id=scope.campaign_id
    )
    return found


async def accounts(connection: Connection, scope: Scope, *, now: datetime, waiting: bool, most: int) -> list[Row]:
    """Up to `most` accounts in order of id; with `waiting` only those with something planned or in hand."""
    rows = queries.accounts_asked(
        connection,
        workspace_id=scope.workspace_id,
        account_id=scope.account_id,
        campaign_id=scope.campaign_id,
        now=now,
        waiting=waiting,
        most=most,
    )
    return [row async for row in rows]


async def lanes(
    connection: Connection, accounts: Sequence[Row], *, now: datetime, campaign_id: UUID | None = None
) -> Mapping[UUID, list[Lane]]:
    """The first planned send of each lane, by account."""
    ids = [account["id"] for account in accounts]
    first = queries.first_of_lanes(connection, account_ids=ids, campaign_id=campaign_id, not_rendered=NOT_RENDERED)
    rows = [row async for row in first]
    facts = await load_facts(connection, [row["send_id"] for row in rows], now=now)
    found: dict[UUID, list[Lane]] = defaultdict(list)
    for row in rows:
        if row["send_id"] in facts:
            found[row["account_id"]].append(Lane(row, facts[row["send_id"]]))
    return found


async def budgets(connection: Connection, accounts: Sequence[Row], *, now: datetime) -> Mapping[UUID, Budget]:
    """What each account has used of its caps."""
    ids = [account["id"] for account in accounts]
    used: dict[UUID, dict[Action, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    async for row in queries.used_lately(connection, account_ids=ids, now=now):
        used[row["account_id"]][Action(row["action"])][row["local_date"]] = row["used"]
    caps = {account["id"]: weekly_invitations(account["weekly_limit"], tier=account["tier"]) for account in accounts}
    weeks = {}
    async for row in queries.weeks_of(connection, account_ids=list(caps), caps=list(caps.values()), now=now):
        cap = caps[row["account_id"]]
        weeks[row["account_id"]] = WeekUse(row["used"], cap, row["frees_at"] if row["used"] >= cap else None)
    return {
        account["id"]: Budget(
            zone_of(account["timezone"]),
            caps_of(account),
            used[account["id"]],
            weeks.get(account["id"]),
            account["warm_up_from"],
        )
        for account in accounts
    }


async def remaining(connection: Connection, scope: Scope, *, most: int) -> int:
    """Planned sends, counted up to `most`."""
    count: int = await queries.remaining(connection, workspace_id=scope.workspace_id, account_id=scope.account_id, most=most)
    return count


async def became(connection: Connection, dispatches: Sequence[Dispatch]) -> list[Row]:
    """What became of these dispatches."""
    rows = queries.became(connection, send_ids=[d.send_id for d in dispatches], dispatch_nos=[d.dispatch_no for d in dispatches])
    return [row async for row in rows]


async def unplanned(connection: Connection, *, most: int) -> int:
    """Prospects of running campaigns that nobody has planned, counted up to `most`."""
    count: int = await queries.unplanned_left(connection, most=most)
    return count
