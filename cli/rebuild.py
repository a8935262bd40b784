"""tact rebuild: dry without --apply; ends with 1 while something differs."""

from typing import Annotated, Final

import typer

from cli.console import err, out, print_json
from cli.target import database, run, target
from operations.rebuild import RebuildReport, rebuild_projections

MOST_SHOWN: Final = 20


def rebuild(
    apply: Annotated[
        bool, typer.Option("--apply", help="Correct counters and usage. Without this the command only reports differences.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Compute every derived value again from the ledger and the topics, and compare it row by row with the stored one.

    Expected: no difference. Counters and usage can be corrected; for every other difference the report names the remedy.
    """
    with err.status("connecting") as status:
        report = run(rebuild_projections(lambda role: database(role=role), target().kafka, apply=apply, on_step=status.update))
    if as_json:
        print_json(report.as_json())
    else:
        _print_report(report)
    if report.differing - report.mended:
        raise typer.Exit(1)


def _print_report(report: RebuildReport) -> None:
    out.print(f"{'what':<32} {'rebuilt from':<26} {'compared':>9} {'differ':>7}", highlight=False)
    for each in report.projections:
        out.print(f"{each.name:<32} {each.source:<26} {each.compared:>9,} {len(each.differing):>7,}", highlight=False)
    for each in report.projections:
        for one in each.differing[:MOST_SHOWN]:
            out.print(f"{each.name}, {one['row']}", highlight=False, markup=False)
            out.print(f"  {one['what']}: stored {one['live']}, correct {one['rebuilt']}", highlight=False, markup=False)
        if len(each.differing) > MOST_SHOWN:
            out.print(f"  and {len(each.differing) - MOST_SHOWN:,} more; --json has them all", highlight=False)
        if each.differing:
            out.print(f"  Remedy: {each.remedy}.", highlight=False, markup=False)
    if report.facts.unreadable:
        out.print(f"{report.facts.unreadable:,} records of the topics could not be read and were not compared.", highlight=False)
    if report.mended:
        out.print(f"Corrected {report.mended:,} values by their difference.", highlight=False)
    elif not report.differing:
        out.print("No difference.")
