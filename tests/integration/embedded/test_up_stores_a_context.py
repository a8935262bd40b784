"""`tact up` and `tact demo` let client commands call their stack while it runs, and leave neither a token nor a context behind."""

from pathlib import Path

import asyncpg
import pytest

from cli.context import Context, current, read_contexts, store_context
from cli.stack import stored_context
from embedded.addresses import Addresses

PROD = Context("https://tact.example.com", "tact_prod")


@pytest.fixture
def addresses(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Addresses:
    """A stack on the test's database, and a file of contexts of the test's own."""
    monkeypatch.setenv("TACT_CONFIG", str(tmp_path / "contexts.json"))
    for name in ("TACT_URL", "TACT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Addresses(
        url="http://127.0.0.1:18080",
        database_url=database,
        kafka="",
        unipile_url="",
        services={},
        cron_secret="",
        webhook_secret="",
        unipile_api_key="",
    )


async def open_tokens(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM api_tokens WHERE revoked_at IS NULL")
    return count


async def test_the_stack_is_the_current_context_while_it_runs(addresses: Addresses, pool: asyncpg.Pool) -> None:
    store_context("prod", PROD, use=True)
    async with stored_context("local", addresses):
        assert current().url == addresses.url
        assert current().token.startswith("tact_")
        assert await open_tokens(pool) == 1
    assert current() == PROD
    assert list(read_contexts().by_name) == ["prod"]
    assert await open_tokens(pool) == 0


async def test_a_context_that_another_stack_has_taken_over_stays(addresses: Addresses, pool: asyncpg.Pool) -> None:
    other = Context("http://127.0.0.1:18081", "tact_other")
    async with stored_context("local", addresses):
        store_context("local", other, use=True)
    assert current() == other
    assert await open_tokens(pool) == 0
