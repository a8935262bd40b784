"""Ask the provider what it shows of an account's unknown attempts: one read of each list answers for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.healer.rules.evidence import InvitationLook, MessageLook, OwnMessage, Reach, Sight
from services.healer.store.unknowns import Claim, Standing, Unknown
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.unipile.models import Chat, Message, PendingInvitation, Profile

MOST_PAGES: Final = 30
"""Of 100 rows: LinkedIn lets about 1,000 to 3,000 invitations stand."""
SLACK: Final = timedelta(seconds=5)
"""The provider's clock may be behind ours by so much (business time)."""


@dataclass(slots=True)
class Seen:
    """What a look brought: one look per attempt, and the observations to be kept."""

    invitations: dict[int, InvitationLook] = field(default_factory=dict)
    messages: dict[int, MessageLook] = field(default_factory=dict)
    observations: list[dict[str, Any]] = field(default_factory=list)


async def read_invitations(
    provider: UnipileClient,
    claim: Claim,
    unknowns: Sequence[Unknown],
    standing: Sequence[Standing],
    *,
    lag: timedelta,
    moment: Callable[[], tuple[datetime, datetime]],
    seen: Seen,
) -> None:
    """The list of sent invitations to its end, and the profile of everybody it does not show.

    Raises:
        ProviderError: the list could not be read; nothing is concluded.
    """
    listed, complete = await _sent_list(provider, claim)
    at, _ = moment()
    ids = {item.id for item in listed}
    people = {item.invited_user_id for item in listed}
    due_to_stand = [one for one in standing if one.left_at <= at - lag]

    def stands(one: Standing) -> bool:
        return one.provider_ref in ids or (one.recipient_id is not None and one.recipient_id in people)

    whole = complete and (not due_to_stand or any(stands(one) for one in due_to_stand))
    seen.observations += [
        {
            "kind": "invitation",
            "provider_key": item.id,
            "person_id": item.invited_user_id,
            "happened_at": item.parsed_datetime.isoformat() if item.parsed_datetime else None,
            "payload": item.model_dump(mode="json"),
        }
        for item in listed
    ]
    for unknown in unknowns:
        mine = next((item for item in listed if _names(item, unknown)), None)
        later = [one for one in due_to_stand if one.attempt_id > unknown.id]
        witness = any(stands(one) for one in later)
        sight = Sight.UNTOLD if mine else await _profile(provider, claim, unknown, seen)
        at, seen_at = moment()
        seen.invitations[unknown.id] = InvitationLook(
            at=at,
            seen_at=seen_at,
            complete=whole and (not later or witness),  # later ones that are all missing: the list is behind
            listed=mine.id if mine else None,
            listed_at=mine.parsed_datetime if mine else None,
            witness=witness,
            profile=sight,
        )


async def read_messages(
    provider: UnipileClient,
    claim: Claim,
    unknowns: Sequence[Unknown],
    *,
    over: Callable[[Unknown], datetime],
    moment: Callable[[], tuple[datetime, datetime]],
    seen: Seen,
) -> None:
    """The chats with these people; where there is none, all the account said since.

    `over` gives the business time by which an attempt's call was certainly over.

    Raises:
        ProviderError: a list could not be read; nothing is concluded.
    """
    since = min(unknown.decided_at for unknown in unknowns) - SLACK
    chats = await _chats_since(provider, claim, since) if any(unknown.chat_id is None for unknown in unknowns) else []
    by_person = {chat.attendee_provider_id: chat.id for chat in chats if chat.attendee_provider_id and chat.type in {None, 0}}
    account: tuple[list[Message], bool] | None = None
    for unknown in unknowns:
        chat_id = unknown.chat_id or by_person.get(unknown.recipient_id or "")
        if chat_id is not None:
            own, reach = await _in_chat(provider, chat_id, unknown, over(unknown), seen)
        else:
            account = account or await _said_since(provider, claim, since)
            own, reach = [], _account_reach(account, {chat.id for chat in chats}, unknown)
        at, seen_at = moment()
        seen.messages[unknown.id] = MessageLook(at=at, seen_at=seen_at, reach=reach, own=tuple(own))


