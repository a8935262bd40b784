"""Campaigns: made, looked up and listed. What changes one is in change.py and run.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.rules.campaigns.steps import Wish, steps_of, wishes
from services.queuer.rules.campaigns.views import Campaign, CampaignAccount, CampaignInFull, Created
from services.queuer.rules.planning.fairness import QUANTUM
from services.queuer.rules.planning.next_step import Step
from services.queuer.store import audit
from services.queuer.store.accounts import accounts as known_accounts
from services.queuer.store.accounts import workspaces
from shared.db.pool import Connection
from shared.db.queries import load
from shared.refusals import Conflict, NotFound, Refused
from shared.vocabulary import (
    CHANNEL_OF_CAMPAIGN_TYPE,
    AccountStatus,
    AccountType,
    Action,
    CampaignStatus,
    CampaignType,
    Channel,
    MissingValue,
    ProspectStatus,
)

queries = load(__file__)

MOST_ACCOUNTS: Final = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign's row and its steps will say, all of it checked."""

    campaign_name: str
    steps: tuple[Step, ...]
    account_ids: tuple[UUID, ...]
    schedule_settings: Mapping[str, Any]
    on_missing: MissingValue
    withdraw_after_days: int | None = None
    turn_length: int = QUANTUM
    allow_parallel: bool = False

    def columns(self) -> dict[str, Any]:
        """The columns of the campaign's row that it decides."""
        return {
            "campaign_name": self.campaign_name,
            "linkedin_account_id": self.account_ids[0] if self.account_ids else None,
            "message_templates": {step.message_type: step.template for step in self.steps},
            "step_delays": {step.message_type: step.delay.total_seconds() / 3600 for step in self.steps},
            "schedule_settings": dict(self.schedule_settings),
            "on_missing": self.on_missing.value,
            "withdraw_after_days": self.withdraw_after_days,
            "turn_length": self.turn_length,
            "allow_parallel": self.allow_parallel,
        }


async def create(
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
    on_missing: MissingValue = MissingValue.BLOCK,
    withdraw_after_days: int | None = None,
    turn_length: int = QUANTUM,
    allow_parallel: bool = False,
    actor: str = "command line",
) -> Created:
    """Make a campaign as a draft; the same values again are the same row.

    Steps come from `message_templates` (message type -> text) and `step_delays` (message type -> hours after the
    acceptance or the step before), or in an order of one's own from `steps`. `withdraw_after_days`: invitations that wait
    longer are taken back; 0: never; None: as the workspace says today for its connector campaigns. Accounts are named by id, the provider's
    id or name. `allow_parallel` lets its people be in another campaign's sequence at the same time.

    Raises:
        Refused: something in it cannot be used.
        Conflict: the name is taken by a campaign with other values.
        NotFound: there is no such workspace.
    """
    wanted = asked_for(message_templates, step_delays, steps)
    async with pool.acquire() as connection, connection.transaction():
        workspace = await workspaces.get(connection, workspace_id)
        found = await usable_accounts(connection, workspace, campaign_type, accounts)
        usual = workspace.withdraw_after_days if campaign_type is CampaignType.CONNECTOR else None
        plan = Plan(
            checks.text(campaign_name, "campaign_name"),
            steps_of(campaign_type, wanted),
            tuple(account.id for account in found),
            checks.schedule(schedule_settings),
            on_missing,
            checks.withdraw_after(usual if withdraw_after_days is None else withdraw_after_days, campaign_type),
            checks.turn_length(turn_length),
            allow_parallel,
        )
        check_schedules(plan.schedule_settings, found, workspace.schedule_settings)
        campaign_id = await queries.insert_campaign(
            connection, workspace_id=workspace_id, campaign_type=campaign_type.value, **plan.columns()
        )
        if campaign_id is not None:
            await write_steps(connection, campaign_id, plan.steps)
            await queries.insert_accounts(connection, campaign_id=campaign_id, account_ids=plan.account_ids)
            await audit.note(connection, actor, "create", "campaign", campaign_id, workspace_id=workspace_id)
            return Created(await get(connection, campaign_id), created=True)
        stored = await get(connection, await queries.id_of_name(connection, workspace_id=workspace_id, campaign_name=plan.campaign_name))
    if withdraw_after_days is None:  # not said, so not another one; the workspace's number may be new
        plan = replace(plan, withdraw_after_days=stored.withdraw_after_days)
    _same(plan, campaign_type, stored)
    return Created(stored, created=False)


