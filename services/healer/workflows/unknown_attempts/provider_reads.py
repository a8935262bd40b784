"""Ask the provider what it shows of an account's unknown attempts: each of these is one read, and answers for all of them.

The pages of one list follow each other at once: they are one read, and a list that changes between its pages would not be
whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import InvitationLook, OwnMessage, Reach, Sight
from services.healer.store.unknown_attempts.attempts import ExpectedInvitation, LeasedAccount
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.unipile.models import ListedMessage, PendingInvitation, Profile
from shared.vocabulary import ActionRole

MOST_PAGES: Final = 30
"""Of 100 rows: LinkedIn lets about 1,000 to 3,000 invitations stand."""
SLACK: Final = timedelta(seconds=5)
"""The provider's clock may be behind ours by so much (business time)."""
NO_SINGLE_PARTNER: Final = ""
"""The partner of a chat that is not between two people."""


@dataclass(frozen=True, slots=True)
class SentList:
    """The invitations that wait for an answer."""

    listed: Sequence[PendingInvitation]
    complete: bool
    at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class AccountMessageList:
    """What the account and its partners wrote, newest first."""

    messages: Sequence[ListedMessage]
    whole: bool
    """It reaches back to before the moment it was asked for."""
    at: datetime
    seen_at: datetime


async def read_sent_invitations(provider: UnipileClient, claim: LeasedAccount, moment: tuple[datetime, datetime]) -> SentList:
    """The list of sent invitations to its end.

    Raises:
        ProviderError: it could not be read; nothing is concluded.
    """
    listed: list[PendingInvitation] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await provider.invitations_sent(claim.provider_account_id, limit=100, cursor=cursor)
        listed += page.items
        cursor = page.cursor
        if cursor is None:
            return SentList(listed, True, *moment)
    return SentList(listed, False, *moment)


async def read_account_messages(
    provider: UnipileClient, claim: LeasedAccount, since: datetime, moment: tuple[datetime, datetime]
) -> AccountMessageList:
    """All messages of the account back to `since`. An empty list proves nothing.

    Raises:
        ProviderError: the list could not be read; nothing is concluded.
    """
    said: list[ListedMessage] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await provider.messages(account_id=claim.provider_account_id, limit=250, cursor=cursor)
        said += page.items
        cursor = page.cursor
        if page.items and page.items[-1].timestamp < since:
            return AccountMessageList(said, True, *moment)
        if cursor is None:
            return AccountMessageList(said, bool(said), *moment)
    return AccountMessageList(said, False, *moment)


async def read_chat_partners(provider: UnipileClient, claim: LeasedAccount, since: datetime) -> dict[str, str]:
    """Whom the conversations that moved since then are with, by chat.

    Raises:
        ProviderError: the list could not be read; nothing is concluded.
    """
    found: dict[str, str] = {}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await provider.chats(claim.provider_account_id, limit=100, cursor=cursor)
        found |= {
            chat.id: (chat.attendee_provider_id or NO_SINGLE_PARTNER) if chat.type in {None, 0} else NO_SINGLE_PARTNER
            for chat in page.items
        }
        cursor = page.cursor
        oldest = page.items[-1].timestamp if page.items else None
        if cursor is None or (oldest is not None and oldest < since):
            break
    return found


async def read_profile(provider: UnipileClient, claim: LeasedAccount, unknown: AttemptInDoubt) -> tuple[Sight, list[dict[str, Any]]]:
    """What the person's profile shows, and the observation to be kept; one that cannot be read tells nothing."""
    try:
        profile = await provider.profile(claim.provider_account_id, unknown.recipient_id or "")
    except ProviderError:
        return Sight.UNTOLD, []
    if profile.provider_id != unknown.recipient_id:
        return Sight.UNTOLD, []
    return classify_profile(profile) if unknown.action.role is ActionRole.CONNECT else classify_profile_after_withdrawal(profile), [
        {
            "kind": "profile",
            "provider_key": f"{profile.provider_id}:{unknown.id}:{unknown.looks + 1}",
            "person_id": profile.provider_id,
            "happened_at": None,
            "payload": profile.model_dump(mode="json"),
        }
    ]


def classify_profile(profile: Profile) -> Sight:
    """What the profile says of the two: a missing distance says nothing, and an invitation that ended leaves it open."""
    if profile.connected:
        return Sight.CONNECTED
    if profile.invitation_pending:
        return Sight.PENDING
    ours = profile.invitation is not None and profile.invitation.type == "SENT"
    return Sight.UNTOLD if ours or profile.network_distance is None else Sight.CLEAR


