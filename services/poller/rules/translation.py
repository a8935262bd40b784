"""The provider's shapes in our terms."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.poller.rules.observations import SeenInvitation, SeenMessage, SeenRelation
from shared.people.identifiers import IdKind, LinkedInId, linkedin_identity
from shared.unipile import models, webhooks


def vanity_of(*spellings: str | None) -> str | None:
    """The vanity name as leads store it, from the first spelling that has one."""
    for spelling in spellings:
        found = linkedin_identity(spelling) if spelling else None
        if isinstance(found, LinkedInId) and found.kind is IdKind.VANITY:
            return found.value
    return None


def relation_of_webhook(delivered: webhooks.NewRelation) -> SeenRelation:
    """`new_relation`: up to eight hours late, without the moment at which the relation began."""
    payload = {"account_id": delivered.account_id, "public_identifier": delivered.user_public_identifier}
    vanity = vanity_of(delivered.user_public_identifier, delivered.user_profile_url)
    return SeenRelation(delivered.user_provider_id, vanity, delivered.timestamp, payload)


def relation_of_list(listed: models.ListedRelation) -> SeenRelation:
    """A row of the relations, where `member_id` holds the provider id."""
    payload = {"public_identifier": listed.public_identifier, "connection_urn": listed.connection_urn}
    vanity = vanity_of(listed.public_identifier, listed.public_profile_url)
    return SeenRelation(listed.member_id, vanity, listed.created_at, payload)


def invitation_of_list(listed: models.PendingInvitation) -> SeenInvitation:
    """A row of the sent invitations; its text is seldom given and never stored."""
    payload = {"invited_user_public_id": listed.invited_user_public_id, "date": listed.date}
    vanity = vanity_of(listed.invited_user_public_id)
    return SeenInvitation(listed.id, listed.invited_user_id, vanity, listed.parsed_datetime, payload)


def message_of_webhook(delivered: webhooks.MessageReceived, body: Mapping[str, Any]) -> SeenMessage:
    """`message_received`: also for what the account wrote itself; then the other side is the other attendee."""
    sender = delivered.sender.attendee_provider_id
    others = [other for other in _attendees(body.get("attendees")) if other != sender]
    person_id = sender if not delivered.own else (others[0] if len(others) == 1 else None)
    return SeenMessage(
        message_id=delivered.message_id,
        chat_id=delivered.chat_id,
        person_id=person_id,
        vanity=None if delivered.own else vanity_of(delivered.sender.attendee_public_identifier, delivered.sender.attendee_profile_url),
        own=delivered.own,
        text=delivered.text or "",
        said_at=delivered.timestamp,
        private=not delivered.is_group,
        spoken=not delivered.is_event,
    )


def message_of_account(listed: models.ListedMessage) -> SeenMessage:
    """A message from the list of all of an account's conversations, which names the writer and not the other side."""
    return SeenMessage(
        message_id=listed.id,
        chat_id=listed.chat_id,
        person_id=None if listed.is_sender else listed.sender_id,
        vanity=None,
        own=listed.is_sender,
        text=listed.text or "",
        said_at=listed.timestamp,
        private=True,
        spoken=not (listed.is_event or listed.deleted or listed.hidden),
    )


def _attendees(attendees: object) -> Iterable[str]:
    for attendee in attendees if isinstance(attendees, list) else ():
        if isinstance(attendee, dict) and isinstance(attendee.get("attendee_provider_id"), str):
            yield attendee["attendee_provider_id"]
