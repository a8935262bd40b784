"""tact adopt: what differs between database and Kafka, and the way back after a backup was restored."""

import asyncio
import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import asyncpg
import typer

from cli.console import out, print_json, run, say
from cli.target import database, target
from services.healer.store.adoption import adoptions as adopting
from shared.contracts.stack_heads import StackHead
from shared.fence import rules
from shared.fence import store as fences
from shared.fence.heads import Heads
from shared.refusals import Refused

READ_WITHIN: Final = 20.0
"""Seconds to read Kafka's heads."""
LISTEN: Final = 2.5
"""Seconds to hear whether somebody still writes heads; a stack that runs writes one every second."""
NOBODY_KNOWS: Final = timedelta(days=7)
"""How far back is read where nothing says when a second stack began."""


class Webhooks(StrEnum):
    """What becomes of another stack's registrations at the provider."""

    KEEP = "keep"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was found; times are business time."""

    reasons: Sequence[str]
    head: StackHead | None
    alive: bool
    lost_from: datetime
    lost_until: datetime
    foreign_webhooks: Sequence[str]
    unreadable: Sequence[str]
    accounts: int
    overdue: int
    durable: bool

    @property
    def agrees(self) -> bool:
        """Nothing to adopt."""
        return not self.reasons


def adopt(
    apply: Annotated[bool, typer.Option("--apply", help="Read the provider's evidence, settle the ledger, and let sends go on.")] = False,
    webhooks: Annotated[
        Webhooks | None, typer.Option(help="Another stack's webhooks: it may stand beside this one, or it is gone.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Read further back, to then (UTC, business time).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say what differs after a backup was restored, a standby promoted or a copy started; with --apply, go on from there."""
    begin = since.replace(tzinfo=UTC) if since else None
    found, done = run(_adopt(apply=apply, webhooks=webhooks, since=begin))
    if as_json:
        print_json({**_plain(found), "applied": done is not None, "result": done})
        return
    _show(found, applied=apply)
    if done is not None:
        _tell(done)


async def _adopt(*, apply: bool, webhooks: Webhooks | None, since: datetime | None) -> tuple[Standing, dict[str, Any] | None]:
    async with database(role="tact_healer") as pool:
        found = await _look(pool, since=since)
        if not apply or (found.agrees and not found.unreadable):
            return found, None
        _check(found, webhooks)
        if found.agrees:
            adoption_id = await adopting.retry_unreadable(pool)
        else:
            await fences.shut_fence(pool, " ".join(found.reasons))
            adoption_id = await adopting.request_adoption(
                pool,
                requested_by=getpass.getuser(),
                differences=list(found.reasons),
                lost_from=found.lost_from,
                lost_until=found.lost_until,
                head=found.head,
                webhooks=webhooks.value if webhooks else None,
            )
        return found, await _follow(pool, adoption_id)


def _check(found: Standing, webhooks: Webhooks | None) -> None:
    if found.alive:
        raise Refused("Another stack writes heads of this ledger at this moment. Stop its services, then adopt this one.")
    if found.foreign_webhooks and webhooks is None:
        raise Refused(
            "Another stack's webhooks stand at the provider: say --webhooks remove if that stack is gone, "
            "or --webhooks keep if it serves other accounts and may stay."
        )


async def _look(pool: asyncpg.Pool, *, since: datetime | None) -> Standing:
    heads = Heads(target().kafka, client_id="tact-cli")
    heads.start()
    try:
        await _until_read(heads)
        row, seen, reasons = await _compare(pool, heads)
        last = seen.last
        alive = bool(reasons) and last is not None and await _goes_on(heads, row, last)
        unreadable = await adopting.list_unreadable(pool)
        now, ends, accounts, overdue = await adopting.fetch_outlook(pool)
    finally:
        await heads.stop()
    foreign = await adopting.fetch_foreign_webhooks(pool)
    ledger_ends = now - NOBODY_KNOWS if foreign else row.business_at or ends or now
    if reasons and since is not None and since > ledger_ends:
        raise Refused(
            f"--since {_at(since)} is later than {_at(ledger_ends)} UTC, where this ledger ends: what left in between would leave again. "
            "It is for reading further back; leave it out."
        )
    return Standing(
        reasons=reasons,
        head=last,
        alive=alive,
        lost_from=since or ledger_ends,
        lost_until=last.business_at if last is not None and last.business_at > ledger_ends and not foreign else now,
        foreign_webhooks=foreign,
        unreadable=unreadable,
        accounts=accounts,
        overdue=overdue,
        durable=row.durable,
    )


