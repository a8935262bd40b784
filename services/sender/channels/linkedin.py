"""LinkedIn through Unipile: one call per attempt."""

from collections.abc import Callable
from datetime import datetime

import structlog

from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome import Outcome, failed, looked_up, never_started, refused_by_us, taken, taken_back
from shared.unipile.client import UnipileClient
from shared.unipile.errors import NotBegunError, ProviderError
from shared.vocabulary import Action

log = structlog.get_logger()


class LinkedIn:
    """Invitations and their withdrawal, messages to connections, and the look-up that resolves whom they go to."""

    def __init__(self, client: UnipileClient, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    async def deliver(self, attempt: Attempt, may_begin: Callable[[], bool]) -> Outcome:
        """Make the one call; every failure comes back as an outcome, and one that `may_begin` refused at last as never started."""
        try:
            return await self._call(attempt, may_begin)
        except NotBegunError:
            return never_started(attempt, self._now())
        except ProviderError as error:
            log.info("the provider did not take it", send=str(attempt.send_id), account=str(attempt.account_id), error=str(error))
            return failed(attempt, self._now(), error)
        except ValueError as error:
            return refused_by_us(attempt, self._now(), error)

    async def _call(self, attempt: Attempt, may_begin: Callable[[], bool]) -> Outcome:
        client, account = self._client.only_if(may_begin), attempt.provider_account_id
        match attempt.action:
            case Action.PROFILE_LOOKUP:
                profile = await client.profile(account, attempt.identifier or "")
                return looked_up(attempt, self._now(), profile)
            case Action.INVITATION:
                sent = await client.invite(account, attempt.recipient_id or "", attempt.message or None)
                return taken(attempt, self._now(), provider_ref=sent.invitation_id)
            case Action.MESSAGE:
                chat = await client.start_chat(account, attempt.recipient_id or "", attempt.message)
                return taken(attempt, self._now(), provider_ref=chat.message_id, chat_id=chat.chat_id)
            case Action.WITHDRAWAL:
                await client.delete_invitation(account, attempt.invitation_ref or "")
                return taken_back(attempt, self._now())
            case Action.EMAIL:
                raise ValueError("E-mail does not leave by this channel; pause the campaign.")