async def get(connection: Connection | asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None) -> CampaignInFull:
    """One campaign in full, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    row = await queries.by_id(connection, campaign_id=campaign_id, workspace_id=workspace_id)
    if row is None:
        raise unknown(campaign_id)
    version = await queries.newest_version(connection, campaign_id=campaign_id)
    return CampaignInFull(
        **_columns(row),
        version=version["version"] if version else 0,
        steps=await _steps(connection, version["id"]) if version else (),
        accounts=tuple([_account(each) async for each in queries.accounts_of(connection, campaign_id=campaign_id)]),
        prospects_by_status={
            ProspectStatus(each["status"]): each["prospects"] async for each in queries.by_status(connection, campaign_id=campaign_id)
        },
        next_planned_at=await queries.next_planned(connection, campaign_id=campaign_id),
    )


async def list_campaigns(
    connection: Connection | asyncpg.Pool,
    *,
    workspace_id: UUID | None = None,
    named: str | None = None,
    after: UUID | None = None,
    most: int = 50,
) -> list[Campaign]:
    """A page of campaigns by name, of one workspace or of all; `after` is the last one of the page before.

    `named`: only those with that id or name.

    Raises:
        Refused: `named` can be no name.
    """
    named = None if named is None else checks.text(named, "named")
    rows = queries.page(connection, workspace_id=workspace_id, named=named, after=after, most=most)
    return [Campaign(**_columns(row)) async for row in rows]


def asked_for(
    message_templates: Mapping[str, str] | None, step_delays: Mapping[str, float] | None, steps: Sequence[Wish] | None
) -> list[Wish]:
    """The wishes of a request, written in one of the two ways.

    Raises:
        Refused: in both at once, which could contradict each other.
    """
    if steps is None:
        return wishes(message_templates or {}, step_delays or {})
    if message_templates or step_delays:
        raise Refused("Give either steps, or message_templates with step_delays, not both.", details={"field": "steps"})
    return list(steps)


async def usable_accounts(
    connection: Connection, workspace: workspaces.Workspace, campaign_type: CampaignType, words: Sequence[UUID | str]
) -> list[known_accounts.Account]:
    """The accounts meant, each of the workspace and of the campaign's channel.

    Raises:
        Refused: one is not.
    """
    if len(words) > MOST_ACCOUNTS:
        raise Refused(f"The campaign names {len(words)} accounts; {MOST_ACCOUNTS} are the most.", details={"field": "accounts"})
    found = await known_accounts.find(connection, workspace.id, words)
    channel = CHANNEL_OF_CAMPAIGN_TYPE[campaign_type]
    for account in found:
        if account.channel is not channel:
            raise Refused(
                f"The account {account.name!r} sends over {account.channel}, and a {campaign_type} campaign needs {channel}.",
                code="wrong_channel",
                details={"account": account.name},
            )
    return found


def check_schedules(
    settings: Mapping[str, Any], accounts: Sequence[known_accounts.Account | CampaignAccount], workspace: Mapping[str, Any]
) -> None:
    """Refuse hours that contradict those of an account or of the workspace."""
    for account in accounts:
        checks.schedules_agree(
            settings, account.schedule_settings, workspace, timezone=account.timezone, country=account.country, name=account.name
        )


async def write_steps(connection: Connection, campaign_id: UUID, steps: Sequence[Step]) -> UUID | None:
    """Store the steps as the campaign's next version; nothing while there are none."""
    if not steps:
        return None
    workflow_id: UUID = await queries.insert_workflow(connection, campaign_id=campaign_id)
    await queries.insert_steps(
        connection,
        workflow_id=workflow_id,
        positions=[step.position for step in steps],
        message_types=[step.message_type for step in steps],
        actions=[step.action.value for step in steps],
        delays=[step.delay for step in steps],
        requires_connections=[step.requires_connection for step in steps],
        templates=[step.template for step in steps],
    )
    return workflow_id


def unknown(campaign_id: UUID) -> NotFound:
    """What is said of a campaign that is not there, or is another workspace's."""
    return NotFound(f"There is no campaign {campaign_id}; `tact campaign list` shows those there are.", code="unknown_campaign")


def _same(plan: Plan, campaign_type: CampaignType, stored: CampaignInFull) -> None:
    differs = [
        name
        for name, wanted, there in (
            ("campaign_type", campaign_type, stored.campaign_type),
            ("message_templates or steps", plan.steps, stored.steps),
            ("accounts", plan.account_ids, tuple(account.id for account in stored.accounts)),
            ("schedule_settings", plan.schedule_settings, stored.schedule_settings),
            ("on_missing", plan.on_missing, stored.on_missing),
            ("withdraw_after_days", plan.withdraw_after_days, stored.withdraw_after_days),
            ("turn_length", plan.turn_length, stored.turn_length),
            ("allow_parallel", plan.allow_parallel, stored.allow_parallel),
        )
        if wanted != there
    ]
    if differs:
        raise Conflict(
            f"The campaign {stored.campaign_name!r} is there already with another {', '.join(differs)}. Change it, or choose another name.",
            details={"campaign_id": str(stored.id), "differs": differs},
        )


async def _steps(connection: Connection | asyncpg.Pool, workflow_id: UUID) -> tuple[Step, ...]:
    return tuple(
        [
            Step(row["position"], row["message_type"], Action(row["action"]), row["delay"], row["requires_connection"], row["template"])
            async for row in queries.steps_of_version(connection, workflow_id=workflow_id)
        ]
    )


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "campaign_type": CampaignType(row["campaign_type"]),
        "status": CampaignStatus(row["status"]),
        "on_missing": MissingValue(row["on_missing"]),
    }


def _account(row: Mapping[str, Any]) -> CampaignAccount:
    kinds = {"channel": Channel(row["channel"]), "account_type": AccountType(row["account_type"]), "status": AccountStatus(row["status"])}
    return CampaignAccount(**{**row, **kinds})
