"""What the provider answers, as far as we read it.

Frozen; unknown fields are ignored and unknown words kept as text, because both are added without notice. A page with one
unreadable item is unreadable as a whole: dropping the item would make "the complete list lacks it" a false proof.
Source: UNIPILE.md §2.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from shared.vocabulary import FIRST_DEGREE

NonEmpty = Annotated[str, StringConstraints(min_length=1)]

LISTS_LAG: Final = timedelta(seconds=60)
"""The provider's lists lag a call by 30 to 60 s of business time (UNIPILE.md §2.2): an entry that is missing proves nothing before."""
PENDING: Final = "PENDING"
SENT: Final = "SENT"
WITHDRAWN: Final = "WITHDRAWN"
IGNORED: Final = "IGNORED"
SOURCE_OK: Final = "OK"


def _from_epoch_ms(value: object) -> object:
    """Relations date themselves in epoch milliseconds, everything else in ISO text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000, UTC)
    return value


EpochMs = Annotated[AwareDatetime, BeforeValidator(_from_epoch_ms)]


class ProviderAnswer(BaseModel):
    """The common manners of everything read from the provider."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, populate_by_name=True)


class ProfileInvitation(ProviderAnswer):
    """An invitation between the asking account and the person; absent when there is none, and once accepted."""

    type: str | None = None  # SENT, RECEIVED
    status: str | None = None  # PENDING, IGNORED, WITHDRAWN


class Profile(ProviderAnswer):
    """A LinkedIn member as one account sees them."""

    provider_id: NonEmpty
    public_identifier: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    location: str | None = None
    public_profile_url: str | None = None
    network_distance: str | None = None  # FIRST_DEGREE …; null now and then: never read as "not connected"
    is_relationship: bool | None = None
    invitation: ProfileInvitation | None = None

    @property
    def connected(self) -> bool:
        """Either sign is enough; that neither is there proves little, since the distance may be missing."""
        return bool(self.is_relationship) or self.network_distance == FIRST_DEGREE

    @property
    def invitation_pending(self) -> bool:
        """An invitation of the asking account's own waits for an answer."""
        return self.invitation is not None and self.invitation.type == SENT and self.invitation.status == PENDING

    @property
    def invitation_withdrawn(self) -> bool:
        """The asking account's last invitation was taken back."""
        return self.invitation is not None and self.invitation.type == SENT and self.invitation.status == WITHDRAWN

    @property
    def invitation_ended(self) -> bool:
        """It was taken back or ignored: LinkedIn forbids another one for about three weeks."""
        ended = self.invitation is not None and self.invitation.type == SENT and self.invitation.status in {WITHDRAWN, IGNORED}
        return ended and not self.connected


class InvitationSent(ProviderAnswer):
    """The provider took the invitation. `usage` (percent of its limit) comes only when 50, 75, 90 or 95 is crossed."""

    invitation_id: NonEmpty
    usage: float | None = None


class ChatStarted(ProviderAnswer):
    """The first message left; an existing 1:1 conversation is reused. LinkedIn may leave both ids open."""

    object: Literal["ChatStarted"]
    chat_id: str | None = None
    message_id: str | None = None


class InvitationCanceled(ProviderAnswer):
    """An invitation was withdrawn; LinkedIn then forbids another one for about three weeks."""

    object: Literal["InvitationCanceled"]


class ListedRelation(ProviderAnswer):
    """A first-degree connection. There is no `provider_id` here: `member_id` holds it."""

    member_id: NonEmpty
    public_identifier: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    public_profile_url: str | None = None
    connection_urn: str | None = None
    created_at: EpochMs | None = None


class PendingInvitation(ProviderAnswer):
    """A row of the sent invitations. Only pending ones are listed, 30 to 60 s late; the note is often null."""

    id: NonEmpty
    date: str | None = None  # human text ("Sent yesterday")
    parsed_datetime: AwareDatetime | None = None
    invited_user_id: str | None = None
    invited_user_public_id: str | None = None


class ListedChat(ProviderAnswer):
    """A conversation; `attendee_provider_id` is the other side of a 1:1."""

    id: NonEmpty
    account_id: NonEmpty
    provider_id: str | None = None
    attendee_provider_id: str | None = None
    attendee_public_identifier: str | None = None
    name: str | None = None
    type: int | None = None  # 0 = 1:1, 1 = group, 2 = channel
    timestamp: AwareDatetime | None = None
    content_type: str | None = None  # inmail, sponsored, linkedin_offer


class ListedMessage(ProviderAnswer):
    """A message of a chat. `is_sender` is required: without the direction our own message would pass for a reply."""

    id: NonEmpty
    account_id: str | None = None
    chat_id: str | None = None
    provider_id: str | None = None
    sender_id: str | None = None
    text: str | None = None
    timestamp: AwareDatetime
    is_sender: bool
    is_event: bool = False
    hidden: bool = False
    deleted: bool = False
    subject: str | None = None


class AccountSource(ProviderAnswer):
    """One of the parts an account consists of, with its health."""

    id: str | None = None
    status: str  # OK, STOPPED, ERROR, CREDENTIALS, PERMISSIONS, CONNECTING


class ConnectionIm(ProviderAnswer):
    """The LinkedIn side of an account's connection."""

    id: str | None = None
    username: str | None = None
    public_identifier: str | None = Field(default=None, alias="publicIdentifier")
    premium_features: tuple[str, ...] | None = Field(default=None, alias="premiumFeatures")


class ConnectionParams(ProviderAnswer):
    """How an account is connected; mailboxes have other parts, which are not read."""

    im: ConnectionIm | None = None


class ProviderAccount(ProviderAnswer):
    """An account as the provider holds it."""

    id: NonEmpty
    type: str
    name: str | None = None
    created_at: AwareDatetime | None = None
    connection_params: ConnectionParams | None = None
    sources: tuple[AccountSource, ...] = ()


class WebhookHeader(ProviderAnswer):
    """A header the provider sends with a webhook."""

    key: str
    value: str | None = None


class RegisteredWebhook(ProviderAnswer):
    """A registration. The list does not document `source`, so our name or the events tell it."""

    id: NonEmpty
    request_url: str
    name: str | None = None
    source: str | None = None
    enabled: bool | None = None
    events: tuple[str, ...] | None = None
    headers: tuple[WebhookHeader, ...] | None = None


class WebhookCreated(ProviderAnswer):
    """A registration was taken."""

    webhook_id: NonEmpty


class WebhookDeleted(ProviderAnswer):
    """A registration is gone."""

    object: Literal["WebhookDeleted"]


Item = TypeVar("Item", bound=ProviderAnswer)


class ProviderPage(ProviderAnswer, Generic[Item]):
    """One page of a list. `cursor` is None on the last one.

    Under a throttle the provider answers 200 with no items: an empty page is never proof of absence.
    """

    items: tuple[Item, ...]
    cursor: str | None = None


def describe_flaws(error: ValidationError) -> str:
    """Up to three flaws as field and reason, without the values: those are people's names and messages."""
    flaws = error.errors(include_input=False, include_url=False, include_context=False)[:3]
    return "; ".join(f"{'.'.join(str(part) for part in flaw['loc']) or 'the whole'}: {flaw['msg']}" for flaw in flaws)
