"""What differs, and whether anything may leave: pure decisions over the two sides of the fence.

The database's row and Kafka's heads are written in this order: the row is committed, then the head is published. So the row
is never behind the topic, unless the database has lost what it had committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.stack_heads import StackHead

EVERY: Final = timedelta(seconds=1)
"""Technical: between two heads."""
UNHEARD: Final = timedelta(seconds=15)
"""Technical: without a fresh head for so long nothing leaves. Longer than a broker's fail-over (8.8 s when measured) and than
the next process needs to take over; and a process that stood still for longer asks again before it acts."""
REMEMBERED: Final = 64
"""Heads whose tokens are known; enough for a publisher that was late by a minute."""
FORGETFUL: Final = (
    "PostgreSQL runs with fsync or synchronous_commit off: a power cut would forget what left. "
    "Set both to on (TACT_THROW_AWAY=true only where the database is thrown away)."
)
FOREIGN_WEBHOOK: Final = "another stack's webhook stands at the provider"


@dataclass(frozen=True, slots=True)
class FenceRow:
    """The fence's row, and what the server it stands on is now."""

    stack_id: UUID | None
    epoch: int
    system_identifier: int | None
    timeline: int | None
    kafka_cluster: str | None
    seq: int
    token: UUID | None
    previous: UUID | None
    attempt_id: int
    beat_at: datetime | None
    business_at: datetime | None
    read_only_since: datetime | None
    read_only_why: str | None
    neighbours: Sequence[str]
    own_system_identifier: int | None
    own_timeline: int | None
    durable: bool


@dataclass(slots=True)
class SeenHeads:
    """What Kafka has shown of one stack's heads."""

    last: StackHead | None = None
    tokens: dict[int, set[UUID]] = field(default_factory=dict)
    heard_at: float | None = None
    """Monotonic seconds of the last new head that came while we listened; what was in the topic before is not fresh."""

    def take(self, head: StackHead, *, live_at: float | None) -> None:
        """One record. A head that comes late or again changes nothing; a different one of the same number is remembered."""
        if self.last is not None and head.seq <= self.last.seq - REMEMBERED:
            return
        self.tokens.setdefault(head.seq, set()).add(head.token)
        if self.last is None or head.seq > self.last.seq:
            self.last = head
            self.heard_at = live_at if live_at is not None else self.heard_at
            for old in [seq for seq in self.tokens if seq <= head.seq - REMEMBERED]:
                del self.tokens[old]


def find_differences(row: FenceRow, seen: SeenHeads, *, kafka_cluster: str | None, mark: int) -> list[str]:
    """What says that database and Kafka do not belong together any more, in words; empty when all is well.

    `mark` is the number of Kafka's last head as known before the row was read, `seen` what is known after it.
    """
    if row.stack_id is None:
        return []
    return [*_elsewhere(row, kafka_cluster), *_apart(row, seen, mark)]


def _elsewhere(row: FenceRow, kafka_cluster: str | None) -> list[str]:
    found = []
    if None not in (row.system_identifier, row.own_system_identifier) and row.system_identifier != row.own_system_identifier:
        found.append(
            f"PostgreSQL's system identifier is {row.own_system_identifier}, and the stack was adopted on {row.system_identifier}: "
            "this database was restored on another server."
        )
    if row.own_timeline is not None and row.timeline is not None and row.own_timeline != row.timeline:
        found.append(
            f"PostgreSQL runs on timeline {row.own_timeline}, and the stack was adopted on timeline {row.timeline}: "
            "a standby was promoted, or a backup was recovered."
        )
    if None not in (row.kafka_cluster, kafka_cluster) and row.kafka_cluster != kafka_cluster:
        found.append(f"Kafka's cluster id is {kafka_cluster}, and the stack was adopted beside {row.kafka_cluster}: this is another Kafka.")
    return found


def _apart(row: FenceRow, seen: SeenHeads, mark: int) -> list[str]:
    if seen.last is None:
        # The very first head may have been written here and not have arrived there.
        return [] if row.seq <= 1 else [f"Kafka knows no head of this ledger, and {row.seq} were written to it: its topic is new."]
    if row.seq > seen.last.seq + 1:
        here, there = _named(row.seq, row.business_at), _named(seen.last.seq, seen.last.business_at)
        return [f"Kafka's heads end with {there}, and the database has {here}: Kafka was restored from an older state."]
    return _older(row, seen, mark)


def _older(row: FenceRow, seen: SeenHeads, mark: int) -> list[str]:
    if seen.last is not None and row.seq < mark:
        here, there = _named(row.seq, row.business_at), _named(seen.last.seq, seen.last.business_at)
        return [f"The database's ledger ends with {here}, and Kafka knows {there}: the database was restored from an older state."]
    if _twice(row, seen):
        return [f"Another database wrote a head {row.seq} of its own: a second stack runs on a copy of this database."]
    return []


def _twice(row: FenceRow, seen: SeenHeads) -> bool:
    """Kafka has heard another head under a number that this database gave to its own."""
    expected = ((row.seq, row.token), (row.seq - 1, row.previous))
    return any(seq in seen.tokens and token is not None and seen.tokens[seq] != {token} for seq, token in expected)


def find_refusal(row: FenceRow, seen: SeenHeads, *, mark: int, now: float, throw_away: bool) -> str | None:
    """Why nothing may leave at this moment; None when it may. `now` is monotonic seconds, `mark` as in `differences`.

    The cheap half of the comparison, for every decision that lets something leave: it makes no request.
    """
    return _by_the_row(row, throw_away) or _by_the_heads(row, seen, mark, now)


def _by_the_row(row: FenceRow, throw_away: bool) -> str | None:
    if not row.durable and not throw_away:
        return FORGETFUL
    if row.read_only_why is not None:
        return row.read_only_why
    if row.stack_id is None:
        return "the stack was not adopted yet: its first head has not been written."
    return "PostgreSQL is a standby." if row.own_timeline is None else None


def _by_the_heads(row: FenceRow, seen: SeenHeads, mark: int, now: float) -> str | None:
    if found := [*_elsewhere(row, None), *_older(row, seen, mark)]:
        return " ".join(found)
    if seen.last is None or seen.heard_at is None:
        return "no fresh head of the ledger has come from Kafka since this process started."
    # One who stood still hears at first what was said meanwhile, and its freshness means nothing.
    silent = max(now - seen.heard_at, (row.seq - seen.last.seq - 1) * EVERY.total_seconds())
    if silent > UNHEARD.total_seconds():
        return f"no head of the ledger has come from Kafka for {silent:.0f} s: it cannot be told whether this database is the right one."
    return None


def may_adopt_itself(row: FenceRow, *, ledger_is_empty: bool, topic_is_empty: bool, throw_away: bool) -> bool:
    """A new stack has nothing that could leave twice, and no other stack has written a head to its topic."""
    return row.stack_id is None and (throw_away or (ledger_is_empty and topic_is_empty))


def explain_never_adopted(*, ledger_is_empty: bool) -> str:
    """Why a stack without an id does not start by itself."""
    if ledger_is_empty:
        return "Kafka holds the heads of another stack, and this database is new: it is the wrong Kafka, or the wrong database."
    return "The ledger holds attempts, and no head of it was ever written: it is from before the fence, or restored from such a time."


def _named(seq: int, moment: datetime | None) -> str:
    return f"head {seq} ({moment:%Y-%m-%d %H:%M:%S})" if moment else f"head {seq}"