async def _until_read(heads: Heads) -> None:
    try:
        async with asyncio.timeout(READ_WITHIN):
            while not await heads.complete():  # noqa: ASYNC110 - the broker is asked, nobody here could set an event
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Refused(f"Kafka's heads cannot be read: {heads.trouble or 'it does not answer'}. Is TACT_KAFKA right?") from None


async def _compare(pool: asyncpg.Pool, heads: Heads) -> tuple[rules.FenceRow, rules.SeenHeads, list[str]]:
    """What differs now; what a service found and wrote down comes first."""
    first = await fences.read_fence(pool)
    seen = heads.of(first.stack_id)
    mark = seen.last.seq if seen.last else 0
    row = await fences.read_fence(pool)
    await heads.complete()
    found = rules.find_differences(row, heads.of(row.stack_id), kafka_cluster=heads.cluster, mark=mark)
    if row.stack_id is None and row.read_only_why is None:
        empty = await fences.ledger_is_empty(pool)
        if not rules.may_adopt_itself(row, ledger_is_empty=empty, topic_is_empty=not heads.stacks, throw_away=False):
            found = [rules.explain_never_adopted(ledger_is_empty=empty)]
    if row.read_only_why is not None:
        found = [row.read_only_why]
    return row, seen, found


async def _goes_on(heads: Heads, row: rules.FenceRow, last: StackHead) -> bool:
    await asyncio.sleep(LISTEN)
    await heads.complete()
    later = heads.of(row.stack_id).last
    return later is not None and later.seq > last.seq


async def _follow(pool: asyncpg.Pool, adoption_id: int) -> dict[str, Any]:
    """Wait for the healer; it goes on by itself when this command is ended."""
    said = ""
    while True:
        state, reached = await adopting.fetch_state_and_progress(pool, adoption_id)
        line = f"accounts read {reached['read']}, waiting {reached['waiting']}, unreadable {reached['unreadable']}"
        if line != said:
            said = line
            say(f"{line}  (the healer reads; Ctrl-C does not stop it)")
        if state == "done":
            return {"adoption": adoption_id, **reached}
        await asyncio.sleep(0.5)


def _show(found: Standing, *, applied: bool) -> None:
    if found.agrees:
        head = f"head {found.head.seq:,} of {_at(found.head.business_at)}" if found.head else "no head yet"
        out.print(f"Nothing to adopt: database and Kafka agree ({head}).", highlight=False)
        if not found.durable:
            out.print(f"Nothing leaves all the same: {rules.FORGETFUL}", highlight=False)
        if found.unreadable and not applied:
            out.print(f"{len(found.unreadable)} accounts could not be read and are paused; `tact adopt --apply` reads them again:")
            for line in found.unreadable[:10]:
                out.print(f"  {line}", highlight=False)
        return
    out.print("[bold]Read-only: nothing leaves.[/] What differs:", markup=True)
    for reason in found.reasons:
        out.print(f"  {reason}", highlight=False)
    if found.alive:
        out.print("Another stack writes heads of this ledger at this moment: stop it first.")
    out.print(f"What left between {_at(found.lost_from)} and {_at(found.lost_until)} UTC is not in this ledger.", highlight=False)
    if applied:
        return
    out.print(
        f"--apply reads the sent invitations, relations and messages of {found.accounts:,} "
        f"account{'' if found.accounts == 1 else 's'}, each at its own pace (about 8 minutes), writes what left into the ledger, "
        f"and then lets sends go on. {found.overdue:,} sends are due by this database's plan.",
        highlight=False,
    )
    for url in found.foreign_webhooks:
        out.print(f"Another stack's webhooks lead to {url}: --webhooks keep or remove.", highlight=False)


def _tell(done: dict[str, Any]) -> None:
    out.print(
        f"Adopted. {done['invitations']:,} invitations and {done['messages']:,} messages had left in the lost time; the ledger has them.",
        highlight=False,
    )
    if done["unreadable"]:
        out.print(
            f"{done['unreadable']:,} accounts could not be read and are paused; `tact adopt` names them, with --apply it tries again."
        )


def _plain(found: Standing) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in Standing.__dataclass_fields__}
    return {"read_only": not found.agrees, **values}


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
