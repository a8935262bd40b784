"""Make a campaign as a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.rules.campaigns.steps import Wish, steps_of, wishes
from services.queuer.rules.campaigns.views import CampaignAccount, CampaignCreated, CampaignInFull
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.store.accounts.accounts import StoredAccount, find_accounts
from services.queuer.store.accounts.workspaces import Workspace, get_workspace
from services.queuer.store.campaigns import campaigns as store
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, CampaignSettings, settings_columns
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import Conflict, Refused
from shared.vocabulary import CHANNEL_OF_CAMPAIGN_TYPE, COMMAND_LINE, CampaignType

MOST_ACCOUNTS: Final = 500


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a campaign's row and its steps will say, all of it checked."""

    campaign_name: str
    steps: tuple[WorkflowStep, ...]
    account_ids: tuple[UUID, ...]
    schedule_settings: Mapping[str, Any]
    settings: CampaignSettings

    def columns(self) -> dict[str, Any]:
        """The columns of the campaign's row that it decides, as JSON."""
        return {
            "campaign_name": self.campaign_name,
            "linkedin_account_id": str(self.account_ids[0]) if self.account_ids else None,
            "message_templates": {step.message_type: step.template for step in self.steps},
            "step_delays": {step.message_type: step.delay.total_seconds() / 3600 for step in self.steps},
            "schedule_settings": dict(self.schedule_settings),
            **settings_columns(self.settings),
        }


async def create_campaign(
    pool: asyncpg.Pool,
    *,
    workspace_id: UUID,
    campaign_name: str,
    campaign_type: CampaignType,
    message_templates: Mapping[str, str] | None = None,
    accounts: Sequence[UUID | str] = (),
    schedule_settings: Mapping[str, Any] | None = None,
    step_delays: Mapping[str, float] | None = None,
    steps: Sequence[Wish] | None = None,
    settings: CampaignSettings = CampaignSettings(),  # noqa: B008 - frozen
    actor: str = COMMAND_LINE,
) -> CampaignCreated:
    """Make a campaign as a draft; the same values again are the same row.

    Steps come from `message_templates` (message type -> text) and `step_delays` (message type -> hours after the
    acceptance or the step before), or, in the caller's own order, from `steps`. Accounts are named by id, the provider's id
    or name. A `withdraw_after_days` of None takes the workspace's number for connector campaigns; 0 is never.

    Raises:
        Refused: a value cannot be used.
        Conflict: the name is taken by a campaign with other values.
        NotFound: there is no such workspace.
    """
    wanted = read_steps(message_templates, step_delays, steps)
    async with pool.acquire() as connection, connection.transaction():
        workspace = await get_workspace(connection, workspace_id)
        found = await find_usable_accounts(connection, workspace, campaign_type, accounts)
        days_given = settings.withdraw_after_days is not None
        if not days_given and campaign_type is CampaignType.CONNECTOR:
            settings = replace(settings, withdraw_after_days=workspace.withdraw_after_days)
        plan = CampaignPlan(
            checks.text(campaign_name, "campaign_name"),
            steps_of(campaign_type, wanted),
            tuple(account.id for account in found),
            checks.schedule(schedule_settings),
            checks.settings(settings, campaign_type, given={field.column for field in CAMPAIGN_FIELDS}),
        )
        check_schedules(plan.schedule_settings, found, workspace.schedule_settings)
        fixed = {"workspace_id": str(workspace_id), "campaign_type": campaign_type.value}
        campaign_id = await store.insert_campaign(connection, fixed | plan.columns())
        if campaign_id is not None:
            await store.write_steps(connection, campaign_id, plan.steps)
            await store.write_accounts(connection, campaign_id, plan.account_ids)
            await write_audit_line(connection, actor, "create", "campaign", campaign_id, workspace_id=workspace_id)
            return CampaignCreated(await store.get_campaign(connection, campaign_id), created=True)
        there = await store.id_of_name(connection, workspace_id, plan.campaign_name)
        if there is None:
            raise Conflict(f"The campaign {plan.campaign_name!r} is being made or renamed at this moment; try again.")
        stored = await store.get_campaign(connection, there)
    if not days_given:  # no other value was asked for, and the workspace's number may have changed since
        plan = replace(plan, settings=replace(plan.settings, withdraw_after_days=stored.withdraw_after_days))
    _check_same(plan, campaign_type, stored)
    return CampaignCreated(stored, created=False)


def read_steps(
    message_templates: Mapping[str, str] | None, step_delays: Mapping[str, float] | None, steps: Sequence[Wish] | None
) -> list[Wish]:
    """The steps of a request, written in one of the two ways.

    Raises:
        Refused: in both at once, which could contradict each other.
    """
    if steps is None:
        return wishes(message_templates or {}, step_delays or {})
    if message_templates or step_delays:
        raise Refused("Give either steps, or message_templates with step_delays, not both.", details={"field": "steps"})
    return list(steps)


async def find_usable_accounts(
    connection: Connection, workspace: Workspace, campaign_type: CampaignType, words: Sequence[UUID | str]
) -> list[StoredAccount]:
    """The accounts meant, each of the workspace and of the campaign's channel.

    Raises:
        Refused: one is not.
    """
    if len(words) > MOST_ACCOUNTS:
        raise Refused(f"The campaign names {len(words)} accounts; {MOST_ACCOUNTS} are the most.", details={"field": "accounts"})
    found = await find_accounts(connection, workspace.id, words)
    channel = CHANNEL_OF_CAMPAIGN_TYPE[campaign_type]
    for account in found:
        if account.channel is not channel:
            raise Refused(
                f"The account {account.name!r} sends over {account.channel}, and a {campaign_type} campaign needs {channel}.",
                code="wrong_channel",
                details={"account": account.name},
            )
    return found


def check_schedules(settings: Mapping[str, Any], accounts: Sequence[StoredAccount | CampaignAccount], workspace: Mapping[str, Any]) -> None:
    """Refuse hours that contradict those of an account or of the workspace."""
    for account in accounts:
        checks.schedules_agree(
            settings, account.schedule_settings, workspace, timezone=account.timezone, country=account.country, name=account.name
        )


def _check_same(plan: CampaignPlan, campaign_type: CampaignType, stored: CampaignInFull) -> None:
    differs = [
        name
        for name, wanted, there in (
            ("campaign_type", campaign_type, stored.campaign_type),
            ("message_templates or steps", plan.steps, stored.steps),
            ("accounts", plan.account_ids, tuple(account.id for account in stored.accounts)),
            ("schedule_settings", plan.schedule_settings, stored.schedule_settings),
            *((field.column, getattr(plan.settings, field.column), getattr(stored, field.column)) for field in CAMPAIGN_FIELDS),
        )
        if wanted != there
    ]
    if differs:
        raise Conflict(
            f"The campaign {stored.campaign_name!r} is there already with another {', '.join(differs)}. Change it, or choose another name.",
            details={"campaign_id": str(stored.id), "differs": differs},
        )
