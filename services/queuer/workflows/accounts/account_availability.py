"""Why nothing leaves: the standing of every account that has something planned, and the next moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.queuer.rules.accounts.account_status import Standing, standing
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.store.insight import queue
from services.queuer.store.insight.queue import QueueAccount, QueueScope
from shared.db.pool import Connection

MOST_ACCOUNTS: Final = 200
"""Accounts in one answer; a workspace or an account named in the request narrows it."""
MOST_COUNTED: Final = 100_000
"""Planned sends are counted no further: an answer must not cost what is stored."""


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account and why nothing of it leaves."""

    account: QueueAccount
    standing: Standing


@dataclass(frozen=True, slots=True)
class Asked:
    """`complete` is false when there are more accounts than one answer holds."""

    now: datetime
    accounts: Sequence[AccountStanding]
    remaining: int
    complete: bool

    @property
    def next_at(self) -> datetime | None:
        """The first moment at which anything may leave."""
        return min((each.standing.next_at for each in self.accounts if each.standing.next_at is not None), default=None)


async def load_availability(connection: Connection, scope: QueueScope, call_times: CallTimes) -> Asked:
    """How the accounts of the scope stand now."""
    asking = await queue.load_moment(connection, call_times)
    now = asking.now
    found = await queue.load_accounts(connection, scope, now=now, waiting=True, most=MOST_ACCOUNTS + 1)
    accounts = found[:MOST_ACCOUNTS]
    lanes = await queue.load_lanes(connection, accounts, now=now, campaign_id=scope.campaign_id)
    budgets = await queue.load_budgets(connection, accounts, now=now)
    stand = [AccountStanding(a, standing(lanes.get(a.id, ()), budgets[a.id], asking, leased=a.leased)) for a in accounts]
    remaining = await queue.count_remaining(connection, scope, most=MOST_COUNTED)
    return Asked(now, stand, remaining, complete=len(found) <= MOST_ACCOUNTS)
