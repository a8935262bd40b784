"""Change a campaign: its name, texts, steps, accounts, hours. What has left, or is about to, stays as it was.

A change of the steps makes their next version. Prospects who are under way keep the version of their enrolment, but a
message that is only planned is written anew with the new text: an operator who corrects a mistake does not want the old text to leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.rules.campaigns.steps import LONGEST_DELAY, Wish, in_order, ready_to_start, steps_of
from services.queuer.rules.campaigns.views import CampaignAccount, CampaignChanged, CampaignInFull
from services.queuer.store.accounts.accounts import StoredAccount
from services.queuer.store.accounts.workspaces import get_workspace
from services.queuer.store.campaigns import campaigns as store
from services.queuer.store.planning.withdrawals import plan_withdrawals_again
from services.queuer.workflows.campaigns.create import CampaignPlan, check_schedules, find_usable_accounts, read_steps
from services.queuer.workflows.campaigns.rewrite import rewrite_planned
from services.queuer.workflows.campaigns.run import wake_campaign
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS
from shared.db.pool import Connection
from shared.db.statements import wake_accounts, write_audit_line
from shared.refusals import Conflict, Refused
from shared.vocabulary import COMMAND_LINE, CampaignStatus

_OVER: Final = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})
_STARTED: Final = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChanges:
    """What to change; None leaves a thing as it is.

    `message_templates` and `step_delays` are merged into what there is: a text replaces that of its message type, a new
    type is put in its place, and None takes the step out (or gives its delay back to the default). `steps` replaces
    them all. `settings` holds the columns of shared/contracts/campaign_fields.py that change; a `withdraw_after_days` of None or 0
    takes no invitation back any more.
    """

    campaign_name: str | None = None
    message_templates: Mapping[str, str | None] | None = None
    step_delays: Mapping[str, float | None] | None = None
    steps: Sequence[Wish] | None = None
    accounts: Sequence[UUID | str] | None = None
    schedule_settings: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The things it changes."""
        own = [name for name in self.__slots__ if name != "settings" and getattr(self, name) is not None]
        return own + [each.column for each in CAMPAIGN_FIELDS if each.column in self.settings]

    @property
    def touches_words(self) -> bool:
        """Whether what will be said, or to whom it can be said, may be different now."""
        return "on_missing" in self.settings or any(thing is not None for thing in (self.message_templates, self.step_delays, self.steps))


async def change_campaign(
    pool: asyncpg.Pool, campaign_id: UUID, changes: CampaignChanges, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE
) -> CampaignChanged:
    """Change what is given; the same change again changes nothing.

    Raises:
        NotFound: there is none.
        Refused: a value cannot be used, or the campaign could not run any more.
        Conflict: the campaign is over, or the name is taken.
    """
    async with pool.acquire() as connection:
        async with connection.transaction():
            changed = await _change(connection, campaign_id, changes, workspace_id=workspace_id, actor=actor)
        if changes.schedule_settings is not None:
            await _free_sends(connection, campaign_id)
        if changes.touches_words:
            # After the new version is committed, so that a planner uses it meanwhile; the same request again finds what a crash left.
            await rewrite_planned(connection, campaign_id)
        if changed and "withdraw_after_days" in changes.settings:
            async with connection.transaction():  # of its own: prospects are locked before campaigns
                await plan_withdrawals_again(connection, campaign_id)
        return CampaignChanged(await store.get_campaign(connection, campaign_id), changed)


async def _change(connection: Connection, campaign_id: UUID, changes: CampaignChanges, *, workspace_id: UUID | None, actor: str) -> bool:
    account_ids = await store.lock_accounts(connection, campaign_id)
    locked = await store.lock_campaign(connection, campaign_id, workspace_id=workspace_id)
    old = await store.get_campaign(connection, campaign_id)
    if old.status in _OVER or any(old.status not in each.changeable_in for each in CAMPAIGN_FIELDS if each.column in changes.settings):
        raise Conflict(f"The campaign is {old.status}, and that is final. Make a new campaign.", code="wrong_status")
    found = await _accounts(connection, locked.workspace_id, old, changes)
    new = _plan(old, changes, found)
    check_schedules(new.schedule_settings, found, locked.workspace_schedule)
    was = CampaignPlan(old.campaign_name, old.steps, tuple(account.id for account in old.accounts), old.schedule_settings, old.settings)
    if new == was:
        return False
    try:
        await store.change_campaign(connection, campaign_id, new.columns())
    except asyncpg.UniqueViolationError:
        raise Conflict(
            f"Another campaign of the workspace is called {new.campaign_name!r}; choose another name.", code="name_taken"
        ) from None
    if new.steps != was.steps:
        await store.write_steps(connection, campaign_id, new.steps)
    if new.account_ids != was.account_ids:
        await store.write_accounts(connection, campaign_id, new.account_ids)
    if old.status is CampaignStatus.RUNNING and new.schedule_settings != was.schedule_settings:
        await wake_campaign(connection, campaign_id, account_ids)
    details = {"changed": changes.names}
    await write_audit_line(connection, actor, "change", "campaign", campaign_id, workspace_id=locked.workspace_id, details=details)
    return True


