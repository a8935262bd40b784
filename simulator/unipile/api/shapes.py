"""Objects as Unipile writes them (UNIPILE §2): `object` first, optional keys left out, 0 and 1 for booleans in messaging."""

from datetime import datetime

import orjson

from simulator.unipile.world.accounts import Chat, Invitation, Message, Relation, SimulatedAccount
from simulator.unipile.world.behaviour import Behaviour
from simulator.unipile.world.ids import digest, short_id
from simulator.unipile.world.moments import epoch_ms, iso
from simulator.unipile.world.people import SimulatedPerson

ATTENDEE_DISTANCE = {"FIRST_DEGREE": "DISTANCE_1", "SECOND_DEGREE": "DISTANCE_2", "THIRD_DEGREE": "DISTANCE_3"}
DAY_S = 86_400


def profile_url(person: SimulatedPerson) -> str:
    """The public page."""
    return f"https://www.linkedin.com/in/{person.public_id}"


def attendee_id(account: SimulatedAccount, person: SimulatedPerson) -> str:
    """Unipile's id of a member inside an account's chats."""
    return short_id("attendee", account.id, person.tail)


def account(one: SimulatedAccount) -> dict[str, object]:
    """An Account with its one source."""
    features = {"free": [], "premium": ["premium"], "sales_navigator": ["premium", "sales_navigator"]}[one.type]
    im: dict[str, object] = {"id": one.owner.provider_id, "username": one.name, "premiumContractId": None}
    im |= {"premiumFeatures": features} if features else {}
    return {
        "object": "Account",
        "type": "LINKEDIN",
        "id": one.id,
        "name": one.name,
        "created_at": iso(one.created_at),
        "connection_params": {"im": im | {"publicIdentifier": one.owner.public_id}},
        "groups": [],
        "sources": [{"id": f"{one.id}_MESSAGING", "status": one.status}],
    }


def owner_profile(one: SimulatedAccount) -> dict[str, object]:
    """GET /users/me."""
    person = one.owner
    return {
        "object": "AccountOwnerProfile",
        "provider": "LINKEDIN",
        "provider_id": person.provider_id,
        "entity_urn": f"urn:li:fsd_profile:{person.provider_id}",
        "object_urn": f"urn:li:member:{person.member_number}",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "profile_picture_url": None,
        "email": f"{one.owner.public_id}@example.com",
        "premium": one.type != "free",
        "open_profile": False,
        "recruiter": None,
        "sales_navigator": {"owner_seat_id": str(person.member_number)} if one.type == "sales_navigator" else None,
        "public_identifier": person.public_id,
    }


def profile(
    person: SimulatedPerson, *, distance: str | None, relation: Relation | None, invitation: tuple[str, str] | None, is_self: bool
) -> dict[str, object]:
    """A UserProfile without sections; `invitation` is type and status, absent when there is none."""
    body: dict[str, object] = {
        "object": "UserProfile",
        "provider": "LINKEDIN",
        "provider_id": person.provider_id,
        "public_identifier": person.public_id,
        "member_urn": f"urn:li:member:{person.member_number}",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "headline": f"{person.title} at {person.company}",
        "websites": [],
        "location": person.location,
        "is_open_profile": False,
        "is_premium": person.luck[14] < 1 / 4,
        "is_influencer": False,
        "is_creator": False,
        "is_hiring": False,
        "is_open_to_work": False,
        "is_relationship": relation is not None,
        "is_self": is_self,
        "follower_count": int(person.luck[15] * 5000),
        "connections_count": int(person.luck[15] * 3000),
        "network_distance": distance,
        "public_profile_url": profile_url(person),
    }
    if relation is not None:
        body["connected_at"] = epoch_ms(relation.since)
    if invitation is not None:
        body["invitation"] = {"type": invitation[0], "status": invitation[1]}
    return body


def sections(person: SimulatedPerson) -> dict[str, object]:
    """What only comes with linkedin_sections."""
    return {
        "work_experience": [{"position": person.title, "company": person.company, "location": person.location, "start": "1/1/2022"}],
        "work_experience_total_count": 1,
        "education": [],
        "education_total_count": 0,
        "skills": [],
        "languages": [],
        "throttled_sections": [],
    }


def relation(one: Relation) -> dict[str, object]:
    """A UserRelation: no provider_id, and created_at in epoch milliseconds."""
    person = one.person
    return {
        "object": "UserRelation",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "headline": f"{person.title} at {person.company}",
        "public_identifier": person.public_id,
        "public_profile_url": profile_url(person),
        "created_at": epoch_ms(one.since),
        "member_id": person.provider_id,
        "member_urn": f"urn:li:member:{person.member_number}",
        "connection_urn": f"urn:li:fsd_connection:{person.provider_id}",
    }


