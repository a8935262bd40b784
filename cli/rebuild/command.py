"""tact rebuild: dry without --apply; ends with 1 while something differs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from cli.console import err, out, print_json, run
from cli.target import database, target
from operations.proof import projections as ledger
from operations.proof.heard import Heard, listen
from operations.proof.projections import Compared

MOST_SHOWN: Final = 20
ROLE_OF: Final = {ledger.COUNTERS: "tact_queuer", ledger.USAGE: "tact_sender"}
"""Whose rows they are, and so in whose role they are mended."""


def rebuild(
    apply: Annotated[bool, typer.Option("--apply", help="Mend counters and usage. Without this it is only said what differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Compute what is derived anew, from the ledger and the topics, and compare it row by row with what stands.

    Expected: no difference. Campaigns' counters and accounts' usage can be mended; every other difference is named with what mends it.
    """
    answer, found, heard = run(carry_out(apply=apply))
    if as_json:
        print_json(answer)
    else:
        _print(found, heard, mended=answer["mended"])
    if answer["differing"] - answer["mended"]:
        raise typer.Exit(1)


async def carry_out(*, apply: bool) -> tuple[dict[str, Any], list[Compared], Heard]:
    """Compare, and with `apply` mend; returns what --json prints, and what it is made from."""
    with err.status("reading the topics") as status:
        heard = await listen(target().kafka, progress=lambda _records: None)
        status.update("comparing rows")
        # after the topics: a row that is behind an event we have read is behind it in truth
        async with (
            database() as pool,
            pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = await ledger.compare(connection, heard)
    mended = 0
    for name, role in ROLE_OF.items():
        wrong = [each for each in found if each.name == name and each.differing]
        if apply and wrong:
            async with database(role=role) as pool, pool.acquire() as connection:
                mended += await ledger.mend(connection, wrong)
    answer = {
        "compared": sum(each.compared for each in found),
        "differing": sum(len(each.differing) for each in found),
        "mended": mended,
        "events": heard.events,
        "unreadable": heard.unreadable,
        "projections": [asdict(each) for each in found],
    }
    return answer, found, heard


def _print(found: Sequence[Compared], heard: Heard, *, mended: int) -> None:
    out.print(f"{'what':<32} {'rebuilt from':<26} {'compared':>9} {'differ':>7}", highlight=False)
    for each in found:
        out.print(f"{each.name:<32} {each.source:<26} {each.compared:>9,} {len(each.differing):>7,}", highlight=False)
    for each in found:
        for one in each.differing[:MOST_SHOWN]:
            out.print(f"{each.name}, {one['row']}", highlight=False, markup=False)
            out.print(f"  {one['what']}: {one['live']} stands, {one['rebuilt']} is right", highlight=False, markup=False)
        if len(each.differing) > MOST_SHOWN:
            out.print(f"  and {len(each.differing) - MOST_SHOWN:,} more; --json has them all", highlight=False)
        if each.differing:
            out.print(f"  Mended by {each.remedy}.", highlight=False, markup=False)
    if heard.unreadable:
        out.print(f"{heard.unreadable:,} records of the topics could not be read and say nothing here.", highlight=False)
    if mended:
        out.print(f"Mended {mended:,} values by their difference.", highlight=False)
    elif not any(each.differing for each in found):
        out.print("No difference.")
