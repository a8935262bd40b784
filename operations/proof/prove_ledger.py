"""The proof from beginning to end, account by account."""

from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from operations.proof import chains, events
from operations.proof.chains import ChainWalk
from operations.proof.events import Announced
from operations.proof.ledger_check import Use, attempt_is_whole, sends_have_attempts
from operations.proof.ledger_reader import Reading
from operations.proof.limits import Settings, Watch, read_versions
from operations.proof.scope import EVER, ProofScope
from operations.proof.violations import Found
from shared.ledger.chain import Head
from shared.vocabulary import UNDECIDED_ATTEMPTS


@dataclass(slots=True)
class Proof:
    """What was found, and where the chains end."""

    found: Found = field(default_factory=Found)
    heads: list[tuple[UUID, Head]] = field(default_factory=list)
    waiting: int = 0
    """Attempts that are not sealed yet."""
    open: int = 0
    """Attempts without a known outcome: intents and unknown ones."""


async def prove(
    reading: Reading,
    pool: asyncpg.Pool,
    scope: ProofScope,
    accounts: list[UUID] | None,
    *,
    kafka: str | None,
    kept: dict[UUID, Head],
) -> Proof:
    """Check what the scope holds; `accounts` None: all. `kafka` None: no events. `kept`: heads that were kept outside the database.

    Raises:
        KafkaError: the broker is away.
    """
    proof = Proof()
    announced = await _events(proof, reading, pool, scope, accounts=accounts, kafka=kafka)
    async for batch in reading.account_batches(accounts):
        await _attempts(proof, reading, batch, scope, announced)
        await sends_have_attempts(proof.found, reading, batch, scope)
        walk = ChainWalk(proof.found, reading, scope)
        async for link in reading.links(batch, scope):
            await walk.see(link)
        proof.heads += await chains.heads(proof.found, reading, batch)
        for account_id in batch:
            if account_id in kept:
                await chains.kept(proof.found, reading, account_id, kept.pop(account_id))
    for account_id, head in kept.items():
        if accounts is None:
            proof.found.add("chain", f"accounts {account_id}", says="no such account", should=f"one whose chain had {head.links} links")
    proof.found.looked_at["accounts"] = len(proof.heads)
    return proof


async def _events(
    proof: Proof, reading: Reading, pool: asyncpg.Pool, scope: ProofScope, *, accounts: list[UUID] | None, kafka: str | None
) -> Announced | None:
    if kafka is None:
        return None
    way = await reading.on_their_way()
    since = None
    window_from, until = scope.window
    if accounts is not None and window_from != EVER:
        since = await reading.first_made(accounts, window_from, until)
        if since is None:
            return None  # nothing was sent then
    return await events.read_topic(proof.found, pool, kafka, accounts=accounts, since=since, way=way)


async def _attempts(proof: Proof, reading: Reading, batch: list[UUID], scope: ProofScope, announced: Announced | None) -> None:
    found, use = proof.found, Use()
    settings = {
        row.account_id: Settings(
            read_versions(row.account_was, row.account), read_versions(row.workspace_was, row.workspace), row.known_since
        )
        for row in await reading.settings(batch)
    }
    watch, watched = Watch(settings[batch[0]]), batch[0]
    async for row in reading.attempts(batch, scope):
        if row.account_id != watched:
            watched = row.account_id
            watch = Watch(settings[watched])
        wrong = list(watch.see(row))
        if not row.wanted:
            continue
        found.looked_at["attempts"] += 1
        found.looked_at["accepted"] += row.state == "accepted" and row.action != "profile_lookup"
        proof.open += row.state in UNDECIDED_ATTEMPTS
        for each in wrong:
            found.add(each.check, f"send_attempts {each.attempt}", says=each.says, should=each.should)
        proof.waiting += chains.row_is_as_sealed(found, reading, row)
        attempt_is_whole(found, row)
        if announced is not None and announced.misses(row):
            found.add("events", f"send_attempts {row.id}", says="accepted, nothing in sends.completed", should="an event of its outcome")
        if scope.campaign is None:
            use.see(row)
    if scope.campaign is None:
        await use.compare(found, reading, batch, scope)
