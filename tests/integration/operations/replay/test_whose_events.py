"""`tact replay --where`: people type names, events carry ids."""

from uuid import uuid4

import asyncpg
import pytest

from operations.replay.arguments import SelectionWord
from operations.replay.selection import load_selection
from shared.refusals import Refused
from tests.support import builders


async def test_a_name_an_id_and_the_providers_id_mean_the_same_and_a_slip_is_told(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        workspace = await builders.a_workspace(connection)
        account = await builders.an_account(connection, workspace, name="Ada Prova", provider_account_id="acc-1")
        campaign = await builders.a_campaign(connection, workspace, [account], campaign_name="Spring")
        prospect = await builders.a_prospect(connection, campaign, await builders.a_lead(connection, workspace))
        for word in (str(account).upper(), "ada prova", "ACC-1"):
            assert (await load_selection(connection, SelectionWord("account", word))).id == account
        spring = await load_selection(connection, SelectionWord("campaign", "spring"))
        assert (spring.id, set(spring.prospects), set(spring.accounts)) == (campaign, {prospect}, {account})
        assert (await load_selection(connection, SelectionWord("prospect", str(prospect)))).prospects == {prospect}
        for kind, word, says in (
            ("account", "Ida", "`tact account list` lists them"),
            ("campaign", str(uuid4()), "There is no campaign"),
            ("workspace", "unknown", "There is no workspace"),
            ("prospect", str(uuid4()), "`tact explain` prints a prospect's id"),
        ):
            with pytest.raises(Refused, match=says):
                await load_selection(connection, SelectionWord(kind, word))
        other = await builders.a_workspace(connection)
        await builders.a_campaign(connection, other, [], campaign_name="Spring")
        with pytest.raises(Refused, match=f"Several campaigns are called 'Spring'; give the id: .*{campaign}"):
            await load_selection(connection, SelectionWord("campaign", "Spring"))
