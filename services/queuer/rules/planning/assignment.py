"""Give new prospects their accounts, one after another: the rotation's turn, as far as the account can send the text."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from services.queuer.rules.planning.next_send import PlanningAccount, ProspectToPlan, SendDraft
from services.queuer.rules.planning.plan_input import PlanInput
from services.queuer.rules.planning.rotation import pick
from shared.policy import note_limit
from shared.vocabulary import Action


class AccountAssignment:
    """Chooses accounts for one batch; keeps the credits and the capacities that every choice changes."""

    def __init__(self, facts: PlanInput) -> None:
        self._accounts = facts.accounts
        self._candidates = {campaign_id: rotation.candidates for campaign_id, rotation in facts.rotations.items()}
        self._credits = {campaign_id: dict(rotation.credits) for campaign_id, rotation in facts.rotations.items()}
        self._capacities = {
            action: {account_id: replace(capacity) for account_id, capacity in found.items()} for action, found in facts.capacities.items()
        }
        self._changed: set[UUID] = set()

    @property
    def changed_credits(self) -> dict[UUID, dict[UUID, float]]:
        """The credits of the campaigns that gave a prospect an account."""
        return {campaign_id: self._credits[campaign_id] for campaign_id in self._changed}

    def assign(self, prospect: ProspectToPlan, action: Action, draft: Callable[[PlanningAccount], SendDraft]) -> SendDraft | None:
        """The draft from the account whose turn it is; None for a campaign without accounts.

        A note that is too long for this account goes to an account with a higher limit, where one is usable.
        """
        candidates, found = self._candidates.get(prospect.campaign_id, ()), None
        capacities = self._capacities.get(action, {})
        while chosen := pick(candidates, self._credits[prospect.campaign_id] if candidates else {}, capacities):
            account, credits_after = self._accounts[chosen[0]], chosen[1]
            found = draft(account)
            limit = note_limit(account.account_type)
            candidates = [each for each in candidates if each.usable and note_limit(self._accounts[each.account_id].account_type) > limit]
            if found.wanted or not candidates:
                break
        if found is None:
            return None
        if found.wanted or found.ended:
            self._credits[prospect.campaign_id].update(credits_after)
            self._changed.add(prospect.campaign_id)
        if found.wanted:
            capacities[account.id].plan_more()
        return found
