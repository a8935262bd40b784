"""LinkedIn through Unipile: one call per attempt."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome, not_started
from services.sender.rules.outcome.linkedin import (
    call_failed,
    invitation_withdrawn,
    message_sent,
    profile_looked_up,
    request_refused_by_client,
)
from services.sender.rules.recipients import LinkedInRecipient
from shared.unipile.client import UnipileClient
from shared.unipile.errors import NotBegunError, ProviderError
from shared.vocabulary import Action

log = structlog.get_logger()


class LinkedIn:
    """Invitations and their withdrawal, messages to connections, and the look-up that resolves their recipient."""

    actions: Final = frozenset({Action.PROFILE_LOOKUP, Action.INVITATION, Action.MESSAGE, Action.WITHDRAWAL})

    def __init__(self, client: UnipileClient, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    async def deliver(self, attempt: Attempt, may_begin: Callable[[], bool]) -> AttemptOutcome:
        """Make the one call; every failure comes back as an outcome, and a call that `may_begin` refused as not started."""
        try:
            return await self._call(attempt, may_begin)
        except NotBegunError:
            return not_started(attempt, self._now())
        except ProviderError as error:
            log.info("the provider did not accept an attempt", send=str(attempt.send_id), account=str(attempt.account_id), error=str(error))
            return call_failed(attempt, self._now(), error)
        except ValueError as error:
            return request_refused_by_client(attempt, self._now(), error)

    async def _call(self, attempt: Attempt, may_begin: Callable[[], bool]) -> AttemptOutcome:
        client, account, recipient = self._client.only_if(may_begin), attempt.provider_account_id, attempt.recipient
        if not isinstance(recipient, LinkedInRecipient):
            raise ValueError("The attempt has no LinkedIn recipient.")  # noqa: TRY004 - deliver makes a failed send of it
        match attempt.action:
            case Action.PROFILE_LOOKUP:
                profile = await client.profile(account, recipient.lookup_key or "")
                return profile_looked_up(attempt, recipient, self._now(), profile)
            case Action.INVITATION:
                sent = await client.invite(account, recipient.provider_id or "", attempt.message or None)
                return message_sent(attempt, recipient, self._now(), provider_ref=sent.invitation_id)
            case Action.MESSAGE:
                chat = await client.start_chat(account, recipient.provider_id or "", attempt.message)
                return message_sent(attempt, recipient, self._now(), provider_ref=chat.message_id, chat_id=chat.chat_id)
            case Action.WITHDRAWAL:
                await client.delete_invitation(account, recipient.invitation_ref or "")
                return invitation_withdrawn(attempt, recipient, self._now())
            case _:
                raise ValueError(f"LinkedIn has no {attempt.action}.")
