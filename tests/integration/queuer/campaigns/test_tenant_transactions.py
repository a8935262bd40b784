"""A workspace's requests see its rows alone, whatever the query says; tokens open what they should and no longer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.queuer.rules.campaigns.views import CampaignCreated
from services.queuer.store.accounts.workspaces import get_workspace
from services.queuer.workflows.accounts.add_workspace import add_workspace
from services.queuer.workflows.accounts.tokens import create_token, revoke_token
from services.queuer.workflows.campaigns import run
from services.queuer.workflows.campaigns.create import create_campaign
from shared.db.pool import open_pool
from shared.refusals import Conflict, NotFound, Refused
from shared.service.auth import Caller, TokenCallers, tenant_transaction
from shared.vocabulary import CampaignType, Role
from tests.integration.queuer.api_stage import Stage

SEEN = (
    "workspaces",
    "accounts",
    "campaigns",
    "campaign_accounts",
    "workflows",
    "workflow_steps",
    "leads",
    "campaign_prospects",
    "send_queue",
    "audit_log",
)


def bearer(workspace_id: UUID | None) -> Caller:
    return Caller(workspace_id, Role.VIEWER, uuid4())


async def make(pool: asyncpg.Pool, workspace_id: UUID, account: str) -> CampaignCreated:
    """A campaign that could start."""
    return await create_campaign(
        pool,
        workspace_id=workspace_id,
        campaign_name="Autumn",
        campaign_type=CampaignType.CONNECTOR,
        message_templates={"connection_request": "", "follow_up_1": "Hi"},
        accounts=[account],
    )


@pytest.fixture
async def plain_login(database: str, pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """A login that is no superuser and only a member of the service's role, as in production."""
    login = f"tact_login_{uuid4().hex[:8]}"
    await pool.execute(f"CREATE ROLE {login} LOGIN IN ROLE tact_queuer")
    async with await open_pool(database.replace("postgres@", f"{login}@"), role="tact_queuer", size=2) as opened:
        yield opened
    await pool.execute(f"DROP ROLE {login}")


async def test_a_query_without_any_condition_shows_one_workspace(stage: Stage, queuer: asyncpg.Pool, plain_login: asyncpg.Pool) -> None:
    await make(queuer, stage.ours, "acc-ana")
    await make(queuer, stage.theirs, "acc-zoe")
    async with tenant_transaction(plain_login, bearer(stage.theirs)) as connection:
        seen = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in SEEN}  # noqa: S608 - our own names
        assert await connection.fetchval("SELECT company_name FROM workspaces") == "Theirs"
        assert await connection.fetchval("SELECT name FROM accounts") == "Zoe"
    assert {seen[table] for table in SEEN[:5]} == {1}
    assert seen["workflow_steps"] == 2
    async with tenant_transaction(plain_login, bearer(None)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM workspaces") == 2


async def test_a_tenant_neither_writes_nor_reads_tokens_and_leaves_no_trace_on_the_connection(
    stage: Stage, plain_login: asyncpg.Pool
) -> None:
    for statement, error in (
        ("UPDATE campaigns SET campaign_name = 'x'", asyncpg.ReadOnlySQLTransactionError),
        ("SELECT token_sha256 FROM api_tokens", asyncpg.InsufficientPrivilegeError),
    ):
        with pytest.raises((error, asyncpg.InsufficientPrivilegeError)):
            async with tenant_transaction(plain_login, bearer(stage.ours)) as connection:
                await connection.execute(statement)
    assert await plain_login.fetchval("SELECT current_user") == "tact_queuer"
    assert not await plain_login.fetchval("SELECT current_setting('tact.workspace', true)")


async def test_a_token_is_stored_as_its_hash_and_opens_until_it_is_revoked(stage: Stage, queuer: asyncpg.Pool) -> None:
    new = await create_token(queuer, workspace_id=stage.ours, role=Role.OPERATOR, name="for a while")
    at_once, remembering = TokenCallers(queuer, remembered=0), TokenCallers(queuer, remembered=3600)
    expected = Caller(stage.ours, Role.OPERATOR, new.id)
    assert [await doors.admit(new.token) for doors in (at_once, remembering)] == [expected, expected]
    assert new.token.startswith("tact_")
    assert not await queuer.fetchval("SELECT EXISTS (SELECT FROM api_tokens t WHERE t::text LIKE '%' || $1 || '%')", new.token[5:])
    await revoke_token(queuer, new.id)
    assert [await doors.admit(new.token) for doors in (at_once, remembering)] == [None, expected]


async def test_the_tokens_of_a_workspace_that_is_not_active_open_nothing(stage: Stage, queuer: asyncpg.Pool) -> None:
    campaign = (await make(queuer, stage.ours, "acc-ana")).campaign
    await queuer.execute("UPDATE workspaces SET is_active = false WHERE id = $1", stage.ours)
    assert await TokenCallers(queuer).admit(stage.operator) is None
    with pytest.raises(Conflict, match="workspace is not active"):
        await run.start(queuer, campaign.id)


async def test_tokens_of_nobody_are_neither_made_nor_revoked(queuer: asyncpg.Pool) -> None:
    with pytest.raises(NotFound, match="no workspace"):
        await create_token(queuer, workspace_id=uuid4(), role=Role.VIEWER, name="x")
    with pytest.raises(NotFound, match="no token"):
        await revoke_token(queuer, uuid4())


async def test_a_workspace_is_added_once_and_its_name_is_not_given_twice(queuer: asyncpg.Pool) -> None:
    values: dict[str, Any] = {"company_name": "Acme", "email": "ops@example.com", "schedule_settings": {"working_hours_start": 8}}
    added = await asyncio.gather(*(add_workspace(queuer, **values) for _ in range(4)))
    assert sorted(each.created for each in added) == [False, False, False, True]
    assert len({each.workspace.id for each in added}) == 1
    assert not (await add_workspace(queuer, **{**values, "company_name": " ACME "})).created
    with pytest.raises(Conflict, match="another email"):
        await add_workspace(queuer, **{**values, "email": "else@example.com"})
    with pytest.raises(Refused, match="no e-mail address"):
        await add_workspace(queuer, company_name="Other", email="ops")
    with pytest.raises(Refused, match="write 1 to 100"):
        await add_workspace(queuer, company_name="Other", email="ops@example.com", daily_cr_limit=101)
    assert (await get_workspace(queuer, "acme")).schedule_settings == {"working_hours_start": "08:00"}


async def test_of_many_who_press_at_once_one_makes_and_one_starts(stage: Stage, queuer: asyncpg.Pool) -> None:
    made = await asyncio.gather(*(make(queuer, stage.ours, "acc-ana") for _ in range(4)))
    assert sorted(each.created for each in made) == [False, False, False, True]
    started = await asyncio.gather(*(run.start(queuer, made[0].campaign.id) for _ in range(4)))
    assert sorted(each.changed for each in started) == [False, False, False, True]
