"""Notices on a real database, to a real web server and a real mail server: once per thing, retried, given up, and logged."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from embedded.ports import LOOPBACK, free_port
from services.healer.rules.notices.notice_texts import MOST_IN_WINDOW, OLDEST
from services.healer.store.notices import notices as store
from services.healer.workflows.notices import channels as keep_channels
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.notices.notify import Notify
from shared.contracts.sends_completed import SendOutcome
from shared.db.pool import open_pool
from shared.notices.mail import Mail
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.refusals import Refused
from shared.vocabulary import AccountStatus, DeliveryState, NoticeKind, NoticeMedium
from tests.integration.healer.healer_rows import MONDAY_NINE, a_house, one
from tests.integration.healer.notices_stage import AT_ONCE, SECRET, TERMS, Stage, a_stage, event_of, mail


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


async def test_a_failed_send_reaches_a_webhook_once_and_its_signature_verifies(stage: Stage) -> None:
    channel = await stage.channel()
    person, event = await stage.failed()
    await stage.notify.of_sends([event, event])
    await stage.notify.of_sends([event])
    await stage.deliver.round()
    await stage.deliver.round()
    (request,) = stage.to.requests
    told = json.loads(request.body)
    stamp = request.headers["webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"{request.headers['webhook-id']}.{stamp}.".encode() + request.body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert abs(int(stamp) - (await one(stage.owner, "SELECT extract(epoch FROM clock_timestamp())::bigint AS now"))["now"]) < 60
    assert (told["type"], told["data"]["send_id"], told["workspace_id"]) == ("send_failed", str(person.send), str(stage.house.workspace))
    assert "Why: The recipient cannot be reached." in told["text"]
    (entry,) = await stage.log()
    (delivery,) = entry.deliveries
    assert (delivery.id, delivery.channel_id) == (UUID(request.headers["webhook-id"]), channel.id)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.DELIVERED, 1, 204)


async def test_an_event_read_again_days_later_is_no_second_notice_and_another_failure_is(stage: Stage) -> None:
    await stage.channel()
    person, event = await stage.failed()
    await stage.notify.of_sends([event])
    await stage.owner.execute("UPDATE stack_clock SET business_at = business_at + interval '3 days'")
    await stage.clock.refresh()
    await stage.notify.of_sends([event])
    assert len(await stage.log()) == 1
    await stage.notify.of_sends([event_of(stage.house, person, at=MONDAY_NINE + timedelta(days=2))])
    assert len(await stage.log()) == 2


@pytest.mark.parametrize("outcome", [SendOutcome.SENT, SendOutcome.SKIPPED, SendOutcome.DEFERRED])
async def test_what_did_not_fail_for_good_is_told_to_nobody(stage: Stage, outcome: SendOutcome) -> None:
    person, _ = await stage.failed()
    await stage.notify.of_sends([event_of(stage.house, person, outcome=outcome)])
    assert await stage.log() == []


async def test_a_send_that_was_opened_anew_meanwhile_is_told_to_nobody(stage: Stage) -> None:
    person, event = await stage.failed()
    assert await stage.owner.fetchval("SELECT reopen($1, 'test', 'because')", person.send)
    await stage.notify.of_sends([event])
    assert await stage.log() == []


async def test_a_lost_account_is_told_once_per_loss_and_an_older_state_not_at_all(stage: Stage) -> None:
    await stage.channel()
    first = await stage.lose(AccountStatus.DISCONNECTED)
    await stage.notify.of_accounts([first])
    back = await stage.lose(AccountStatus.USABLE)
    again = await stage.lose(AccountStatus.PAUSED)
    await stage.notify.of_accounts([first, back])
    await stage.notify.of_accounts([again, first])
    await stage.notify.of_accounts([again])
    entries = await stage.log()
    assert [entry.kind for entry in entries] == [NoticeKind.ACCOUNT_PAUSED, NoticeKind.ACCOUNT_DISCONNECTED]
    await stage.deliver.round()
    assert [json.loads(request.body)["data"]["version"] for request in stage.to.requests] == [first.version, again.version]


async def test_a_receiver_that_fails_is_tried_again_with_the_same_id(stage: Stage) -> None:
    await stage.channel()
    stage.to.answer(500, 503, 200)
    await stage.notify.of_sends([(await stage.failed())[1]])
    for _ in range(4):
        await stage.deliver.round()
    assert len(stage.to.requests) == 3
    assert len({request.headers["webhook-id"] for request in stage.to.requests}) == 1
    assert len({request.body for request in stage.to.requests}) == 1
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert (delivery.state, delivery.attempts, delivery.last_error) == (DeliveryState.DELIVERED, 3, None)


async def test_between_two_tries_there_is_a_pause(stage: Stage) -> None:
    patient = Deliver(stage.pool, NoticeSender(stage.clock, web=stage.web, mail=None), timeout=timedelta(seconds=5))
    await stage.channel()
    stage.to.answer(500)
    await stage.notify.of_sends([(await stage.failed())[1]])
    await patient.round()
    await patient.round()
    assert len(stage.to.requests) == 1
    row = await one(stage.owner, "SELECT next_at - clock_timestamp() AS pause, last_error, last_status FROM notice_deliveries")
    assert timedelta(seconds=20) < row["pause"] <= timedelta(seconds=30)
    assert (row["last_status"], row["last_error"]) == (500, "The receiver answered 500.")


async def test_a_receiver_that_never_takes_it_is_given_up_with_the_reason_in_the_log(stage: Stage) -> None:
    await stage.channel()
    stage.to.answer(500)
    await stage.notify.of_sends([(await stage.failed())[1]])
    for _ in range(6):
        await stage.deliver.round()
    assert len(stage.to.requests) == 3
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.GIVEN_UP, 3, 500)
    assert delivery.last_error == "The receiver answered 500. Given up after 3 tries."
    assert await store.fetch_oldest_waiting_age(stage.pool) == 0


async def test_a_redirect_is_not_followed(stage: Stage) -> None:
    await stage.channel()
    stage.to.answer(302, location=f"{stage.to.url}/elsewhere")
    await stage.notify.of_sends([(await stage.failed())[1]])
    await stage.deliver.round()
    assert [request.path for request in stage.to.requests] == ["/hook?token=hidden"]
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert delivery.state is DeliveryState.GIVEN_UP
    assert "redirects are not followed" in str(delivery.last_error)


async def test_a_receiver_that_is_away_or_hangs_is_tried_again_and_its_address_stays_out_of_the_log(stage: Stage) -> None:
    hangs = await stage.channel(name="hangs")
    await stage.channel(name="away", target=f"http://{LOOPBACK}:{free_port()}/secret-path")
    await stage.notify.of_sends([(await stage.failed())[1]])
    stage.to.held = asyncio.Event()
    async with Web(timeout=timedelta(seconds=0.3), private=True) as hasty:
        await Deliver(stage.pool, NoticeSender(stage.clock, web=hasty, mail=None, pauses=AT_ONCE), timeout=timedelta(seconds=1)).round()
    (entry,) = await stage.log()
    said = {each.channel_id == hangs.id: str(each.last_error) for each in entry.deliveries}
    assert said == {True: "The receiver gave no answer within 0.3 s.", False: "The receiver could not be reached (ClientConnectorError)."}
    assert {each.state for each in entry.deliveries} == {DeliveryState.WAITING}


async def test_an_address_inside_is_not_called_where_the_setting_forbids_it_even_behind_a_name(stage: Stage) -> None:
    await stage.channel(name="literal")
    await stage.channel(name="name", target=stage.to.url.replace(LOOPBACK, "0x7f.1"))  # a name to us, this machine to the resolver
    await stage.notify.of_sends([(await stage.failed())[1]])
    async with Web(timeout=timedelta(seconds=5), private=False) as strict:
        await Deliver(stage.pool, NoticeSender(stage.clock, web=strict, mail=None, pauses=AT_ONCE), timeout=timedelta(seconds=5)).round()
    assert stage.to.requests == []
    (entry,) = await stage.log()
    assert all("TACT_NOTICES_TO_PRIVATE" in str(each.last_error) for each in entry.deliveries)


async def test_slack_is_sent_its_own_form_and_its_word_stands_in_the_log(stage: Stage) -> None:
    await stage.channel(NoticeMedium.SLACK)
    stage.to.answers = [(404, {}, "no_service"), (200, {}, "ok")]
    await stage.notify.of_sends([(await stage.failed())[1]])
    await stage.deliver.round()
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert delivery.last_error == "The receiver answered 404 and said 'no_service'."
    await stage.deliver.round()
    assert list(json.loads(stage.to.requests[-1].body)) == ["text"]
    assert "failed for good" in json.loads(stage.to.requests[-1].body)["text"]
    assert "webhook-signature" not in stage.to.requests[-1].headers


async def test_mail_arrives_and_names_its_delivery(stage: Stage) -> None:
    await stage.channel(NoticeMedium.EMAIL)
    await stage.owner.execute(
        "UPDATE campaigns SET campaign_name = $2 WHERE id = $1", stage.house.campaign, "Spring\r\nBcc: x@example.test"
    )
    await stage.notify.of_sends([(await stage.failed())[1]])
    await stage.deliver.round()
    (message,) = stage.box.messages
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert stage.box.envelopes == [("tact@example.test", ["ana@example.test"])]
    assert message["Message-ID"] == f"<{delivery.id}@example.test>"
    assert message["Subject"] == "Tact: Connection request to ana failed"
    assert message["Bcc"] is None
    assert "Why: The recipient cannot be reached." in message.get_content()
    assert (delivery.state, delivery.last_status) == (DeliveryState.DELIVERED, 250)


@pytest.mark.parametrize(
    ("said", "state"),
    [("550 no such mailbox", DeliveryState.GIVEN_UP), ("451 try again later", DeliveryState.WAITING)],
)
async def test_a_mailbox_that_refuses_for_good_is_given_up_and_one_that_asks_for_patience_is_not(
    stage: Stage, said: str, state: DeliveryState
) -> None:
    await stage.channel(NoticeMedium.EMAIL)
    stage.box.refuse = said
    await stage.notify.of_sends([(await stage.failed())[1]])
    await stage.deliver.round()
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert (delivery.state, delivery.last_status) == (state, int(said[:3]))
    assert said[4:] in str(delivery.last_error)


async def by(stage: Stage, way: Mail) -> store.NoticeDelivery:
    """One round over another way to the mail server; the delivery as it then stands."""
    await Deliver(stage.pool, NoticeSender(stage.clock, web=stage.web, mail=way, pauses=AT_ONCE), timeout=timedelta(seconds=5)).round()
    return (await stage.log())[0].deliveries[0]


async def test_a_login_that_is_refused_waits_for_the_operator_and_the_right_one_delivers(stage: Stage) -> None:
    await stage.channel(NoticeMedium.EMAIL, target="jürgen@example.test")
    await stage.notify.of_sends([(await stage.failed())[1]])
    refused = await by(stage, mail(stage.box.port, user="tact", password=SecretStr("a wrong word")))
    assert (refused.state, refused.last_status) == (DeliveryState.WAITING, 535)
    assert "wrong word" not in str(refused.last_error)
    taken = await by(stage, mail(stage.box.port, user="tact", password=SecretStr("the right word")))
    assert taken.state is DeliveryState.DELIVERED
    assert stage.box.logged_in[-1]
    assert stage.box.envelopes == [("tact@example.test", ["jürgen@example.test"])]


async def test_where_encryption_is_asked_for_nothing_is_sent_in_the_clear(stage: Stage) -> None:
    await stage.channel(NoticeMedium.EMAIL)
    await stage.notify.of_sends([(await stage.failed())[1]])
    delivery = await by(stage, mail(stage.box.port, starttls=True, user="tact", password=SecretStr("the right word")))
    assert delivery.state is DeliveryState.WAITING
    assert stage.box.messages == []
    assert stage.box.logged_in == []


async def test_what_was_told_is_counted(stage: Stage) -> None:
    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    delivered = {"channel": "webhook", "outcome": "delivered"}
    before = counted("tact_notices_total", kind="send_failed"), counted("tact_notice_deliveries_total", **delivered)
    await stage.channel()
    _, event = await stage.failed()
    await stage.notify.of_sends([event, event])
    await stage.notify.of_sends([event])
    stage.to.answer(500)
    await stage.deliver.round()
    assert counted("tact_notices_oldest_undelivered_seconds") > 0
    stage.to.answer(200)
    await stage.deliver.round()
    after = counted("tact_notices_total", kind="send_failed"), counted("tact_notice_deliveries_total", **delivered)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert counted("tact_notices_oldest_undelivered_seconds") == 0


async def test_a_workspace_without_any_channel_is_told_at_its_owners_address_until_somebody_removes_that(stage: Stage) -> None:
    with_mail = Notify(stage.pool, stage.clock, mail=True)
    await with_mail.of_sends([(await stage.failed())[1]])
    await stage.deliver.round()
    assert stage.box.envelopes == [("tact@example.test", ["ops@example.test"])]
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    await keep_channels.remove_channel(stage.pool, delivery.channel_id)
    await with_mail.of_sends([(await stage.failed("bo"))[1]])
    assert (await stage.log())[0].deliveries == []


async def test_a_channel_is_told_only_of_the_kinds_it_asked_for_and_only_in_its_own_workspace(stage: Stage) -> None:
    await stage.channel(name="accounts", kinds=[NoticeKind.ACCOUNT_PAUSED, NoticeKind.ACCOUNT_DISCONNECTED])
    theirs = await a_house(stage.owner, provider_account="acc-theirs")
    await keep_channels.add_channel(
        stage.pool, TERMS, workspace_id=theirs.workspace, name="theirs", medium=NoticeMedium.WEBHOOK, target=f"{stage.to.url}/theirs"
    )
    await stage.notify.of_sends([(await stage.failed())[1]])
    await stage.notify.of_accounts([await stage.lose(AccountStatus.DISCONNECTED)])
    await stage.deliver.round()
    assert [json.loads(request.body)["type"] for request in stage.to.requests] == ["account_disconnected"]
    assert [len(entry.deliveries) for entry in await stage.log()] == [1, 0]


async def test_a_flood_about_one_campaign_is_kept_and_not_sent(stage: Stage) -> None:
    await stage.channel()
    events = [(await stage.failed(f"person{n:02}"))[1] for n in range(MOST_IN_WINDOW + 5)]
    await stage.notify.of_sends(events)
    await stage.deliver.round()
    assert len(stage.to.requests) == MOST_IN_WINDOW
    assert sum("kept and not sent" in json.loads(request.body)["text"] for request in stage.to.requests) == 1
    states = [delivery.state for entry in await stage.log() for delivery in entry.deliveries]
    assert (states.count(DeliveryState.DELIVERED), states.count(DeliveryState.HELD_BACK)) == (MOST_IN_WINDOW, 5)
    await stage.notify.of_accounts([await stage.lose(AccountStatus.DISCONNECTED)])
    await stage.deliver.round()
    assert json.loads(stage.to.requests[-1].body)["type"] == "account_disconnected"


async def test_what_failed_long_ago_is_kept_and_not_sent(stage: Stage) -> None:
    await stage.channel()
    person, _ = await stage.failed()
    await stage.notify.of_sends([event_of(stage.house, person, at=MONDAY_NINE - OLDEST - timedelta(minutes=1))])
    await stage.deliver.round()
    assert stage.to.requests == []
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert (delivery.state, delivery.attempts) == (DeliveryState.HELD_BACK, 0)


@pytest.mark.parametrize("how", ["switched off", "removed"])
async def test_a_channel_that_is_gone_takes_nothing_more_and_says_so_in_the_log(stage: Stage, how: str) -> None:
    channel = await stage.channel()
    await stage.notify.of_sends([(await stage.failed())[1]])
    if how == "removed":
        await keep_channels.remove_channel(stage.pool, channel.id)
    else:
        await keep_channels.change_channel(stage.pool, TERMS, channel.id, enabled=False)
    await stage.notify.of_sends([(await stage.failed("bo"))[1]])
    await stage.deliver.round()
    assert stage.to.requests == []
    later, earlier = await stage.log()
    assert later.deliveries == []
    assert (earlier.deliveries[0].state, earlier.deliveries[0].last_error) == (DeliveryState.GIVEN_UP, f"The channel was {how}.")


async def test_two_healers_at_once_write_one_notice_and_make_one_call(stage: Stage) -> None:
    await stage.channel()
    events = [(await stage.failed(f"person{n}"))[1] for n in range(8)]
    await asyncio.gather(*(stage.notify.of_sends(order) for order in (events, events[::-1], events)))
    await asyncio.gather(*(stage.deliver.round() for _ in range(3)))
    assert len(await stage.log()) == 8
    assert len({request.headers["webhook-id"] for request in stage.to.requests}) == len(stage.to.requests) == 8


async def test_a_process_that_died_in_its_last_try_leaves_a_reason_and_no_further_try(stage: Stage) -> None:
    await stage.channel()
    await stage.notify.of_sends([(await stage.failed())[1]])
    await stage.owner.execute("UPDATE notice_deliveries SET attempts = 3")
    await stage.deliver.round()
    assert stage.to.requests == []
    ((delivery,),) = [entry.deliveries for entry in await stage.log()]
    assert delivery.state is DeliveryState.GIVEN_UP
    assert "ended in it" in str(delivery.last_error)


async def test_no_other_service_and_no_tenant_may_read_a_secret(stage: Stage, database: str) -> None:
    await stage.channel()
    for role in ("tact_queuer", "tact_sender", "tact_poller", "tact_tenant"):
        async with await open_pool(database, role=role, size=2) as theirs:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await theirs.fetch("SELECT secret FROM notice_channels")


async def test_mail_without_a_server_is_refused_with_a_sentence(stage: Stage) -> None:
    with pytest.raises(Refused, match="Set TACT_SMTP_HOST and TACT_SMTP_FROM"):
        await keep_channels.add_channel(
            stage.pool,
            ChannelPolicy(mail=False, private=True),
            workspace_id=stage.house.workspace,
            name="mail",
            medium=NoticeMedium.EMAIL,
            target="ana@example.test",
        )
