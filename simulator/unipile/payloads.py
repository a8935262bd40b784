"""The bodies of webhooks (UNIPILE §4). Direction is a real boolean here, though 0 or 1 over REST."""

from simulator.unipile.api.shapes import attendee_id, profile_url, provider_message_id
from simulator.unipile.world.accounts import SimulatedAccount
from simulator.unipile.world.events import WorldEvent
from simulator.unipile.world.moments import iso
from simulator.unipile.world.people import SimulatedPerson


def new_relation(event: WorldEvent, name: str | None) -> dict[str, object]:
    """Neither invitation id nor chat id: it is matched by account and member alone."""
    person = _person(event)
    return {
        "event": "new_relation",
        "account_id": event.account.id,
        "account_type": "LINKEDIN",
        "webhook_name": name,
        "user_full_name": person.name,
        "user_provider_id": person.provider_id,
        "user_public_identifier": person.public_id,
        "user_profile_url": profile_url(person),
        "user_picture_url": None,
    }


def message_received(event: WorldEvent, name: str | None) -> dict[str, object]:
    """Fires for the account's own messages as well."""
    message, account, person = event.message, event.account, _person(event)
    if message is None:
        raise ValueError("a message event without its message")
    sender = account.owner if message.mine else person
    return {
        "event": "message_received",
        "account_id": account.id,
        "account_type": "LINKEDIN",
        "account_info": {"type": "LINKEDIN", "feature": "classic", "user_id": account.owner.provider_id},
        "webhook_name": name,
        "chat_id": message.chat.id,
        "provider_chat_id": message.chat.provider_id,
        "message_id": message.id,
        "provider_message_id": provider_message_id(message),
        "message": message.text,
        "timestamp": iso(message.at),
        "is_sender": message.mine,
        "is_event": 0,
        "is_group": False,
        "sender": _attendee(account, sender),
        "attendees": [_attendee(account, account.owner), _attendee(account, person)],
        "attendee_public_identifier": person.public_id,
        "attachments": [],
        "folder": ["INBOX", "INBOX_LINKEDIN_CLASSIC"],
        "message_type": "MESSAGE",
        "quoted": None,
        "subject": None,
    }


def account_status(event: WorldEvent) -> dict[str, object]:
    """The one without an `event` key."""
    return {"AccountStatus": {"account_id": event.account.id, "account_type": "LINKEDIN", "message": event.note}}


def _attendee(account: SimulatedAccount, person: SimulatedPerson) -> dict[str, object]:
    return {
        "attendee_id": attendee_id(account, person),
        "attendee_name": person.name,
        "attendee_provider_id": person.provider_id,
        "attendee_profile_url": profile_url(person),
    }


def _person(event: WorldEvent) -> SimulatedPerson:
    if event.person is None:
        raise ValueError(f"a {event.kind} event without its person")
    return event.person
