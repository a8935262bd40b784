"""Adopt a stack whose database and Kafka parted: first read what the provider shows of the time between, then open the fence.

Nothing else leaves meanwhile, so no account is leased; each account makes its reads one after the other with its spacing
between them, and all accounts read at the same time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from services.healer.rules.adoption.gap_recovery import COARSE, SLACK, ProviderSign, RecoveredStep, Sign, recover_steps
from services.healer.store.adoption import adoptions as adopting
from services.healer.store.adoption.adoptions import AccountToRead, Adoption, SequenceInGap
from services.healer.store.unknown_attempts.attempts import fetch_chat_partners, fetch_claimed_messages
from shared.db.errors import AWAY
from shared.fence import store as fences
from shared.fence.fence import Fence
from shared.policy.limits import SPACING, jitter
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.unipile.models import LISTS_LAG, ListedMessage
from shared.vocabulary import ActionRole

log = structlog.get_logger()

AT_ONCE: Final = 32
"""Calls under way at the same time."""
MOST: Final = 2_000
"""Accounts of one round; the others follow in the next."""
MOST_PAGES: Final = 30
NO_SINGLE_PARTNER: Final = ""


@dataclass(slots=True)
class _AccountSigns:
    """What the provider showed of one account, by person (id, vanity)."""

    by_person: dict[tuple[str | None, str | None], list[ProviderSign]] = field(default_factory=lambda: defaultdict(list))


class Adopt:
    """The workflow; `round` is its job. `act_within` and `call_time` are the sender's settings (technical time)."""

    def __init__(
        self, pool: asyncpg.Pool, provider: UnipileClient, clock: StackClock, fence: Fence, *, act_within: timedelta, call_time: timedelta
    ) -> None:
        self._pool = pool
        self._provider = provider
        self._clock = clock
        self._fence = fence
        self._act_within = act_within
        self._call_time = call_time
        self._calls = asyncio.Semaphore(AT_ONCE)

    async def round(self) -> bool:
        """Get on with the adoption that a person asked for; True when more of it waits."""
        if await adopting.fetch_open_adoption(self._pool) is None:
            return False
        async with self._pool.acquire() as connection, connection.transaction():
            if not await adopting.acquire_adoption_lock(connection):
                return False
            adoption = await adopting.fetch_open_adoption(self._pool)
            return adoption is not None and await self._get_on(adoption)

    async def _get_on(self, adoption: Adoption) -> bool:
        if await self._somebody_else_writes(adoption) or not await self._calm(adoption):
            return False
        accounts = await adopting.fetch_accounts_to_read(self._pool, adoption, most=MOST)
        if accounts:
            await asyncio.gather(*(self._account(adoption, account) for account in accounts))
            return True
        await self._finish(adoption)
        return False

    async def _somebody_else_writes(self, adoption: Adoption) -> bool:
        """The other stack came back, or was never stopped: what it sends from now on no look of ours would show."""
        row = await fences.read_fence(self._pool)
        last = self._fence.heads.of(row.stack_id).last
        alive = row.read_only_why is not None and last is not None and adoption.head is not None and last.seq > adoption.head.seq
        if alive:
            log.error("the adoption waits: another stack writes heads of this ledger; stop it", head=last.seq if last else None)
        return alive

    async def _calm(self, adoption: Adoption) -> bool:
        """No call of the lost time is under way any more, and the provider has had the time to show what came of it."""
        since = adoption.head.beat_at if adoption.head else adoption.requested_at
        return self._clock.technical_now() >= since + self._act_within + self._call_time + LISTS_LAG / self._clock.speed

    async def _account(self, adoption: Adoption, account: AccountToRead) -> None:
        if account.hindrance is not None:
            await adopting.mark_account_failed(self._pool, adoption, account, account.hindrance, for_good=True)
            return
        try:
            told = await self._read(account, adoption.lost_from)
            invitations, messages = await self._settle(adoption, account, told)
        except (ProviderError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            log.warning("the evidence of an account could not be read", account=str(account.account_id), error=why)
            await adopting.mark_account_failed(self._pool, adoption, account, why)
            return
        except asyncpg.PostgresError as error:
            if isinstance(error, AWAY):
                raise
            # An answer about one account's rows; the others must not wait for it, nor be read again and again because of it.
            log.exception("what the provider shows of an account could not be written down", account=str(account.account_id))
            await adopting.mark_account_failed(self._pool, adoption, account, f"it could not be written down: {error}")
            return
        await adopting.mark_account_read(self._pool, adoption, account, invitations=invitations, messages=messages)
        await adopting.rest_account(self._pool, account, until=self._clock.now() + self._rest_of(account, 3))

    async def _read(self, account: AccountToRead, since: datetime) -> _AccountSigns:
        """Three reads, and a fourth where own messages stand in chats with an unknown partner.

        Raises:
            ProviderError: one of them failed, or a list had no end; nothing is concluded.
        """
        told = _AccountSigns()
        async with self._calls:
            await self._invitations(account, told)
        await self._rest(account, 1)
        async with self._calls:
            await self._relations(account, since, told)
        await self._rest(account, 2)
        await self._messages(account, since, told)
        return told

    async def _invitations(self, account: AccountToRead, told: _AccountSigns) -> None:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._provider.invitations_sent(account.provider_account_id, limit=100, cursor=cursor)
            for item in page.items:
                person = (item.invited_user_id, item.invited_user_public_id)
                told.by_person[person].append(ProviderSign(sign=Sign.INVITED, at=item.parsed_datetime, ref=item.id))
            cursor = page.cursor
            if cursor is None:
                return
        raise TimeoutError("the list of sent invitations has no end")

    async def _relations(self, account: AccountToRead, since: datetime, told: _AccountSigns) -> None:
        """Newest first, back to before the lost time; a list without dates is read no further than its first page."""
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._provider.relations(account.provider_account_id, limit=100, cursor=cursor)
            for item in page.items:
                told.by_person[item.member_id, item.public_identifier].append(ProviderSign(sign=Sign.CONNECTED, at=item.created_at))
            cursor = page.cursor
            oldest = page.items[-1].created_at if page.items else None
            if cursor is None or oldest is None or oldest < since - COARSE:
                return
        raise TimeoutError("the list of relations does not reach back to before the lost time")

    async def _messages(self, account: AccountToRead, since: datetime, told: _AccountSigns) -> None:
        own: list[ListedMessage] = []
        others: dict[str, str] = {}
        cursor: str | None = None
        async with self._calls:
            for _ in range(MOST_PAGES):
                page = await self._provider.messages(account_id=account.provider_account_id, limit=250, cursor=cursor)
                own += [m for m in page.items if m.is_sender and not m.is_event and m.timestamp >= since - SLACK]
                others |= {m.chat_id: m.sender_id for m in page.items if m.chat_id and m.sender_id and not m.is_sender}
                cursor = page.cursor
                if cursor is None or (page.items and page.items[-1].timestamp < since - SLACK):
                    break
            else:
                raise TimeoutError("the list of messages does not reach back to before the lost time")
        if not own:
            return
        people = others | await fetch_chat_partners(self._pool, account.account_id, [m.chat_id for m in own if m.chat_id])
        if any(m.chat_id not in people for m in own):
            await self._rest(account, 3)
            async with self._calls:
                people |= await self._partners(account, since)
        known = await fetch_claimed_messages(self._pool, account.account_id, ids=[m.id for m in own], lead_ids=[])
        for m in own:
            person = people.get(m.chat_id or "")
            if person and m.id not in known:
                sign = ProviderSign(sign=Sign.WROTE, at=m.timestamp, ref=m.id, chat_id=m.chat_id, text=m.text or "")
                told.by_person[person, None].append(sign)

    async def _partners(self, account: AccountToRead, since: datetime) -> dict[str, str]:
        found: dict[str, str] = {}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._provider.chats(account.provider_account_id, limit=100, cursor=cursor)
            found |= {
                chat.id: (chat.attendee_provider_id or NO_SINGLE_PARTNER) if chat.type in {None, 0} else NO_SINGLE_PARTNER
                for chat in page.items
            }
            cursor = page.cursor
            oldest = page.items[-1].timestamp if page.items else None
            if cursor is None or (oldest is not None and oldest < since - SLACK):
                return found
        raise TimeoutError("the list of conversations does not reach back to before the lost time")

    async def _settle(self, adoption: Adoption, account: AccountToRead, told: _AccountSigns) -> tuple[int, int]:
        """Write what left into the ledger; returns how many invitations and messages."""
        leads = await adopting.find_leads(self._pool, account, list(told.by_person))
        evidence: dict[UUID, list[ProviderSign]] = defaultdict(list)
        persons: dict[UUID, str | None] = {}
        for person, lead_id in leads.items():
            evidence[lead_id] += told.by_person[person]
            persons[lead_id] = persons.get(lead_id) or person[0]
        done: list[RecoveredStep] = []
        for sequence in await adopting.fetch_sequences(self._pool, account, list(evidence)):
            done += await self._settle_one(adoption, account, sequence, evidence[sequence.lead_id], persons[sequence.lead_id])
        roles = [each.step.action.role for each in done]
        return roles.count(ActionRole.CONNECT), roles.count(ActionRole.WRITE)

    async def _settle_one(
        self, adoption: Adoption, account: AccountToRead, sequence: SequenceInGap, evidence: Sequence[ProviderSign], person_id: str | None
    ) -> list[RecoveredStep]:
        now = self._clock.now()
        found = recover_steps(sequence.status, sequence.steps, evidence, since=adoption.lost_from, until=now)
        done = []
        for left in found.left:
            connected = left.step.action.role is ActionRole.CONNECT and found.connected_at is not None
            if left.step.action.facts.needs_connection and found.connected_at is not None:
                await adopting.record_connection(self._pool, account, sequence, at=found.connected_at, now=now)
            if await adopting.record_recovered_step(self._pool, account, sequence, left, person_id, connected=connected, now=now):
                done.append(left)
                log.info("left in the lost time", send=left.step.message_type, prospect=str(sequence.prospect_id), why=left.why)
        return done

    async def _finish(self, adoption: Adoption) -> None:
        try:
            if not await self._fence.heads.complete():
                return
        except (KafkaError, TimeoutError):
            return
        if adoption.webhooks == "remove":
            await self._provider.remove_webhooks(await adopting.fetch_foreign_webhooks(self._pool))
        row = await fences.read_fence(self._pool)
        last = self._fence.heads.of(row.stack_id).last
        reached = await adopting.finish_adoption(
            self._pool, adoption, row, last=last, kafka_cluster=self._fence.heads.cluster, now=self._clock.now()
        )
        log.warning("adopted", adoption=adoption.id, by=adoption.requested_by, **asdict(reached))

    async def _rest(self, account: AccountToRead, turn: int) -> None:
        await asyncio.sleep(self._rest_of(account, turn).total_seconds() / self._clock.speed)

    def _rest_of(self, account: AccountToRead, turn: int) -> timedelta:
        return SPACING + jitter(f"adopt {account.account_id} {turn}")
