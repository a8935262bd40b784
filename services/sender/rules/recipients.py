"""Whom an attempt is addressed to: one type for each channel, built from the due send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.sender.rules.due_send import DueSend
from shared.vocabulary import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedInRecipient:
    """A LinkedIn member, as far as the lead and earlier look-ups identify the member."""

    provider_id: str | None
    looked_up: bool
    """The account resolved this member by a profile look-up before; otherwise `provider_id` is an id of the import, used as it is."""
    lookup_key: str | None
    """What a profile look-up asks for: the vanity, else the best id of the import."""
    vanity: str | None
    first_name: str
    last_name: str
    invitation_ref: str | None
    """The provider's id of the invitation that a withdrawal takes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecipient:
    """A mailbox. No channel delivers to one yet."""

    address: str | None


Recipient = LinkedInRecipient | MailRecipient


def recipient_of(row: DueSend) -> Recipient:
    """The recipient of the send, in the form of the channel that its next action belongs to."""
    return _RECIPIENT_OF[row.next_action.facts.channel](row)


def _linkedin_recipient(row: DueSend) -> LinkedInRecipient:
    return LinkedInRecipient(
        provider_id=row.linkedin_user_id,
        looked_up=row.provider_id is not None,
        lookup_key=row.linkedin_vanity or row.linkedin_id or row.sales_navigator_id,
        vanity=row.linkedin_vanity,
        first_name=row.first_name,
        last_name=row.last_name,
        invitation_ref=row.invitation_ref,
    )


def _mail_recipient(row: DueSend) -> MailRecipient:
    return MailRecipient(address=row.email)


_RECIPIENT_OF: Final[Mapping[Channel, Callable[[DueSend], Recipient]]] = {
    Channel.LINKEDIN: _linkedin_recipient,
    Channel.EMAIL: _mail_recipient,
}
