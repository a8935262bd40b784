"""From a name typed at the prompt to the record that is meant: an empty word names no record, and never all of them."""

import asyncio

import asyncpg
import pytest

from cli.client import Api
from cli.context import Context
from cli.errors import CommandError
from cli.resolve import find_account, find_campaign, find_scope, find_workspace
from tests.support import builders
from tests.support.serving import Served


async def test_an_id_and_a_name_in_any_capitals_mean_the_same(pool: asyncpg.Pool, served_api: Served) -> None:
    async with pool.acquire() as connection:
        workspace = await builders.a_workspace(connection, company_name="Ours")
        account = await builders.an_account(connection, workspace, name="Ada Prova", provider_account_id="acc-1")
        campaign = await builders.a_campaign(connection, workspace, [account], campaign_name="Spring")
        other = await builders.a_workspace(connection, company_name="Theirs")
        await builders.a_campaign(connection, other, [], campaign_name="Spring")

    def look() -> None:
        with Api(Context(served_api.url, served_api.token)) as api:
            for word in (str(account).upper(), "ada prova", "ACC-1"):
                assert find_account(api, word) == str(account)
            assert find_workspace(api, "ours") == str(workspace)
            with pytest.raises(CommandError, match=f"Several workspaces have a campaign 'spring'; give its id: .*{campaign}"):
                find_campaign(api, "spring")
            for words in ({"workspace": ""}, {"account": " "}, {"campaign": ""}):
                with pytest.raises(CommandError, match=r"There is no (workspace|account|campaign) ' ?'"):
                    find_scope(api, **words)

    await asyncio.to_thread(look)
