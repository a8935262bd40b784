"""What a replay found and did, printed in lines of 80 columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cli.console import out
from operations.replay.arguments import format_time
from operations.replay.effect_names import NamedEffect
from operations.replay.engine import ReplayReport
from operations.replay.groups import OffsetMove
from operations.replay.inspection import RangeContents, Skip

MOST_SHOWN: Final = 40
_SKIPPED: Final = {
    Skip.TOMBSTONE: "have no value: there is nothing to publish",
    Skip.UNREADABLE: "cannot be read: they are dead letters, or will be",
    Skip.COPY: "are copies that an earlier replay made of these events",
    Skip.OTHERS: "are outside the selection of --where",
}


class PrintedReport(ReplayReport):
    """Prints each part of the report on standard output."""

    def moves(self, group: str, moves: Sequence[OffsetMove], *, done: bool) -> None:
        _print_line(f"Offsets of {group} {'now' if done else 'with --apply'}:")
        _print_line(f"  {'partition':>9}  {'before':>12}  {'after':>12}  {'read again':>11}")
        for move in moves:
            if move.before is None and move.after == 0:
                continue  # the partition is empty
            again = max((move.before or 0) - move.after, 0)
            before = "none" if move.before is None else f"{move.before:,}"
            _print_line(f"  {move.partition:>9}  {before:>12}  {move.after:>12,}  {again:>11,}")

    def contents(
        self, topic: str, since: datetime | None, until: datetime | None, found: RangeContents, effects: Sequence[NamedEffect], *, verb: str
    ) -> None:
        _print_line(f"{topic}, from {format_time(since)} to {format_time(until) if until else 'now'}:")
        if not found.records:
            _print_line("  no records. Nothing to replay.")
            return
        _print_line(f"  {found.records:>9,} records, {found.events:,} of them events to {verb} again")
        for why, count in sorted(found.skipped.items()):
            _print_line(f"  {count:>9,} {_SKIPPED[why]}")
        _print_line(f"  {found.done:>9,} are done already: their rows say so")
        _print_line(f"  {found.acting:>9,} would act{':' if found.acting else ''}")
        _print_effects(effects)

    def published(self, answer: Mapping[str, Any], acting: int, still: Sequence[NamedEffect]) -> None:
        _print_line(
            f"Published {answer['published']:,} events in {answer['seconds']:.1f} s ({answer['per_second']:,}/s), run {answer['run']}."
        )
        for group, left in answer["behind"].items():
            if left is None:
                _print_line(f"  {group} has no live member; it reads them when it starts")
            elif left:
                _print_line(f"  {group} has {left:,} records left to read")
            else:
                _print_line(f"  {group} has read them all")
        if acting:
            _print_line(
                f"  {answer['acted']:,} of {acting:,} that would act have acted" + (f"; {len(still):,} still would:" if still else "")
            )
            _print_effects(still)

    def ends(self, sentence: str) -> None:
        _print_line(sentence)


def _print_line(text: str) -> None:
    """One line; a long one wraps at words."""
    out.print(text, highlight=False, markup=False)


def _print_effects(effects: Sequence[NamedEffect]) -> None:
    for each in effects[:MOST_SHOWN]:
        _print_line(f"    {each.service}: {each.name}: {each.deed}")
    if len(effects) > MOST_SHOWN:
        _print_line(f"    and {len(effects) - MOST_SHOWN:,} more; --json lists them all")
