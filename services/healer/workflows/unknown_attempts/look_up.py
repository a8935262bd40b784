"""Look unknown attempts up, account by account: claim, make one read, keep what was seen, judge, settle, let go.

LinkedIn sees every read, so an account makes one per turn, rests after it, and makes none while its hours are closed: then its
attempts are put off to the opening, in their rows. What a look still needs is asked at the account's next turn; until then the
half that was seen stands in the attempt's evidence. Accounts do not wait for one another.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from services.healer.metrics import LOOK_UPS, Result
from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import (
    JUDGED_WITHOUT_A_READ,
    Accepted,
    AskPerson,
    DidNot,
    EvidenceThresholds,
    Happened,
    InvitationLook,
    MessageLook,
    NotYet,
    OwnMessage,
    Reach,
    Verdict,
    judge_invitation,
    judge_message,
    judge_withdrawal,
    with_patience,
    worth_a_profile,
)
from services.healer.rules.unknown_attempts.evidence_codec import (
    AccountMessages,
    decode_invitation_looks,
    decode_message_looks,
    decode_open_list,
    decode_open_messages,
    encode_list_part,
    encode_look,
    encode_messages_part,
)
from services.healer.rules.unknown_attempts.next_read import NextRead, ProviderRead, choose_next_read
from services.healer.store.unknown_attempts import attempts as unknowns
from services.healer.store.unknown_attempts import outcomes as settling
from services.healer.store.unknown_attempts import withdrawals
from services.healer.store.unknown_attempts.attempts import LeasedAccount
from services.healer.workflows.unknown_attempts.provider_reads import (
    SLACK,
    find_invitation_in_list,
    find_reach,
    find_withdrawn_in_list,
    observe_list,
    observe_messages,
    read_account_messages,
    read_chat_partners,
    read_profile,
    read_sent_invitations,
    select_own_messages,
)
from shared.calendar.opening import ON_ITS_WAY, within_hours
from shared.fence.fence import UNFENCED, Gate
from shared.policy.limits import SPACING, jitter
from shared.runtime.clock import StackClock, Stopwatch
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.vocabulary import ActionRole

log = structlog.get_logger()

AT_ONCE: Final = 256
"""Accounts in hand together: nearly all of them only rest, until their read may begin, and then it takes a moment."""
READS_AT_ONCE: Final = 16
TURN: Final = timedelta(seconds=160)
"""Business: longest wait, with the account in hand, for its spacing to end; a little more than spacing and jitter."""
LOOK_WITHIN: Final = timedelta(seconds=120)
"""Technical: a look that takes longer is given up, well before its lease could run out."""
MARGIN: Final = timedelta(seconds=30)
"""Technical: beyond the rest, and again beyond the read, before a lease runs out. Those of a healer that dies keep their accounts
from sending, so an account that rests is leased for its rest, and for a read only when the read begins."""
NEWS_WITHIN: Final = timedelta(minutes=30)
"""Business: a read of who is connected that is younger is news enough."""
INVITATIONS_STAND: Final = timedelta(days=14)
"""Business: older invitations of ours prove nothing by their absence; people withdraw them by hand."""


class LookUp:
    """The workflow; `begin` is its job, and `stop` ends what that began."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        provider: UnipileClient,
        clock: StackClock,
        *,
        call_time: timedelta,
        terms: EvidenceThresholds | None = None,
        wake_relay: Callable[[], None] = lambda: None,
        fence: Gate = UNFENCED,
    ) -> None:
        self._pool = pool
        self._fence = fence
        self._provider = provider
        self._clock = clock
        self._call_time = call_time
        self._terms = terms or EvidenceThresholds()
        self._wake_relay = wake_relay
        self._chance = random.Random()
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self._under_way: dict[UUID, asyncio.Task[int]] = {}

    async def begin(self) -> None:
        """Begin a look for every account with something due that is free, and wait for none: one rests longer than another."""
        await self._hand_over_old_ones()
        if (places := AT_ONCE - len(self._under_way)) <= 0:
            return
        for account_id in await unknowns.find_accounts_to_look_up(self._pool, patience=TURN, call_time=self._call_time, most=places):
            if account_id not in self._under_way:
                task = asyncio.create_task(self._account(account_id), name=f"look up {account_id}")
                self._under_way[account_id] = task
                task.add_done_callback(partial(self._ended, account_id))

    async def round(self) -> int:
        """The same, and wait until all of them are made; returns how many attempts were settled."""
        await self.begin()
        return sum(await asyncio.gather(*self._under_way.values()))

    async def stop(self) -> None:
        """Give up the looks under way; their accounts are let go."""
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _ended(self, account_id: UUID, task: asyncio.Task[int]) -> None:
        del self._under_way[account_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a look was given up, it will be made again", account=str(account_id), error=repr(error))
        self._wake_relay()

    async def _account(self, account_id: UUID) -> int:
        lease = TURN / self._clock.speed + MARGIN
        claim = await unknowns.acquire_lease(self._pool, account_id, patience=TURN, lease=lease)
        if claim is None:
            return 0
        rest = timedelta()
        try:
            await self._clock.refresh()  # the clock cannot leap while the account is in hand, but may have a moment ago
            found = await unknowns.fetch_for_account(self._pool, account_id, call_time=self._call_time)
            settled = await self._without_a_read(claim, found)
            if (step := choose_next_read(found)) is None:
                return settled
            if await self._put_off(claim, self._clock.now() + claim.rests):
                return settled
            await self._await_turn(claim)
            async with self._reads:
                since = Stopwatch()
                if (
                    self._fence.shut is not None
                    or (held := await unknowns.extend_lease(self._pool, claim, lease=LOOK_WITHIN + MARGIN)) is None
                ):
                    return settled
                claim, now = held
                if await self._put_off(claim, now):  # others' reads were waited for past the closing
                    return settled
                rest = SPACING + jitter(f"look {account_id} {self._clock.now()}")
                provider = self._provider.only_if(lambda: since.elapsed() < LOOK_WITHIN and self._fence.shut is None)
                async with asyncio.timeout(LOOK_WITHIN.total_seconds()):
                    return settled + await self._make(claim, provider, step, rest)
        finally:
            await unknowns.release_lease(self._pool, claim, spacing=rest)

    async def _put_off(self, claim: LeasedAccount, at: datetime) -> bool:
        """Put the account's looks off to its opening, where it is closed at that moment (business) or before the read could have begun."""
        for moment in (at, at + self._clock.business(ON_ITS_WAY)):
            if (opens := self._within_hours(claim, moment)) != moment:
                await unknowns.postpone_until_open(self._pool, claim.account_id, opens=opens)
                return True
        return False

    def _within_hours(self, claim: LeasedAccount, at: datetime) -> datetime:
        """The same moment (business) while the account's hours are open, else one of its next opening."""
        return within_hours(claim.schedule, at, chance=self._chance)

    async def _await_turn(self, claim: LeasedAccount) -> None:
        await asyncio.sleep(claim.rests.total_seconds() / self._clock.speed)

    async def _without_a_read(self, claim: LeasedAccount, found: Sequence[AttemptInDoubt]) -> int:
        settled = 0
        for unknown in found:
            if judge := JUDGED_WITHOUT_A_READ.get(unknown.action.facts.evidence):
                settled += await self._settle(claim, unknown, judge(unknown.doubt), {"look": "none"})
        return settled

    async def _make(self, claim: LeasedAccount, provider: UnipileClient, step: NextRead, rest: timedelta) -> int:
        """One read; what it leaves open is taken up when the account's `rest` is over."""
        again_at = self._within_hours(claim, self._clock.now() + rest)
        try:
            match step.read:
                case ProviderRead.SENT:
                    return await self._sent(claim, provider, step.unknowns, again_at)
                case ProviderRead.PROFILE:
                    return await self._profile(claim, provider, step.unknowns[0])
                case ProviderRead.SAID:
                    return await self._said(claim, provider, step.unknowns, again_at)
                case ProviderRead.PARTNERS:
                    return await self._partners(claim, provider, step.unknowns)
        except ProviderError as error:
            LOOK_UPS.labels(result=Result.UNREADABLE).inc()
            log.warning("the provider could not be asked what became of attempts", account=str(claim.account_id), error=str(error))
            later = self._within_hours(claim, self._clock.now() + self._terms.pause)
            await settling.postpone_looks(self._pool, list(step.unknowns), look_after=later)
            return 0

    async def _sent(self, claim: LeasedAccount, provider: UnipileClient, found: Sequence[AttemptInDoubt], again_at: datetime) -> int:
        standing = await unknowns.fetch_expected_invitations(self._pool, claim.account_id, since=self._clock.now() - INVITATIONS_STAND)
        seen = await read_sent_invitations(provider, claim, self._moment())
        await self._observe(claim, observe_list(seen))
        departure = await self._next_departure(claim)
        settled = 0
        for unknown in found:
            at_list = find_withdrawn_in_list if unknown.action.role is ActionRole.WITHDRAW else find_invitation_in_list
            look = at_list(seen, unknown, standing, lag=self._terms.lag)
            if look.listed is not None or (unknown.due and not self._worth_a_profile(unknown, look)):
                settled += await self._judge_invitation(claim, unknown, look, departure)
            elif self._worth_a_profile(unknown, look) and (unknown.due or unknown.looks == 0):
                await settling.record_half_look(self._pool, unknown, part=encode_list_part(look), look_after=again_at)
        return settled

    def _worth_a_profile(self, unknown: AttemptInDoubt, look: InvitationLook) -> bool:
        return unknown.recipient_id is not None and worth_a_profile(unknown.doubt, look, terms=self._terms)

    async def _profile(self, claim: LeasedAccount, provider: UnipileClient, unknown: AttemptInDoubt) -> int:
        look = decode_open_list(unknown.evidence)
        if look is None:
            return 0
        sight, told = await read_profile(provider, claim, unknown)
        await self._observe(claim, told)
        return await self._judge_invitation(claim, unknown, replace(look, profile=sight), await self._next_departure(claim), whole=True)

    async def _judge_invitation(
        self, claim: LeasedAccount, unknown: AttemptInDoubt, look: InvitationLook, departure: datetime | None, *, whole: bool = False
    ) -> int:
        earlier = decode_invitation_looks(unknown.evidence)
        verdict: Verdict | Accepted
        if unknown.action.role is ActionRole.WITHDRAW:
            verdict = judge_withdrawal(unknown.doubt, look, earlier=earlier, terms=self._terms)
        else:
            verdict = judge_invitation(unknown.doubt, look, earlier=earlier, next_departure=departure, terms=self._terms)
        return await self._conclude(claim, unknown, verdict, look, counts=whole or unknown.due)

    async def _said(self, claim: LeasedAccount, provider: UnipileClient, found: Sequence[AttemptInDoubt], again_at: datetime) -> int:
        """Own messages in chats with an unknown partner may be the ones in question: then the next read asks for the chat partners."""
        seen = await read_account_messages(provider, claim, min(unknown.decided_at for unknown in found) - SLACK, self._moment())
        people = await unknowns.fetch_chat_partners(self._pool, claim.account_id, [m.chat_id for m in seen.messages if m.chat_id])
        people |= {
            m.chat_id: m.sender_id for m in seen.messages if m.chat_id and m.sender_id and not m.is_sender and m.chat_id not in people
        }
        people |= {unknown.chat_id: unknown.recipient_id for unknown in found if unknown.chat_id and unknown.recipient_id}
        await self._observe(claim, observe_messages(select_own_messages(seen, min(found, key=lambda u: u.decided_at)), people))
        settled, taken = 0, set[str]()
        for unknown in found:
            said = await self._unclaimed(unknown, select_own_messages(seen, unknown), taken)
            own = tuple(m for m in said if people.get(m.chat_id or "") == unknown.recipient_id)
            nameless = tuple(m for m in said if m.chat_id not in people)
            if nameless and not own:
                if unknown.due or unknown.looks == 0:
                    half = AccountMessages(at=seen.at, seen_at=seen.seen_at, whole=seen.whole, own=nameless)
                    await settling.record_half_look(
                        self._pool, unknown, part=encode_messages_part(half, unknown.doubt.text), look_after=again_at
                    )
                continue
            chat_id = next((chat for chat, person in people.items() if person == unknown.recipient_id), None)
            look = MessageLook(at=seen.at, seen_at=seen.seen_at, reach=find_reach(seen, unknown, chat_id, self._over(unknown)), own=own)
            settled += await self._judge_message(claim, unknown, look, taken, counts=unknown.due)
        return settled

    async def _partners(self, claim: LeasedAccount, provider: UnipileClient, found: Sequence[AttemptInDoubt]) -> int:
        people = await read_chat_partners(provider, claim, min(unknown.decided_at for unknown in found) - SLACK)
        settled, taken = 0, set[str]()
        for unknown in found:
            if (half := decode_open_messages(unknown.evidence, unknown.doubt.text)) is None:
                continue
            mine = [m for m in half.own if people.get(m.chat_id or "") == unknown.recipient_id]
            named = all(m.chat_id in people for m in half.own)
            look = MessageLook(
                at=half.at,
                seen_at=half.seen_at,
                reach=Reach.ACCOUNT if half.whole and named else Reach.NOTHING,
                own=tuple(await self._unclaimed(unknown, mine, taken)),
            )
            settled += await self._judge_message(claim, unknown, look, taken, counts=True)
        return settled

    async def _judge_message(
        self, claim: LeasedAccount, unknown: AttemptInDoubt, look: MessageLook, taken: set[str], *, counts: bool
    ) -> int:
        verdict = judge_message(unknown.doubt, look, earlier=decode_message_looks(unknown.evidence), terms=self._terms)
        if isinstance(verdict, Happened) and verdict.provider_ref:
            taken.add(verdict.provider_ref)
        return await self._conclude(claim, unknown, verdict, look, counts=counts)

    async def _unclaimed(self, unknown: AttemptInDoubt, own: Sequence[OwnMessage], taken: set[str]) -> list[OwnMessage]:
        """Without the messages that other attempts have as theirs."""
        ids = [message.id for message in own]
        claimed = taken | await unknowns.fetch_claimed_messages(self._pool, unknown.account_id, ids=ids, lead_ids=[unknown.lead_id])
        return [message for message in own if message.id not in claimed]

    async def _conclude(
        self,
        claim: LeasedAccount,
        unknown: AttemptInDoubt,
        verdict: Verdict | Accepted,
        look: InvitationLook | MessageLook,
        *,
        counts: bool,
    ) -> int:
        """A look that was made for others and proves nothing does not count: this one's own time will come."""
        if isinstance(verdict, NotYet) and not counts:
            return 0
        if isinstance(verdict, NotYet) and isinstance(look, InvitationLook) and not look.complete:
            # What should stand in the list and does not was accepted, most likely, and its webhook lost: then the list is whole.
            now = self._clock.now()
            await unknowns.request_relations_read(self._pool, unknown.account_id, now=now, unless_since=now - NEWS_WITHIN)
        verdict = with_patience(verdict, unknown.doubt, looks=unknown.looks + 1, now=look.at, terms=self._terms)
        return await self._settle(claim, unknown, verdict, encode_look(look, f"{type(verdict).__name__}: {verdict.why}"))

    async def _observe(self, claim: LeasedAccount, told: Sequence[dict[str, Any]]) -> None:
        await unknowns.store_observations(self._pool, claim, told, now=self._clock.now())

    async def _next_departure(self, claim: LeasedAccount) -> datetime | None:
        now = self._clock.now()
        return await unknowns.fetch_next_invitation_time(self._pool, claim.account_id, now=now, horizon=now + self._terms.horizon)

    async def _settle(self, claim: LeasedAccount, unknown: AttemptInDoubt, verdict: Verdict | Accepted, look: dict[str, Any]) -> int:
        now = self._clock.now()
        if unknown.action.role is ActionRole.WITHDRAW and isinstance(verdict, Happened | DidNot | Accepted):
            LOOK_UPS.labels(result=Result.HAPPENED if isinstance(verdict, Happened) else Result.DID_NOT).inc()
            return int(await withdrawals.settle_withdrawal(self._pool, unknown, verdict, look=look, now=now))
        match verdict:
            case Happened():
                LOOK_UPS.labels(result=Result.HAPPENED).inc()
                return int(await settling.record_happened(self._pool, unknown, verdict, look=look, now=now))
            case DidNot():
                LOOK_UPS.labels(result=Result.DID_NOT).inc()
                return int(await settling.record_not_happened(self._pool, unknown, verdict.why, look=look, now=now))
            case NotYet():
                LOOK_UPS.labels(result=Result.NOT_YET).inc()
                await settling.record_undecided(self._pool, unknown, look=look, look_after=self._within_hours(claim, verdict.next_at))
            case AskPerson():
                LOOK_UPS.labels(result=Result.ASK_PERSON).inc()
                await settling.hand_to_person(self._pool, unknown, verdict, look=look)
        return 0

    async def _hand_over_old_ones(self) -> None:
        """Hand overdue attempts to an operator, also those of accounts that may not act and therefore cannot be read."""
        await settling.hand_over_overdue(self._pool, decided_before=self._clock.now() - self._terms.longest)

    def _moment(self) -> tuple[datetime, datetime]:
        technical = self._clock.technical_now()
        return self._clock.clock.at(technical), technical

    def _over(self, unknown: AttemptInDoubt) -> datetime:
        return self._clock.clock.at(unknown.doubt.deadline)
