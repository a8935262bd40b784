"""What the provider tells us on its own accord, read into one of five values.

The body is JSON although the header of live deliveries calls it a form. There is no event id, no order, and everything
may come twice; the poller finds repetitions by message id, or by account and person. Source: UNIPILE.md §4.
"""

import hmac
from typing import Annotated, Final

import orjson
from pydantic import AwareDatetime, BeforeValidator, Field, SecretStr, ValidationError

from shared.unipile.models import EpochMs, NonEmpty, ProviderAnswer, describe_flaws

HALTING: Final = frozenset({"CREDENTIALS", "ERROR", "STOPPED", "DELETED"})
"""Words of account_status after which the account cannot act."""

CLEARING: Final = frozenset({"OK", "RECONNECTED", "CREATION_SUCCESS", "SYNC_SUCCESS"})
"""Words after which it can again."""

MAIL_EVENTS: Final = frozenset({"mail_sent", "mail_received", "mail_opened", "mail_link_clicked"})

QUIET_EVENTS: Final = frozenset({"message_read", "message_reaction", "message_edited", "message_deleted", "message_delivered"})
"""About messages we hear of otherwise; none of them is a reply."""


class BadWebhook(ValueError):  # noqa: N818  # a word of the domain
    """The body is not what the provider sends; `reason` says what is wrong, without quoting people."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This webhook cannot be read: {reason}")
        self.reason = reason


class NewRelation(ProviderAnswer):
    """A connection exists now; up to 8 h late, and also for invitations that our account accepted."""

    account_id: NonEmpty
    user_provider_id: NonEmpty
    user_public_identifier: str | None = None
    user_profile_url: str | None = None
    account_type: str | None = None
    timestamp: EpochMs | None = None


class MessageSender(ProviderAnswer):
    """Who wrote a message."""

    attendee_provider_id: NonEmpty
    attendee_profile_url: str | None = None
    attendee_public_identifier: str | None = None


class AccountInfo(ProviderAnswer):
    """The member behind the account that received the event."""

    user_id: str | None = None
    type: str | None = None


class MessageReceived(ProviderAnswer):
    """A message appeared in a chat: of another person, or our own, since the provider reports both."""

    account_id: NonEmpty
    chat_id: NonEmpty
    message_id: NonEmpty
    sender: MessageSender
    text: str | None = Field(default=None, alias="message")
    timestamp: AwareDatetime
    account_type: str | None = None
    account_info: AccountInfo | None = None
    is_sender: bool | None = None
    is_event: Annotated[bool, BeforeValidator(lambda value: value or False)] = False
    is_group: Annotated[bool, BeforeValidator(lambda value: value or False)] = False
    subject: str | None = None

    @property
    def own(self) -> bool:
        """Our account wrote it. Taken for a reply, our own follow-up would stop the sequence, so either sign is enough."""
        user_id = self.account_info.user_id if self.account_info is not None else None
        return bool(self.is_sender) or user_id == self.sender.attendee_provider_id


class AccountStatusDelivery(ProviderAnswer):
    """The health of an account; `message` is the provider's word, which may be one we do not know yet."""

    account_id: NonEmpty
    message: NonEmpty
    account_type: str | None = None


class MailEvent(ProviderAnswer):
    """Something happened to an e-mail."""

    account_id: NonEmpty
    event: NonEmpty
    email_id: str | None = None
    tracking_id: str | None = None
    date: str | None = None  # as delivered: its format is not documented


class Ignored(ProviderAnswer):
    """A genuine delivery that says nothing we act on; answered with 200, so that it is not delivered again."""

    reason: str


Delivery = NewRelation | MessageReceived | AccountStatusDelivery | MailEvent | Ignored


def read_webhook(body: bytes, content_type: str | None) -> Delivery:
    """What a delivery says.

    Raises:
        BadWebhook: not JSON, not an object, no known shape, or an expected field is missing.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadWebhook(f"the body is not JSON ({content_type or 'no content type'}, {len(body)} bytes).") from error
    if not isinstance(document, dict):
        raise BadWebhook(f"the body is a JSON {type(document).__name__}, not an object.")
    status, event = document.get("AccountStatus"), document.get("event")
    try:
        if status is not None:
            return AccountStatusDelivery.model_validate(status)
        if not isinstance(event, str) or not event:
            raise BadWebhook("it has neither an event nor an AccountStatus.")
        return _read_event(event, document)
    except ValidationError as error:
        flaws = describe_flaws(error)
    # Outside of the handler: the validation error quotes the message itself, which must not follow into logs.
    raise BadWebhook(f"{event if isinstance(event, str) else 'account_status'} does not fit the documented shape: {flaws}.")


def _read_event(event: str, document: dict[str, object]) -> Delivery:
    if event == "new_relation":
        return NewRelation.model_validate(document)
    if event == "message_received":
        return MessageReceived.model_validate(document)
    if event in MAIL_EVENTS:
        return MailEvent.model_validate(document)
    if event in QUIET_EVENTS:
        return Ignored(reason=f"{event} says nothing about a reply.")
    return Ignored(reason=f"{event[:60]!r} is an event this version does not know.")


def secret_matches(given: str | None, expected: SecretStr) -> bool:
    """Whether a delivery carries our secret, in a time that does not tell how much of it was right.

    An empty expectation matches nothing: a forgotten setting must not open the door.
    """
    secret = expected.get_secret_value().encode()
    return hmac.compare_digest((given or "").encode(errors="surrogatepass"), secret) and bool(secret)
