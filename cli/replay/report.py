"""What a replay found and did, in lines of 80 columns."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.console import out
from operations.replay.groups import Move
from operations.replay.look import Found, Skip
from operations.replay.names import Named
from operations.replay.words import said

MOST_SHOWN: Final = 40
_WORDS: Final = {
    Skip.TOMBSTONE: "have no value: nothing to say again",
    Skip.UNREADABLE: "cannot be read: they are dead letters, or will be",
    Skip.COPY: "are copies made by an earlier replay of these events",
    Skip.OTHERS: "are about others than --where asks for",
}


def line(text: str) -> None:
    """One line; long ones wrap at words."""
    out.print(text, highlight=False, markup=False)


def looked(topic: str, since: Any, until: Any, found: Found, names: Sequence[Named], *, again: str = "publish") -> None:
    """What the range holds and what it would do; `again`: what becomes of its events, "publish" or "read"."""
    line(f"{topic}, from {said(since)} to {said(until) if until else 'now'}:")
    if not found.records:
        line("  no records. Nothing to replay.")
        return
    line(f"  {found.records:>9,} records, {found.events:,} of them events to {again} again")
    for why, count in sorted(found.skipped.items()):
        line(f"  {count:>9,} {_WORDS[why]}")
    line(f"  {found.done:>9,} are done already: their rows say so")
    line(f"  {found.acting:>9,} would act{':' if found.acting else ''}")
    deeds(names)


def deeds(names: Sequence[Named]) -> None:
    """Who would do what to whom."""
    for each in names[:MOST_SHOWN]:
        out.print(f"    {each.service}: {each.name}: {each.deed}", highlight=False, markup=False)
    if len(names) > MOST_SHOWN:
        line(f"    and {len(names) - MOST_SHOWN:,} more; --json names them all")


def moved(group: str, moves: Sequence[Move], *, done: bool) -> None:
    """A group's offsets before and after."""
    line(f"{group} {'stands' if done else 'would stand'} at:")
    line(f"  {'partition':>9}  {'before':>12}  {'after':>12}  {'read again':>11}")
    for move in moves:
        if move.before is None and move.after == 0:
            continue  # nothing was ever in it
        again = max((move.before or 0) - move.after, 0)
        before = "none" if move.before is None else f"{move.before:,}"
        line(f"  {move.partition:>9}  {before:>12}  {move.after:>12,}  {again:>11,}")


def worked(behind: Mapping[str, int | None]) -> None:
    """How the topic's readers got on."""
    for group, left in behind.items():
        if left is None:
            line(f"  {group} has no live member; it reads them when it starts")
        elif left:
            line(f"  {group} has {left:,} records before it still")
        else:
            line(f"  {group} has worked them off")
