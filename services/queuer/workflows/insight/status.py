"""What the tables say while the stack runs: one row per account and per campaign, for `tact status` and the live table of the demo."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.explanation import STATES, NextStepState
from services.queuer.store.insight import status as store
from services.queuer.store.insight.status import AccountProgress
from services.queuer.workflows.insight.explain import explain_prospect
from shared.db.pool import Connection
from shared.policy import Reason
from shared.policy.rows import local_day, zone_of
from shared.policy.words import REASONS
from shared.vocabulary import AccountStatus, Action

MOST: Final = 50
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account; used/cap of its own day, `week` the invitations of the last seven days."""

    account: str
    local: str
    invites: str
    written: str
    week: int
    waits: int
    because: str
    accept: int
    reply: int


async def read_accounts(connection: Connection, call_times: CallTimes) -> list[AccountLine]:
    """One line per account, at most fifty; where an account's zone cannot be read its times are UTC's."""
    found = await store.load_accounts(connection, most=MOST)
    used = await _load_use(connection, found)
    lines = []
    for account in found:
        today = local_day(account.now, account.zone)
        caps, own = account.caps_on(today), used[account.id]
        lines.append(
            AccountLine(
                account=account.account,
                local=f"{account.now.astimezone(zone_of(account.zone)):%a %H:%M}",
                invites=f"{own[Action.INVITATION, today]}/{caps[Action.INVITATION]}",
                written=f"{own[Action.MESSAGE, today]}/{caps[Action.MESSAGE]}",
                week=sum(count for (_, day), count in own.items() if day > today - WEEK),
                waits=account.waiting,
                because=await _because(connection, account, call_times),
                accept=account.accepted,
                reply=account.replied,
            )
        )
    return lines


async def _load_use(connection: Connection, accounts: Sequence[AccountProgress]) -> Mapping[UUID, Counter[tuple[Action, date]]]:
    """What each account did, by action and its own day."""
    used: dict[UUID, Counter[tuple[Action, date]]] = defaultdict(Counter)
    if accounts:
        for day in await store.load_day_use(connection, [account.id for account in accounts], now=accounts[0].now):
            used[day.account_id][day.action, day.local_date] = day.used
    return used


async def _because(connection: Connection, account: AccountProgress, call_times: CallTimes) -> str:
    """Why the account's next send has not left yet, from the same rules that the sender asks; short enough for a column."""
    if account.next_prospect is None:
        return "none planned" if account.status is AccountStatus.USABLE else account.status
    answer = (await explain_prospect(connection, account.next_prospect, call_times=call_times)).answer
    return (STATES[NextStepState(answer.reason)] if answer.reason in set(NextStepState) else REASONS[Reason(answer.reason)]).short
