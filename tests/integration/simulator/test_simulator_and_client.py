"""The services' client and the simulator were written apart from one description: here they meet."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderRefused, ProviderSilent
from tests.integration.simulator.simulator_process import ANA, FRIEND, KEY, Simulator


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[UnipileClient]:
    async with UnipileClient(simulator.base, SecretStr(KEY), timeout=timedelta(seconds=5)) as one:
        yield one


async def test_a_prospects_way_from_look_up_to_reply(simulator: Simulator, client: UnipileClient) -> None:
    profile = await client.profile("acc-premium", "ana-nunez")
    assert (profile.provider_id, profile.connected, profile.invitation_pending) == (ANA, False, False)
    sent = await client.invite("acc-premium", ANA, "Hello Ana")
    assert (await client.profile("acc-premium", ANA)).invitation_pending
    await simulator.levers.put("/behaviour", json={"invite_list_lag_s": 0})
    assert [one.id for one in (await client.invitations_sent("acc-premium")).items] == [sent.invitation_id]
    await simulator.lever("/people/ana-nunez/accept", account_id="acc-premium")
    assert [one.member_id for one in (await client.relations("acc-premium")).items] == [ANA, FRIEND]
    chat = await client.start_chat("acc-premium", ANA, "Thank you")
    assert chat.chat_id is not None
    again = await client.start_chat("acc-premium", ANA, "One more thing")
    await simulator.lever("/people/ana-nunez/reply", account_id="acc-premium", text="Gladly")
    messages = (await client.messages(chat_id=chat.chat_id)).items
    assert [one.text for one in messages] == ["Gladly", "One more thing", "Thank you", "Hello Ana"]
    assert messages[1].id == again.message_id
    assert [one.id for one in (await client.chats("acc-premium", unread=True)).items] == [chat.chat_id]


async def test_every_page_is_read_with_the_clients_cursor(simulator: Simulator, client: UnipileClient) -> None:
    await simulator.levers.put("/behaviour", json={"invite_list_lag_s": 0})
    sent = [(await client.invite("acc-premium", f"ACoAAPerson{n:06d}")).invitation_id for n in range(5)]
    found: list[str] = []
    page = await client.invitations_sent("acc-premium", limit=2)
    found += [one.id for one in page.items]
    while page.cursor is not None:
        page = await client.invitations_sent("acc-premium", limit=2, cursor=page.cursor)
        found += [one.id for one in page.items]
    assert found == sent[::-1]


async def test_a_refusal_is_understood_and_a_cut_is_not_taken_for_one(simulator: Simulator, client: UnipileClient) -> None:
    await client.invite("acc-premium", ANA)
    with pytest.raises(ProviderRefused) as refused:
        await client.invite("acc-premium", ANA)
    assert (refused.value.status, refused.value.type) == (422, "errors/already_invited_recently")
    await simulator.lever("/faults", fault="cut_after_effect")
    with pytest.raises(ProviderSilent) as silent:
        await client.start_chat("acc-premium", FRIEND, "Hello")
    assert silent.value.started
    assert len(await simulator.effects(action="message")) == 1


async def test_webhooks_are_registered_once_however_often_one_asks(simulator: Simulator, client: UnipileClient) -> None:
    url, secret = "http://127.0.0.1:9/hook", SecretStr("secret-of-the-listener")
    first = await client.ensure_webhooks(url, secret)
    second = await client.ensure_webhooks(url, secret)
    assert (len(first.missing), second.missing, second.surplus) == (3, (), ())
    assert len((await simulator.api.get("/webhooks")).json()["items"]) == 3


async def test_accounts_say_who_they_are_and_whether_they_are_well(simulator: Simulator, client: UnipileClient) -> None:
    accounts = (await client.accounts()).items
    assert [account.id for account in accounts] == ["acc-free", "acc-premium"]
    await simulator.lever("/accounts/acc-free/disconnect")
    assert [source.status for source in (await client.account("acc-free")).sources] == ["CREDENTIALS"]
