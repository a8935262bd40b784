"""Seal: the outcome of each attempt becomes a link of its account's chain, some moments later and apart from begin and finish.

Begin and finish write nothing for it. The job walks the ledger in order of attempt ids and queues the intents it passes until they
are answered; a trigger, which an answer in time does not fire, queues attempts that change later.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
import structlog

from services.sender.metrics import SEAL_LAG, SEALS, SEALS_REFUSED
from services.sender.store import seals
from services.sender.store.seals import Bound, Link, QueuedAttempt
from shared.db.pool import Connection
from shared.ledger.chain import Head, link_hash
from shared.ledger.facts import FORM, AttemptFacts, UnreadableFactsError, encode_facts, read_facts, unlawful

log = structlog.get_logger()

MOST: Final = 2_000
"""Attempts in one transaction: some megabytes and a tenth of a second."""
INTENT: Final = "intent"


class Sealer:
    """`round` is its job."""

    def __init__(self, pool: asyncpg.Pool, *, most: int = MOST) -> None:
        self._pool = pool
        self._most = most
        self._bound: Bound | None = None
        self._safe = 0

    async def round(self) -> bool:
        """Seal one batch; True when there is more. While another sender seals, this one does nothing."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await seals.acquire_lead(connection):
                return False
            await self._learn_bound(connection)
            after = await seals.read_sealed_to(connection)
            rows = await seals.load_next_attempts(connection, after=after, upto=self._safe, most=self._most) if self._safe > after else []
            full = len(rows) == self._most
            upto = rows[-1].id if full else max(after, self._safe)
            await seals.await_answers(connection, [row for row in rows if row.state == INTENT])
            queued = await seals.dequeue_attempts(connection, upto=upto, most=self._most)
            newer = {row.id for row in queued}  # read after `rows`, so their values are the newer ones
            answered = [row for row in rows if row.state != INTENT and row.id not in newer]
            await self._link(connection, [*answered, *(row for row in queued if _is_new(row))])
            await seals.record_sealed_to(connection, upto=upto)
            SEAL_LAG.set(await seals.seconds_behind(connection))
        return full or len(queued) >= self._most

    async def _learn_bound(self, connection: Connection) -> None:
        """Learn up to which id every attempt is visible: the newest id at the moment the oldest running transaction began."""
        now = await seals.read_bound(connection)
        before = self._bound
        if before is None or before.own_xid > now.own_xid or now.newest < self._safe:
            self._bound, self._safe = now, 0  # the first round, or the database was replaced by another
        elif now.oldest_xid >= before.own_xid:
            self._bound, self._safe = now, before.newest

    async def _link(self, connection: Connection, rows: Sequence[AttemptFacts]) -> None:
        if not rows:
            return
        at = await seals.technical_now(connection)
        ends = await seals.load_heads(connection, sorted({row.account_id for row in rows}))
        links = []
        for row in rows:
            account_id, facts = row.account_id, encode_facts(row)
            before = ends[account_id]
            link_no = before.links + 1
            hashed = link_hash(before.hash, account_id=account_id, link_no=link_no, attempt_id=row.id, form=FORM, facts=facts, sealed_at=at)
            links.append(Link(account_id, link_no, row.id, facts, hashed))
            ends[account_id] = Head(link_no, hashed)
        await seals.add_links(connection, links, ends, form=FORM, at=at)
        SEALS.inc(len(links))


def _is_new(row: QueuedAttempt) -> bool:
    """Whether the row holds something that no link holds. A change that no code of ours makes is not sealed: `tact prove` names it."""
    if row.sealed_facts is None or row.sealed_form is None:
        if row.queued_for == row.account_id:
            return True
        wrong = ["account_id"]
    else:
        facts = encode_facts(row)
        if facts == row.sealed_facts:
            return False
        try:
            wrong = unlawful(read_facts(row.sealed_form, row.sealed_facts), read_facts(FORM, facts), ref_was_seen=row.ref_was_seen)
        except UnreadableFactsError as error:
            wrong = [str(error)]
    if wrong:
        SEALS_REFUSED.inc()
        log.error("a sealed attempt was changed by hand and is not sealed again, see `tact prove`", attempt=row.id, changed=wrong)
    return not wrong
