"""What the simulator tells by webhook is what the services read."""

from datetime import UTC, datetime

import orjson

from shared.unipile.webhooks import AccountStatusDelivery, MessageReceived, NewRelation, read_webhook
from simulator.unipile.payloads import account_status, message_received, new_relation
from simulator.unipile.world.declared import AccountDeclared, PersonDeclared
from simulator.unipile.world.events import WorldEvent
from simulator.unipile.world.world import World

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
AS_SENT = "application/x-www-form-urlencoded"


def test_every_kind_of_webhook_is_read_by_the_services_reader() -> None:
    world = World(seed=1, start=MONDAY)
    told: list[WorldEvent] = []
    world.listeners.append(told.append)
    account = world.declare_account(AccountDeclared(id="acc1", name="Tom Reed"), MONDAY)
    ana = world.declare_person(PersonDeclared(public_identifier="ana-nunez", accepts_after_s=0, replies_to=None), MONDAY)
    world.invite(account, ana, None, MONDAY)
    world.agenda.advance(MONDAY)
    world.write(account, ana, "Hello", MONDAY)
    world.reply(account, ana, "Hello back", MONDAY)
    world.set_status(account, "CREDENTIALS", "CREDENTIALS", MONDAY)
    accepted, wrote, replied, status = told

    relation = read_webhook(orjson.dumps(new_relation(accepted, "hook")), AS_SENT)
    assert isinstance(relation, NewRelation)
    assert (relation.account_id, relation.user_provider_id) == ("acc1", ana.provider_id)

    own, reply = (read_webhook(orjson.dumps(message_received(event, None)), AS_SENT) for event in (wrote, replied))
    assert isinstance(own, MessageReceived)
    assert isinstance(reply, MessageReceived)
    assert (own.is_sender, own.sender.attendee_provider_id) == (True, account.owner.provider_id)
    assert (reply.is_sender, reply.text, reply.sender.attendee_provider_id) == (False, "Hello back", ana.provider_id)
    assert (reply.timestamp, reply.chat_id) == (MONDAY, own.chat_id)

    changed = read_webhook(orjson.dumps(account_status(status)), AS_SENT)
    assert isinstance(changed, AccountStatusDelivery)
    assert (changed.account_id, changed.message) == ("acc1", "CREDENTIALS")
