"""One try of one delivery: the call that its channel takes, and what its end makes of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from shared.notices.deliveries import PAUSES, DeliveryAnswer, DeliveryOutcome, decide_next_try
from shared.notices.mail import Mail
from shared.notices.store import DeliveryAttempt
from shared.notices.web import Web
from shared.runtime.clock import StackClock
from shared.vocabulary import NoticeMedium

MOST: Final = 50
"""Tries in one round."""
AT_ONCE: Final = 16
MARGIN: Final = timedelta(seconds=30)
"""Technical: a lease is over that long after the last call of a round must have ended."""
NO_MAIL: Final = "There is no mail server. Set TACT_SMTP_HOST and TACT_SMTP_FROM for the healer."


def round_lease(timeout: timedelta) -> timedelta:
    """For how long the deliveries of a round are taken, where a call lasts `timeout` at most; both technical."""
    return timeout * (MOST // AT_ONCE + 1) + MARGIN


async def try_each(taken: Sequence[DeliveryAttempt], once: Callable[[DeliveryAttempt], Awaitable[None]]) -> None:
    """Try all of a round, AT_ONCE of them at once; one that fails keeps no other, and is raised when all have ended.

    The job says so and runs again; what was not recorded is tried again after its lease.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(each: DeliveryAttempt) -> None:
        async with slots:
            await once(each)

    ended = await asyncio.gather(*(one(each) for each in taken), return_exceptions=True)
    if failed := [error for error in ended if isinstance(error, BaseException)]:
        raise failed[0]


class NoticeSender:
    """Makes the calls; what comes of them is for the caller to record."""

    def __init__(self, clock: StackClock, *, web: Web, mail: Mail | None, pauses: Sequence[timedelta] = PAUSES) -> None:
        """`pauses` (technical) lie between two tries."""
        self._clock = clock
        self._web = web
        self._mail = mail
        self._pauses = pauses

    @property
    def mails(self) -> bool:
        """There is a server to hand mail to."""
        return self._mail is not None

    async def deliver(self, taken: DeliveryAttempt) -> tuple[DeliveryAnswer, DeliveryOutcome]:
        """Make the call; how it ended, and what becomes of the delivery."""
        answer = await self._call(taken)
        return answer, decide_next_try(answer, attempts=taken.attempts, kind=taken.notice.kind, pauses=self._pauses)

    async def _call(self, taken: DeliveryAttempt) -> DeliveryAnswer:
        if not taken.enabled:
            return DeliveryAnswer(delivered=False, hopeless=True, error="The channel was switched off or removed.")
        if taken.attempts > len(self._pauses) + 1:
            return DeliveryAnswer(
                delivered=False, hopeless=True, error="The process that made the last try ended in it; what came of it is unknown."
            )
        at = self._clock.technical_now()
        if taken.medium is NoticeMedium.EMAIL:
            if self._mail is None:
                return DeliveryAnswer(delivered=False, error=NO_MAIL)
            return await self._mail.send(taken.notice, delivery_id=taken.id, to=taken.target, at=at)
        if taken.medium is NoticeMedium.SLACK:
            return await self._web.slack(taken.notice, delivery_id=taken.id, url=taken.target)
        return await self._web.webhook(taken.notice, delivery_id=taken.id, url=taken.target, secret=taken.secret or "", at=at)
