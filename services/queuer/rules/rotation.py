"""Which account writes to a new prospect: in turn, so that no account of a campaign fills its day before the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account of the campaign, in the order of `campaign_accounts.position`."""

    account_id: UUID
    usable: bool


def pick(candidates: Sequence[Candidate], turn: int) -> tuple[UUID, int] | None:
    """The account whose turn it is, and whose turn comes after it; None when the campaign has no accounts.

    An account that cannot act is passed over while another can, because its prospects would wait for a person. When
    none can, the turn goes on as usual: planned times move with the lane, and the choice of the account is kept.
    """
    if not candidates:
        return None
    count = len(candidates)
    anybody = not any(candidate.usable for candidate in candidates)
    for step in range(count):
        place = (turn + step) % count
        if anybody or candidates[place].usable:
            return candidates[place].account_id, (place + 1) % count
    raise AssertionError("one of them is usable, or anybody will do")
