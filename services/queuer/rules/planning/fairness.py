"""Which campaign of an account acts next: deficit round robin, in which no backlog keeps another campaign waiting.

Every action costs one, a look-up like an invitation, because every action takes the account's time. A campaign's turn is
as many actions in a row as its `turn_length` says (1 by default); then the next campaign in order of id that
has something due takes its own, and after the last comes the first. At a cost of one and whole quanta a deficit is never
carried over: it is what is left of the turn that runs (docs/adr/0021). Within its turn a campaign's oldest send goes first.

Dispatching chooses in SQL (`first_due`), so that only what is chosen is read;
test_the_statement_chooses_as_the_rule_does holds the two together.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.campaign_fields import DEFAULT_TURN_LENGTH


@dataclass(frozen=True, slots=True)
class CampaignTurn:
    """The campaign whose turn it is on an account, and how many actions are left of the turn; no campaign before the account's first."""

    campaign: UUID | None = None
    left: int = 0


def next_campaign(turn: CampaignTurn, eligible: Collection[UUID]) -> UUID | None:
    """The campaign that acts next among those with something due in an open lane; None when there is none.

    A turn that is not over goes on. A campaign with nothing due loses the rest of its turn: what it did not need is not
    saved up, or a campaign that slept for a week would hold the account for hours.
    """
    if turn.campaign is None:
        return min(eligible, default=None)
    if turn.left > 0 and turn.campaign in eligible:
        return turn.campaign
    behind = [campaign for campaign in eligible if campaign > turn.campaign]
    return min(behind, default=min(eligible, default=None))


def turn_after(turn: CampaignTurn, campaign: UUID, turn_length: int = DEFAULT_TURN_LENGTH) -> CampaignTurn:
    """The turn once this campaign, which `next_campaign` named, has been given one action."""
    goes_on = campaign == turn.campaign and turn.left > 0
    return CampaignTurn(campaign, (turn.left if goes_on else turn_length) - 1)


def longest_wait(campaign: UUID, turn_lengths: Mapping[UUID, int]) -> int:
    """How many actions of the account may at most go before an eligible send at the head of its campaign's queue.

    `turn_lengths` are those of every campaign that has something due on the account meanwhile. The published bound:
    one turn of each other campaign (docs/limits.md).
    """
    return sum(length for other, length in turn_lengths.items() if other != campaign)
