"""Give the people of an account that is gone to the campaign's other accounts, as far as it has had no contact with them.

A session is lost and comes back every other day, so an account must have been disconnected for a while; an account that an operator
removed from the campaign is gone at once. A prospect that the account has written to stays with it: no prospect hears from a second
member of the same company what the first one has said. The account's status holds the sends of these prospects and explains itself.
"""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.store.planning import reassign_account as store
from services.queuer.store.planning.reassign_account import FIRST, AccountCampaign
from services.queuer.workflows.planning.plan import Planner
from shared.db.statements import business_now

log = structlog.get_logger()


class AccountReassignment:
    """Any number of these may run: each batch is one transaction that holds its accounts."""

    def __init__(self, pool: asyncpg.Pool, planner: Planner, *, batch: int, after: timedelta) -> None:
        self._pool = pool
        self._planner = planner
        self._batch = batch
        self._after = after
        self._looked_at = FIRST

    async def round(self) -> bool:
        """Hand over what accounts that are gone left behind, a batch of each; True when there may be more."""
        async with self._pool.acquire() as connection:
            lost_before = await business_now(connection) - self._after
            gone: Sequence[AccountCampaign] = await store.lost_accounts(connection, lost_before=lost_before)
            removed, last = await store.removed_accounts(connection, self._looked_at, most=self._batch)
        self._looked_at = last or FIRST
        full = False
        for work in dict.fromkeys([*gone, *removed]):
            full |= await self.hand_over(work) == self._batch
        return full or last is not None

    async def hand_over(self, work: AccountCampaign) -> int:
        """One batch of one account's people of one campaign; returns how many prospects were reassigned."""
        async with self._pool.acquire() as connection, connection.transaction():
            lost_before = await business_now(connection) - self._after
            detached = await store.detach_prospects(connection, work, lost_before=lost_before, most=self._batch)
            if detached is None:
                return 0
            await self._planner.plan_within(connection, detached.prospect_ids)
            await store.record_reassignment(connection, work, detached)
        people = len(detached.prospect_ids)
        metrics.HANDED_OVER.inc(people)
        log.info("people given to other accounts", account=work.account_id, campaign=work.campaign_id, why=detached.why, people=people)
        return people
