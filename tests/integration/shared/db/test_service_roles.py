"""The services see every workspace cheaply, a workspace's requests only their own, whoever migrated."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from embedded.postgres import PostgresServer
from shared.db.migrate import apply

SERVICES = ("tact_healer", "tact_poller", "tact_queuer", "tact_sender")


async def test_services_are_planned_with_statistics_and_the_tenant_stays_fenced(pool: asyncpg.Pool) -> None:
    rows = await pool.fetch("SELECT rolname, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = ANY($1)", [*SERVICES, "tact_tenant"])
    assert {row["rolname"]: row["rolbypassrls"] for row in rows} == {**dict.fromkeys(SERVICES, True), "tact_tenant": False}
    assert not any(row["rolcanlogin"] for row in rows)


@pytest.fixture
async def modest_owner(postgres_server: PostgresServer, pool: asyncpg.Pool) -> AsyncIterator[str]:
    """The address of an empty database whose owner may hand out the services' roles but not BYPASSRLS, as where a provider runs it."""
    login, name = f"tact_owner_{uuid4().hex[:8]}", f"modest_{uuid4().hex[:8]}"
    await pool.execute(f"CREATE ROLE {login} LOGIN CREATEROLE")
    for role in (*SERVICES, "tact_tenant"):
        await pool.execute(f"ALTER ROLE {role} NOBYPASSRLS; GRANT {role} TO {login} WITH ADMIN OPTION")
    address = await postgres_server.create_database(name)
    await pool.execute(f"ALTER DATABASE {name} OWNER TO {login}")
    owned = await asyncpg.connect(address)
    await owned.execute(f"ALTER SCHEMA public OWNER TO {login}")
    await owned.close()
    yield address.replace("postgres@", f"{login}@")
    await postgres_server.drop_database(name)
    for role in SERVICES:
        await pool.execute(f"ALTER ROLE {role} BYPASSRLS")
    await pool.execute(f"DROP OWNED BY {login}")
    await pool.execute(f"DROP ROLE {login}")


async def test_an_owner_who_may_not_give_the_right_migrates_all_the_same(modest_owner: str) -> None:
    await apply(modest_owner)
    connection = await asyncpg.connect(modest_owner)
    try:
        await connection.execute("INSERT INTO workspaces (company_name, email) VALUES ('Acme Tools', 'ops@acme.example')")
        for role in SERVICES:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL ROLE {role}")
                assert await connection.fetchval("SELECT count(*) FROM workspaces") == 1
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE tact_tenant")
            assert await connection.fetchval("SELECT count(*) FROM workspaces") == 0
    finally:
        await connection.close()
