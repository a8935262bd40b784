"""tact adopt: what differs between database and Kafka, and how to continue after a backup was restored."""

import getpass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.console import out, print_json, say
from cli.target import database, run, target
from operations.adoption import LedgerDifferences, find_differences, request_adoption, wait_for_adoption
from shared.fence import rules


class WebhookChoice(StrEnum):
    """What happens to another stack's registrations at the provider."""

    KEEP = "keep"
    REMOVE = "remove"


def adopt(
    apply: Annotated[
        bool, typer.Option("--apply", help="Read the provider's evidence, complete the ledger, and let sends continue.")
    ] = False,
    webhooks: Annotated[
        WebhookChoice | None, typer.Option(help="Another stack's webhooks: keep them if that stack remains, remove them if it is gone.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Read further back, to then (UTC, business time).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Report what differs after a backup was restored, a standby promoted or a copy started; with --apply, continue from there."""
    begin = since.replace(tzinfo=UTC) if since else None
    found, done = run(_adopt(apply=apply, webhooks=webhooks, since=begin))
    if as_json:
        print_json({**found.as_json(), "applied": done is not None, "result": done})
        return
    _print_differences(found, applied=apply)
    if done is not None:
        _print_result(done)


async def _adopt(*, apply: bool, webhooks: WebhookChoice | None, since: datetime | None) -> tuple[LedgerDifferences, dict[str, Any] | None]:
    async with database(role="tact_healer") as pool:
        found = await find_differences(pool, target().kafka, since=since)
        if not apply or (found.agrees and not found.unreadable):
            return found, None
        adoption = await request_adoption(pool, found, webhooks=webhooks.value if webhooks else None, requested_by=getpass.getuser())
        return found, await wait_for_adoption(pool, adoption, on_progress=_print_progress)


def _print_progress(reached: dict[str, int]) -> None:
    counts = f"accounts read {reached['read']}, waiting {reached['waiting']}, unreadable {reached['unreadable']}"
    say(f"{counts}  (the healer reads; Ctrl-C does not stop it)")


def _print_differences(found: LedgerDifferences, *, applied: bool) -> None:
    if found.agrees:
        head = f"head {found.head.seq:,} of {_format_time(found.head.business_at)}" if found.head else "no head yet"
        out.print(f"Nothing to adopt: database and Kafka agree ({head}).", highlight=False)
        if not found.durable:
            out.print(f"No send leaves all the same: {rules.FORGETFUL}", highlight=False)
        if found.unreadable and not applied:
            out.print(f"{len(found.unreadable)} accounts could not be read and are paused; `tact adopt --apply` reads them again:")
            for line in found.unreadable[:10]:
                out.print(f"  {line}", highlight=False)
        return
    out.print("[bold]Read-only: no send leaves.[/] What differs:", markup=True)
    for reason in found.reasons:
        out.print(f"  {reason}", highlight=False)
    if found.alive:
        out.print("Another stack writes heads of this ledger at this moment: stop it first.")
    out.print(
        f"Sends that left between {_format_time(found.lost_from)} and {_format_time(found.lost_until)} UTC are not in this ledger.",
        highlight=False,
    )
    if applied:
        return
    out.print(
        f"--apply reads the sent invitations, relations and messages of {found.accounts:,} "
        f"account{'' if found.accounts == 1 else 's'}, each at its own pace (about 8 minutes), adds the sends that left to the ledger, "
        f"and then lets sends continue. {found.overdue:,} sends are due by this database's plan.",
        highlight=False,
    )
    for url in found.foreign_webhooks:
        out.print(f"Another stack's webhooks point to {url}: --webhooks keep or remove.", highlight=False)


def _print_result(done: dict[str, Any]) -> None:
    out.print(
        f"Adopted. {done['invitations']:,} invitations and {done['messages']:,} messages had left in the lost time; the ledger has them.",
        highlight=False,
    )
    if done["unreadable"]:
        out.print(
            f"{done['unreadable']:,} accounts could not be read and are paused; `tact adopt` lists them, with --apply it reads them again."
        )


def _format_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
