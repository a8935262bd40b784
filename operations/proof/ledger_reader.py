"""Rows as they are asked for: one snapshot of the database, read through cursors, so that memory does not grow with the ledger."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from operations.proof.scope import ProofScope
from shared.db.queries import load
from shared.refusals import Refused

queries = load(__file__)

ACCOUNTS_AT_ONCE: Final = 200
ROWS_AT_ONCE: Final = 2_000
FIRST: Final = UUID(int=0)

Row = Mapping[str, Any]


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool) -> AsyncIterator["Reading"]:
    """Everything read in one moment: a row and its link are of the same one."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield Reading(connection)


class Reading:
    """The queries of reading.sql on one snapshot."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.sealed_to = 0
        self.queued: frozenset[int] = frozenset()
        self.now: datetime

    async def learn(self) -> None:
        """How far the ledger is sealed, and what waits to be.

        Raises:
            Refused: there are no seals yet.
        """
        row = await queries.sealing(self._connection)
        if row is None or (row["newest"] is not None and row["sealed_to"] == 0):
            raise Refused("The ledger is not sealed yet: the sender does it every second. Is one of this version running?")
        self.sealed_to, self.now = row["sealed_to"], row["now"]
        self.queued = frozenset([each["attempt_id"] async for each in queries.queued(self._connection)])

    async def find(self, *, account: str | None, campaign: str | None, workspace_of: bool = True) -> tuple[Row | None, Row | None]:
        """The account and the campaign that these words mean.

        Raises:
            Refused: there is none, several, or they belong to different workspaces.
        """
        found_account = found_campaign = None
        if account is not None:
            found_account = _one([r async for r in queries.account_of(self._connection, word=account)], "account", account)
        if campaign is not None:
            found_campaign = _one([r async for r in queries.campaign_of(self._connection, word=campaign)], "campaign", campaign)
        if found_account and found_campaign and found_account["workspace_id"] != found_campaign["workspace_id"]:
            raise Refused(f"Account '{account}' and campaign '{campaign}' belong to different workspaces: nothing of one is in the other.")
        return found_account, found_campaign

    async def campaign_scope(self, campaign: Row, scope: ProofScope) -> tuple[list[UUID], ProofScope]:
        """The campaign's accounts, and the scope bounded by its first and its last attempt."""
        if scope.account is not None:
            accounts = [scope.account]
        else:
            rows = queries.accounts_of_campaign(self._connection, workspace_id=campaign["workspace_id"], campaign_id=campaign["id"])
            accounts = [row["id"] async for row in rows]
        span = await queries.span_of_campaign(self._connection, account_ids=accounts, campaign_id=campaign["id"])
        last = span["last"] + timedelta(microseconds=1) if span["last"] else self.now
        bounded = ProofScope(
            account=scope.account, campaign=campaign["id"], day=scope.day, campaign_from=span["first"] or self.now, campaign_to=last
        )
        return accounts, bounded

    async def account_batches(self, only: Sequence[UUID] | None) -> AsyncIterator[list[UUID]]:
        """Those accounts, else all, in order of id."""
        if only is not None:
            for first in range(0, len(only), ACCOUNTS_AT_ONCE):
                yield sorted(only)[first : first + ACCOUNTS_AT_ONCE]
            return
        after = FIRST
        while batch := [row["id"] async for row in queries.account_ids(self._connection, after=after, most=ACCOUNTS_AT_ONCE)]:
            yield batch
            after = batch[-1]

    async def attempts(self, accounts: Sequence[UUID], scope: ProofScope) -> AsyncIterator[Row]:
        """Attempts by account and moment, those before the scope for context."""
        since, until = scope.window
        async for row in self._stream(
            "attempts",
            account_ids=list(accounts),
            day=scope.day,
            campaign=scope.campaign,
            since=since,
            context=scope.context,
            until=until,
        ):
            yield row

    async def links(self, accounts: Sequence[UUID], scope: ProofScope) -> AsyncIterator[Row]:
        """Links by account and number."""
        if scope.whole:
            rows = self._stream("chains", account_ids=list(accounts))
        else:
            since, until = scope.window
            rows = self._stream("parts_of_chains", account_ids=list(accounts), since=since, until=until)
        async for row in rows:
            yield row

    async def rows(self, name: str, **parameters: Any) -> list[Row]:
        """The rows of a query whose answer is small."""
        return [row async for row in getattr(queries, name)(self._connection, **parameters)]

    async def value(self, name: str, **parameters: Any) -> Any:
        """The value of a query that has one."""
        return await getattr(queries, name)(self._connection, **parameters)

    async def stream(self, name: str, **parameters: Any) -> AsyncIterator[Row]:
        """The rows of a query whose answer may be long."""
        async for row in self._stream(name, **parameters):
            yield row

    async def _stream(self, name: str, **parameters: Any) -> AsyncIterator[Row]:
        query = getattr(queries, name)
        async for row in self._connection.cursor(query.sql, *query.arguments(parameters), prefetch=ROWS_AT_ONCE):
            yield row


def _one(found: Sequence[Row], kind: str, word: str | None) -> Row:
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"Several {kind}s are called '{word}'; give the id: {', '.join(str(row['id']) for row in found)}.")
    raise Refused(f"There is no {kind} '{word}'. `tact {kind} list` shows those there are.")
