"""Which account writes to a new prospect: in turn, each as often as what it may still send is a share of what all may.

A smooth weighted round robin: with every prospect each account's credit grows by its share, the one with the most credit
gets the prospect and pays one. Shares of 2 to 1 come out as A B A, not A A B, so accounts fill their days side by side.
Credits outlive the batch; prospects that come one by one are shared out like those that come together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account of the campaign, in the order of `campaign_accounts.position`."""

    account_id: UUID
    usable: bool


@dataclass(slots=True)
class Room:
    """What an account may still do of one action: `today` of its own day's cap, and of `week` actions in seven days.

    `taken` counts the last seven days' use and everything planned, however far ahead. Both sides move with `take`.
    """

    today: int
    week: int
    taken: int = 0

    def take(self) -> None:
        """One more is planned."""
        self.today -= 1
        self.taken += 1

    def within(self, weeks: int) -> int:
        """What is left of so many weeks; 0: of today."""
        return max(0, min(self.today, self.within(1)) if weeks == 0 else self.week * weeks - self.taken)


def pick(
    candidates: Sequence[Candidate], balances: Mapping[UUID, float], rooms: Mapping[UUID, Room]
) -> tuple[UUID, dict[UUID, float]] | None:
    """The account for the next prospect and the credit each has afterwards; None when the campaign has no accounts.

    The shares are what is left of today; when nobody has anything left of today, of this week, then of two weeks and so
    on: the account whose queue is shortest fills up first, and nobody who may still send stands idle behind others.
    An account that cannot act is passed over while another can, because its prospects would wait for a person. When none
    can, the rotation goes on as usual: planned times move with the lane, and the choice of the account is kept.
    """
    able = [candidate.account_id for candidate in candidates if candidate.usable] or [candidate.account_id for candidate in candidates]
    if not able:
        return None
    shares = _shares({account_id: rooms[account_id] for account_id in able})
    total = sum(shares.values())
    after = {account_id: balances.get(account_id, 0.0) + share / total for account_id, share in shares.items()}
    chosen = max(after, key=lambda account_id: round(after[account_id], 9))  # of equals, thirds added up included, the first by position
    after[chosen] -= 1
    return chosen, after


def _shares(rooms: Mapping[UUID, Room]) -> dict[UUID, int]:
    """What each may still send within the shortest time in which anybody may; at least one of them, and no zeros."""
    today = {account_id: left for account_id, room in rooms.items() if (left := room.within(0))}
    weeks = min(max(room.taken, 0) // room.week + 1 for room in rooms.values())
    return today or {account_id: left for account_id, room in rooms.items() if (left := room.within(weeks))}