async def _sent_list(provider: UnipileClient, claim: Claim) -> tuple[list[PendingInvitation], bool]:
    listed: list[PendingInvitation] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await provider.invitations_sent(claim.provider_account_id, limit=100, cursor=cursor)
        listed += page.items
        cursor = page.cursor
        if cursor is None:
            return listed, True
    return listed, False


async def _profile(provider: UnipileClient, claim: Claim, unknown: Unknown, seen: Seen) -> Sight:
    if unknown.recipient_id is None:
        return Sight.UNTOLD
    try:
        profile = await provider.profile(claim.provider_account_id, unknown.recipient_id)
    except ProviderError:
        return Sight.UNTOLD  # a profile that cannot be read tells nothing, the list may still
    if profile.provider_id != unknown.recipient_id:
        return Sight.UNTOLD
    seen.observations.append(
        {
            "kind": "profile",
            "provider_key": f"{profile.provider_id}:{unknown.id}:{unknown.looks + 1}",
            "person_id": profile.provider_id,
            "happened_at": None,
            "payload": profile.model_dump(mode="json"),
        }
    )
    return sight_of(profile)


def sight_of(profile: Profile) -> Sight:
    """What the profile says of the two: a missing distance says nothing, and an invitation that ended leaves it open."""
    if profile.connected:
        return Sight.CONNECTED
    if profile.invitation_pending:
        return Sight.PENDING
    ours = profile.invitation is not None and profile.invitation.type == "SENT"
    return Sight.UNTOLD if ours or profile.network_distance is None else Sight.CLEAR


def _names(item: PendingInvitation, unknown: Unknown) -> bool:
    if item.invited_user_id is not None and item.invited_user_id == unknown.recipient_id:
        return True
    return item.invited_user_public_id is not None and item.invited_user_public_id == unknown.public_identifier


async def _chats_since(provider: UnipileClient, claim: Claim, since: datetime) -> list[Chat]:
    chats: list[Chat] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await provider.chats(claim.provider_account_id, limit=100, cursor=cursor)
        chats += page.items
        cursor = page.cursor
        oldest = page.items[-1].timestamp if page.items else None
        if cursor is None or (oldest is not None and oldest < since):
            break
    return chats


async def _said_since(provider: UnipileClient, claim: Claim, since: datetime) -> tuple[list[Message], bool]:
    """All messages of the account since then, and whether the list reaches back that far."""
    said: list[Message] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await provider.messages(account_id=claim.provider_account_id, limit=100, cursor=cursor)
        said += page.items
        cursor = page.cursor
        if page.items and page.items[-1].timestamp < since:
            return said, True
        if cursor is None:
            return said, bool(said)
    return said, False


def _account_reach(account: tuple[list[Message], bool], known_chats: set[str], unknown: Unknown) -> Reach:
    said, whole = account
    nameless = any(m.is_sender and m.timestamp >= unknown.decided_at - SLACK and m.chat_id not in known_chats for m in said)
    return Reach.ACCOUNT if whole and not nameless else Reach.NOTHING


async def _in_chat(provider: UnipileClient, chat_id: str, unknown: Unknown, over: datetime, seen: Seen) -> tuple[list[OwnMessage], Reach]:
    try:
        page = await provider.messages(chat_id=chat_id, limit=100)
    except ProviderError:
        return [], Reach.NOTHING  # a 404 proves nothing
    begins = unknown.decided_at - SLACK
    mine = [m for m in page.items if m.is_sender and not m.is_event and m.timestamp >= begins]
    seen.observations += [
        {
            "kind": "message",
            "provider_key": m.id,
            "person_id": unknown.recipient_id,
            "happened_at": m.timestamp.isoformat(),
            "payload": m.model_dump(mode="json"),
        }
        for m in mine
    ]
    spans = any(m.timestamp < begins or m.timestamp > over for m in page.items)
    own = [OwnMessage(id=m.id, chat_id=chat_id, at=m.timestamp, text=m.text) for m in mine]
    return own, Reach.CHAT if spans else Reach.NOTHING