def classify_profile_after_withdrawal(profile: Profile) -> Sight:
    """What the profile says after a withdrawal: an invitation that ended is what was wanted."""
    if profile.connected:
        return Sight.CONNECTED
    if profile.invitation_pending:
        return Sight.PENDING
    return Sight.UNTOLD if profile.network_distance is None and not profile.invitation_ended else Sight.CLEAR


def find_withdrawn_in_list(
    seen: SentList, unknown: AttemptInDoubt, standing: Sequence[ExpectedInvitation], *, lag: timedelta
) -> InvitationLook:
    """What the list says of an invitation that was to be taken back. Its absence counts where the others stand that must stand."""
    ids = {item.id for item in seen.listed}
    people = {item.invited_user_id for item in seen.listed}
    others = [one for one in standing if one.recipient_id != unknown.recipient_id and one.left_at <= seen.at - lag]
    mine = next((item for item in seen.listed if item.id == unknown.invitation_ref or _names(item, unknown)), None)
    return InvitationLook(
        at=seen.at,
        seen_at=seen.seen_at,
        complete=seen.complete and (not others or any(one.provider_ref in ids or one.recipient_id in people for one in others)),
        listed=mine.id if mine else None,
        listed_at=mine.parsed_datetime if mine else None,
    )


def find_invitation_in_list(
    seen: SentList, unknown: AttemptInDoubt, standing: Sequence[ExpectedInvitation], *, lag: timedelta
) -> InvitationLook:
    """What the list alone says of one attempt. It is believed where it shows what must stand in it."""
    ids = {item.id for item in seen.listed}
    people = {item.invited_user_id for item in seen.listed}

    def stands(one: ExpectedInvitation) -> bool:
        return one.provider_ref in ids or (one.recipient_id is not None and one.recipient_id in people)

    due_to_stand = [one for one in standing if one.left_at <= seen.at - lag]
    later = [one for one in due_to_stand if one.attempt_id > unknown.id]
    witness = any(stands(one) for one in later)
    whole = seen.complete and (not due_to_stand or any(stands(one) for one in due_to_stand))
    mine = next((item for item in seen.listed if _names(item, unknown)), None)
    return InvitationLook(
        at=seen.at,
        seen_at=seen.seen_at,
        complete=whole and (not later or witness),  # later ones that are all missing: the list is behind
        listed=mine.id if mine else None,
        listed_at=mine.parsed_datetime if mine else None,
        witness=witness,
    )


def observe_list(seen: SentList) -> list[dict[str, Any]]:
    """The observations to be kept of a list."""
    return [
        {
            "kind": "invitation",
            "provider_key": item.id,
            "person_id": item.invited_user_id,
            "happened_at": item.parsed_datetime.isoformat() if item.parsed_datetime else None,
            "payload": item.model_dump(mode="json"),
        }
        for item in seen.listed
    ]


def select_own_messages(seen: AccountMessageList, unknown: AttemptInDoubt) -> list[OwnMessage]:
    """Messages that the account itself wrote since the attempt, to any person."""
    begins = unknown.decided_at - SLACK
    return [
        OwnMessage(id=m.id, chat_id=m.chat_id, at=m.timestamp, text=m.text)
        for m in seen.messages
        if m.is_sender and not m.is_event and m.timestamp >= begins
    ]


def find_reach(seen: AccountMessageList, unknown: AttemptInDoubt, chat_id: str | None, over: datetime) -> Reach:
    """How far the list saw: around the moment in this person's own conversation, or all the account said."""
    begins = unknown.decided_at - SLACK
    if chat_id is not None and any(m.chat_id == chat_id and (m.timestamp < begins or m.timestamp > over) for m in seen.messages):
        return Reach.CHAT
    return Reach.ACCOUNT if seen.whole else Reach.NOTHING


def observe_messages(own: Sequence[OwnMessage], people: Mapping[str, str]) -> list[dict[str, Any]]:
    """The observations to be kept of own messages, with their words where they went to one of our people."""
    return [
        {
            "kind": "message",
            "provider_key": m.id,
            "person_id": people.get(m.chat_id or ""),
            "happened_at": m.at.isoformat(),
            "payload": {"is_sender": True, "chat_id": m.chat_id, "text": m.text if m.chat_id in people else None},
        }
        for m in own
    ]


def _names(item: PendingInvitation, unknown: AttemptInDoubt) -> bool:
    if item.invited_user_id is not None and item.invited_user_id == unknown.recipient_id:
        return True
    return item.invited_user_public_id is not None and item.invited_user_public_id == unknown.public_identifier