def invitation_sent(one: Invitation, now: datetime) -> dict[str, object]:
    """An InvitationSent; the text comes back null even with a note, as it does live."""
    return {
        "object": "InvitationSent",
        "id": one.id,
        "date": _spoken(one.at, now),
        "parsed_datetime": iso(one.at),
        "invitation_text": None,
        "invited_user": one.person.name,
        "invited_user_id": one.person.provider_id,
        "invited_user_public_id": one.person.public_id,
        "invited_user_description": f"{one.person.title} at {one.person.company}",
    }


def invitation_received(one: Invitation, now: datetime) -> dict[str, object]:
    """An InvitationReceived with its inviter and the secret that answering it needs [?]."""
    return {
        "object": "InvitationReceived",
        "id": one.id,
        "date": _spoken(one.at, now).replace("Sent", "Received"),
        "parsed_datetime": iso(one.at),
        "invitation_text": one.note,
        "invited_user": None,
        "invited_user_id": None,
        "invited_user_public_id": None,
        "invited_user_description": None,
        "inviter": {
            "inviter_name": one.person.name,
            "inviter_id": one.person.provider_id,
            "inviter_public_identifier": one.person.public_id,
            "inviter_description": f"{one.person.title} at {one.person.company}",
        },
        "specifics": {"provider": "LINKEDIN", "shared_secret": shared_secret(one)},
    }


def shared_secret(one: Invitation) -> str:
    """What POST /users/invite/received/{id} must repeat."""
    return digest("shared secret", one.id).hex()[:8]


def chat(one: Chat) -> dict[str, object]:
    """A Chat as listed: no attendees, the other side is attendee_provider_id."""
    return {
        "object": "Chat",
        "id": one.id,
        "account_id": one.account.id,
        "account_type": "LINKEDIN",
        "provider_id": one.provider_id,
        "attendee_provider_id": one.person.provider_id,
        "attendee_public_identifier": one.person.public_id,
        "name": None,
        "type": 0,
        "timestamp": iso(one.last_at),
        "unread_count": one.unread,
        "archived": int(one.archived),
        "muted_until": -1 if one.muted else None,
        "read_only": 0,
        "folder": ["INBOX", "INBOX_LINKEDIN_CLASSIC"],
        "pinned": int(one.pinned),
    }


def message(one: Message) -> dict[str, object]:
    """A Message; direction is is_sender, and optional keys are left out, never null."""
    sender = one.chat.account.owner if one.mine else one.chat.person
    return {
        "object": "Message",
        "id": one.id,
        "provider_id": provider_message_id(one),
        "account_id": one.chat.account.id,
        "chat_id": one.chat.id,
        "chat_provider_id": one.chat.provider_id,
        "sender_id": sender.provider_id,
        "sender_attendee_id": attendee_id(one.chat.account, sender),
        "text": one.text,
        "timestamp": iso(one.at),
        "is_sender": int(one.mine),
        "attachments": [],
        "reactions": [],
        "seen": int(one.seen),
        "seen_by": {},
        "hidden": 0,
        "deleted": 0,
        "edited": 0,
        "is_event": 0,
        "delivered": 1,
        "behavior": 0,
        "original": orjson.dumps({"text": one.text}).decode(),
    }


def provider_message_id(one: Message) -> str:
    """LinkedIn's own id of a message."""
    return "2-" + digest("provider message", one.id).hex()[:44]


def attendee(one: SimulatedAccount, person: SimulatedPerson, distance: str, pending: bool, behaviour: Behaviour) -> dict[str, object]:
    """A ChatAttendee, whose distance has words of its own."""
    is_self = person is one.owner
    specifics: dict[str, object] = {
        "provider": "LINKEDIN",
        "member_urn": f"urn:li:member:{person.member_number}",
        "occupation": f"{person.title} at {person.company}",
        "location": person.location,
    }
    if not is_self and not behaviour.distance_missing_rate:
        specifics["network_distance"] = ATTENDEE_DISTANCE.get(distance, "OUT_OF_NETWORK")
    if pending:
        specifics["pending_invitation"] = True
    return {
        "object": "ChatAttendee",
        "id": attendee_id(one, person),
        "account_id": one.id,
        "provider_id": person.provider_id,
        "name": person.name,
        "is_self": int(is_self),
        "profile_url": profile_url(person),
        "specifics": specifics,
    }


def _spoken(at: datetime, now: datetime) -> str:
    days = int((now - at).total_seconds() // DAY_S)
    match days:
        case 0:
            return "Sent today"
        case 1:
            return "Sent yesterday"
        case _ if days < 7:  # noqa: PLR2004 -- days of a week
            return f"Sent {days} days ago"
        case _:
            return f"Sent {days // 7} week{'s' if days >= 14 else ''} ago"  # noqa: PLR2004 -- two weeks
