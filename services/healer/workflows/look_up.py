"""Look unknown attempts up, account by account: claim, read, keep what was seen, judge, settle, let go."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from services.healer.metrics import LOOK_UPS, Result
from services.healer.rules.evidence import (
    AskPerson,
    DidNot,
    Happened,
    InvitationLook,
    MessageLook,
    NotYet,
    Terms,
    Verdict,
    judge_email,
    judge_invitation,
    judge_message,
    with_patience,
)
from services.healer.rules.looks import invitation_looks, message_looks, written
from services.healer.store import settling, unknowns
from services.healer.store.unknowns import Claim, Unknown
from services.healer.workflows.read import Seen, read_invitations, read_messages
from shared.policy.limits import SPACING, jitter
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.vocabulary import Action

log = structlog.get_logger()

AT_ONCE: Final = 16
"""Accounts looked at in one round, together."""
WAIT_FOR_TURN: Final = timedelta(seconds=160)
"""Technical: longest wait, with the account in hand, for its spacing to end; a little more than spacing and jitter."""
LOOK_WITHIN: Final = timedelta(seconds=120)
"""Technical: a look that takes longer is given up, well before its lease could run out."""
MARGIN: Final = timedelta(seconds=30)
INVITATIONS_STAND: Final = timedelta(days=14)
"""Business: older invitations of ours prove nothing by their absence; people withdraw them by hand."""


class LookUp:
    """The workflow; `round` is its job."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        provider: UnipileClient,
        clock: StackClock,
        *,
        call_time: timedelta,
        terms: Terms | None = None,
        wake_relay: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._provider = provider
        self._clock = clock
        self._call_time = call_time
        self._terms = terms or Terms()
        self._wake_relay = wake_relay

    async def round(self) -> int:
        """Look at every account with something due that is free; returns how many attempts were settled."""
        if not await unknowns.accounts_in_doubt(self._pool, most=1):
            return 0
        await self._hand_over_old_ones()
        accounts = await unknowns.accounts_in_doubt(self._pool, most=AT_ONCE)
        settled = await asyncio.gather(*(self._account(account) for account in accounts), return_exceptions=True)
        self._wake_relay()
        for result in settled:
            if isinstance(result, BaseException):
                raise result
        return sum(result for result in settled if isinstance(result, int))

    async def _account(self, account_id: UUID) -> int:
        free_by = self._clock.now() + self._clock.business(WAIT_FOR_TURN)
        claim = await unknowns.claim(self._pool, account_id, free_by=free_by, lease=WAIT_FOR_TURN + LOOK_WITHIN + MARGIN)
        if claim is None:
            return 0
        try:
            await self._await_turn(claim)
            async with asyncio.timeout(LOOK_WITHIN.total_seconds()):
                return await self._look(claim)
        finally:
            now = self._clock.now()
            await unknowns.let_go(self._pool, claim, next_free_at=now + SPACING + jitter(f"look {account_id} {now}"))

    async def _await_turn(self, claim: Claim) -> None:
        if claim.next_free_at is not None and (left := claim.next_free_at - self._clock.now()) > timedelta(0):
            await asyncio.sleep(left.total_seconds() / self._clock.speed)

    async def _look(self, claim: Claim) -> int:
        found = await unknowns.of_account(self._pool, claim.account_id, call_time=self._call_time)
        try:
            seen = await self._read(claim, found)
        except ProviderError as error:
            LOOK_UPS.labels(result=Result.UNREADABLE).inc()
            log.warning("the provider could not be asked what became of attempts", account=str(claim.account_id), error=str(error))
            await settling.postpone(self._pool, found, look_after=self._clock.clock.technical(self._clock.now() + self._terms.pause))
            return 0
        await unknowns.observe(self._pool, claim, seen.observations, now=self._clock.now())
        horizon = self._clock.now() + self._terms.horizon
        departure = await unknowns.next_departure(self._pool, claim.account_id, now=self._clock.now(), horizon=horizon)
        settled = 0
        taken: set[str] = set()
        for unknown in found:
            verdict, look = await self._judge(unknown, seen, departure, taken)
            settled += await self._settle(unknown, verdict, look)
        return settled

    async def _read(self, claim: Claim, found: list[Unknown]) -> Seen:
        seen = Seen()
        invitations = [unknown for unknown in found if unknown.action is Action.INVITATION]
        messages = [unknown for unknown in found if unknown.action is Action.MESSAGE]
        if invitations:
            since = self._clock.now() - INVITATIONS_STAND
            standing = await unknowns.standing(self._pool, claim.account_id, since=since)
            await read_invitations(self._provider, claim, invitations, standing, lag=self._terms.lag, moment=self._moment, seen=seen)
        if messages:
            await read_messages(self._provider, claim, messages, over=self._over, moment=self._moment, seen=seen)
        return seen

    async def _judge(self, unknown: Unknown, seen: Seen, departure: datetime | None, taken: set[str]) -> tuple[Verdict, dict[str, Any]]:
        look: InvitationLook | MessageLook
        if unknown.action is Action.INVITATION:
            look = seen.invitations[unknown.id]
            verdict = judge_invitation(
                unknown.doubt, look, earlier=invitation_looks(unknown.evidence), next_departure=departure, terms=self._terms
            )
        elif unknown.action is Action.MESSAGE:
            look = await self._unclaimed(unknown, seen.messages[unknown.id], taken)
            verdict = judge_message(unknown.doubt, look, earlier=message_looks(unknown.evidence), terms=self._terms)
            if isinstance(verdict, Happened) and verdict.provider_ref:
                taken.add(verdict.provider_ref)
        else:
            return judge_email(unknown.doubt), {"look": "none"}
        verdict = with_patience(verdict, unknown.doubt, looks=unknown.looks + 1, now=look.at, terms=self._terms)
        return verdict, written(look, f"{type(verdict).__name__}: {verdict.why}")

    async def _unclaimed(self, unknown: Unknown, look: MessageLook, taken: set[str]) -> MessageLook:
        """Without the messages that other attempts have as theirs."""
        ids = [message.id for message in look.own]
        claimed = taken | await unknowns.claimed(self._pool, unknown.account_id, ids=ids, lead_ids=[unknown.lead_id])
        return replace(look, own=tuple(message for message in look.own if message.id not in claimed))

    async def _settle(self, unknown: Unknown, verdict: Verdict, look: dict[str, Any]) -> int:
        now = self._clock.now()
        match verdict:
            case Happened():
                LOOK_UPS.labels(result=Result.HAPPENED).inc()
                return int(await settling.happened(self._pool, unknown, verdict, look=look, now=now))
            case DidNot():
                LOOK_UPS.labels(result=Result.DID_NOT).inc()
                return int(await settling.did_not(self._pool, unknown, verdict.why, look=look, now=now))
            case NotYet() if unknown.due:
                LOOK_UPS.labels(result=Result.NOT_YET).inc()
                await settling.not_yet(self._pool, unknown, look=look, look_after=self._clock.clock.technical(verdict.next_at))
            case AskPerson():
                LOOK_UPS.labels(result=Result.ASK_PERSON).inc()
                await settling.ask_person(self._pool, unknown, verdict, look=look)
        return 0

    async def _hand_over_old_ones(self) -> None:
        """Also where the account may not act, so that nobody can look."""
        await settling.hand_over(self._pool, decided_before=self._clock.now() - self._terms.longest)

    def _moment(self) -> tuple[datetime, datetime]:
        technical = self._clock.technical_now()
        return self._clock.clock.at(technical), technical

    def _over(self, unknown: Unknown) -> datetime:
        return self._clock.clock.at(unknown.doubt.deadline)