async def _free_sends(connection: Connection, campaign_id: UUID) -> None:
    """Release sends to which the old hours left no moment.

    A transaction of its own, because sends are locked before campaigns; the same request again finds what a crash left.
    """
    async with connection.transaction():
        account_ids = await store.lock_accounts(connection, campaign_id)
        await store.free_sends(connection, campaign_id)
        await wake_accounts(connection, account_ids)


async def _accounts(
    connection: Connection, workspace_id: UUID, old: CampaignInFull, changes: CampaignChanges
) -> Sequence[StoredAccount | CampaignAccount]:
    """The accounts the campaign will have. Prospects who were written to keep their account (workflows/planning/reassign_account.py)."""
    if changes.accounts is None:
        return old.accounts
    if not changes.accounts and old.status in _STARTED:
        raise Refused("The campaign runs, or will run on; leave it at least one account, or cancel it.", code="no_accounts")
    workspace = await get_workspace(connection, workspace_id)
    return await find_usable_accounts(connection, workspace, old.campaign_type, changes.accounts)


def _plan(old: CampaignInFull, changes: CampaignChanges, accounts: Sequence[StoredAccount | CampaignAccount]) -> CampaignPlan:
    steps = steps_of(old.campaign_type, _merge_steps(old, changes))
    if old.steps and not steps:
        raise Refused("That would take the campaign's last step; leave at least one.", code="no_steps")
    if old.status in _STARTED:
        ready_to_start(old.campaign_type, steps)
    return CampaignPlan(
        old.campaign_name if changes.campaign_name is None else checks.text(changes.campaign_name, "campaign_name"),
        steps,
        tuple(account.id for account in accounts),
        old.schedule_settings if changes.schedule_settings is None else checks.schedule(changes.schedule_settings),
        checks.settings(replace(old.settings, **changes.settings), old.campaign_type, given=changes.settings.keys()),
    )


def _merge_steps(old: CampaignInFull, changes: CampaignChanges) -> list[Wish]:
    """The old steps with the changes merged in; new message types go where the usual order puts them, if it was kept so far."""
    if changes.steps is not None:
        return read_steps({name: text for name, text in (changes.message_templates or {}).items() if text is not None}, None, changes.steps)
    there = {step.message_type: Wish(step.message_type, step.template, step.delay) for step in old.steps}
    before = list(there)
    for message_type, text in (changes.message_templates or {}).items():
        if text is None:
            there.pop(message_type, None)
        else:
            there[message_type] = replace(there.get(message_type) or Wish(message_type, ""), template=text)
    for message_type, hours in (changes.step_delays or {}).items():
        there[message_type] = replace(_known(there, message_type), delay=_delay(message_type, hours))
    usual = before == in_order(before)
    order = in_order(there) if usual else [*(name for name in before if name in there), *in_order(set(there) - set(before))]
    return [there[message_type] for message_type in order]


def _known(there: Mapping[str, Wish], message_type: str) -> Wish:
    if message_type not in there:
        raise Refused(
            f"step_delays names {message_type!r}, which has no template; write it into message_templates or leave it out.",
            details={"message_type": message_type},
        )
    return there[message_type]


def _delay(message_type: str, hours: float | None) -> timedelta | None:
    if hours is None:
        return None
    if not 0 <= hours <= LONGEST_DELAY:
        raise Refused(
            f"The delay of {message_type} is {hours:g} hours; write 0 to {LONGEST_DELAY}.", details={"message_type": message_type}
        )
    return timedelta(hours=hours)
