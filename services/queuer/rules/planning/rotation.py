"""Which account writes to a new prospect: in turn, each as often as what it may still send is a share of what all may.

A smooth weighted round robin: with every prospect each account's credit grows by its share, the one with the most credit
gets the prospect and pays one. Shares of 2 to 1 come out as A B A, not A A B, so accounts fill their days side by side.
Credits outlive the batch; prospects that come one by one are shared out like those that come together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RotationCandidate:
    """An account of the campaign, in the order of `campaign_accounts.position`."""

    account_id: UUID
    usable: bool


@dataclass(slots=True)
class Capacity:
    """What an account may still do of one action: `today` of its own day's cap, and of `week` actions in seven days.

    `taken` counts the last seven days' use and everything planned, however far ahead. Planning more changes both.
    """

    today: int
    week: int
    taken: int = 0

    def plan_more(self, count: int = 1) -> None:
        """Count more planned actions."""
        self.today -= count
        self.taken += count

    def within(self, weeks: int) -> int:
        """What is left of so many weeks; 0: of today."""
        return max(0, min(self.today, self.within(1)) if weeks == 0 else self.week * weeks - self.taken)


def able_accounts(candidates: Sequence[RotationCandidate]) -> list[UUID]:
    """The accounts that the rotation chooses among: the usable ones, or all of them while none is usable."""
    return [each.account_id for each in candidates if each.usable] or [each.account_id for each in candidates]


def pick(
    candidates: Sequence[RotationCandidate], balances: Mapping[UUID, float], capacities: Mapping[UUID, Capacity]
) -> tuple[UUID, dict[UUID, float]] | None:
    """The account for the next prospect and the credit each has afterwards; None when the campaign has no accounts.

    The shares are what is left of today; when no account has anything left of today, what is left of this week, then of two weeks and
    so on: the account with the shortest queue fills up first, and no account with capacity is idle behind others.
    An account that is not usable is passed over while another is, because its prospects would wait for an operator. When none
    is usable, the rotation goes on as usual: planned times move with the lane, and the choice of the account is kept.
    """
    able = able_accounts(candidates)
    if not able:
        return None
    shares = _shares({account_id: capacities[account_id] for account_id in able})
    total = sum(shares.values())
    after = {account_id: balances.get(account_id, 0.0) + share / total for account_id, share in shares.items()}
    chosen = max(after, key=lambda account_id: round(after[account_id], 9))  # of equals, thirds added up included, the first by position
    after[chosen] -= 1
    return chosen, after


def share_out(people: int, capacities: Mapping[UUID, Capacity]) -> dict[UUID, int]:
    """For how many of so many prospects each of these accounts would be picked, one after another; their capacities shrink with it.

    What the accounts may still send in the nearest time is filled in proportion and all at once, which takes as many steps as there
    are weeks of work and not as there are prospects. The result differs by one or two from as many picks, which a test holds.
    """
    given = dict.fromkeys(capacities, 0)
    while people > 0 and capacities:
        shares = _shares(capacities)
        whole = sum(shares.values())
        some, before = min(people, whole), 0
        for account_id, end in zip(shares, accumulate(shares.values()), strict=True):
            count = -(-some * end // whole) - before  # remainders to the first accounts, as in the rotation
            given[account_id] += count
            capacities[account_id].plan_more(count)
            before += count
        people -= some
    return given


def apportioned(people: int, amounts: Sequence[int]) -> list[int]:
    """Prospects spread in proportion to the amounts, or all to the first where every amount is 0; the sum is exact."""
    if not sum(amounts):
        return [people, *[0] * (len(amounts) - 1)][: len(amounts)]
    ends = [people * end // sum(amounts) for end in accumulate(amounts)]
    return [end - before for end, before in zip(ends, [0, *ends[:-1]], strict=True)]


def dealt(parts: Sequence[int], counts: Sequence[int]) -> list[list[int]]:
    """For each part of the prospects how many of it go to each account, which gets `counts` of all; remainders go round.

    Both sums are equal. Every account gets of every part about its share of the whole.
    """
    whole, so_far, given, found = max(sum(parts), 1), 0, [0] * len(counts), []
    for part in parts:
        so_far += part
        wanted = [count * so_far / whole - had for count, had in zip(counts, given, strict=True)]
        row = [max(0, int(each)) for each in wanted]
        by_rest = sorted(range(len(counts)), key=lambda place: row[place] - wanted[place])
        odd = part - sum(row)
        for place in by_rest[:odd] if odd > 0 else ():
            row[place] += 1
        for place in reversed(by_rest):  # what was rounded up before
            less = min(row[place], -odd) if odd < 0 else 0
            row[place], odd = row[place] - less, odd + less
        given = [had + count for had, count in zip(given, row, strict=True)]
        found.append(row)
    return found


def _shares(capacities: Mapping[UUID, Capacity]) -> dict[UUID, int]:
    """What each account may still send within the shortest time in which any account may; at least one of them, and no zeros."""
    today = {account_id: left for account_id, capacity in capacities.items() if (left := capacity.within(0))}
    weeks = min(max(capacity.taken, 0) // capacity.week + 1 for capacity in capacities.values())
    return today or {account_id: left for account_id, capacity in capacities.items() if (left := capacity.within(weeks))}
