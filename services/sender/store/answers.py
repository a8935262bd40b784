"""The ledger's second half: what the provider answered, written in small batches by compare-and-set.

Locks in the house's order: accounts, sends, prospects; ids sorted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.sender.rules.outcome import Outcome, ProspectEffect
from shared.contracts.envelope import Envelope
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import load
from shared.unipile.models import Profile
from shared.vocabulary import AttemptState

queries = load(__file__)

LAG: Final = timedelta(seconds=60)
"""The provider's lists lag a send by 30 to 60 s (UNIPILE.md §2.2); the look-up waits at least that long (business)."""

SpaceAfter = Callable[[Outcome], timedelta | None]
"""How long the account rests after this outcome (business); None: the provider was never asked."""
Tell = Callable[[Sequence[Outcome], "Settled"], Sequence[Envelope]]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the rows said back."""

    connected: frozenset[UUID]
    """Prospects that became connected."""
    lost: Sequence[Any]
    """Accounts that became disconnected: id, workspace_id, status_version, status_reason."""
    late: Sequence[tuple[Outcome, AttemptState]]
    """Outcomes whose attempt was settled otherwise before."""


class Answers:
    """Writes outcomes."""

    def __init__(self, pool: asyncpg.Pool, *, space_after: SpaceAfter, tell: Tell) -> None:
        self._pool = pool
        self._space_after = space_after
        self._tell = tell

    async def write(self, outcomes: Sequence[Outcome]) -> Settled:
        """All of them in one transaction, events included."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._write(connection, outcomes)

    async def _write(self, connection: Connection, outcomes: Sequence[Outcome]) -> Settled:
        account_ids = sorted({o.attempt.account_id for o in outcomes})
        [None async for _ in queries.lock_accounts_of(connection, ids=account_ids)]
        [None async for _ in queries.lock_sends(connection, ids=sorted({o.attempt.send_id for o in outcomes}))]
        settled_ids = await self._settle_attempts(connection, outcomes)
        here = [o for o in outcomes if o.attempt.id in settled_ids]
        late = await self._keep_late(connection, [o for o in outcomes if o.attempt.id not in settled_ids])
        if here:
            await self._settle_sends(connection, here)
        connected = await self._move_prospects(connection, here)
        await self._remember(connection, here)
        await self._limit(connection, here)
        lost = await self._lose_accounts(connection, here)
        await self._free_accounts(connection, here, late)
        settled = Settled(connected, lost, late)
        await put(connection, "sender", self._tell(here, settled))
        return settled

    async def _settle_attempts(self, connection: Connection, outcomes: Sequence[Outcome]) -> set[int]:
        rows = queries.settle_attempts(
            connection,
            lag=LAG,
            ids=[o.attempt.id for o in outcomes],
            states=[o.state for o in outcomes],
            answered_ats=[o.at for o in outcomes],
            http_statuses=[o.http_status for o in outcomes],
            error_types=[o.error_type for o in outcomes],
            error_details=[o.detail[:2000] if o.detail else None for o in outcomes],
            provider_refs=[o.provider_ref for o in outcomes],
            chat_ids=[o.chat_id for o in outcomes],
            given_backs=[o.give_back for o in outcomes],
            recipient_ids=[o.recipient_id for o in outcomes],
        )
        return {row["id"] async for row in rows}

    async def _keep_late(self, connection: Connection, late: Sequence[Outcome]) -> list[tuple[Outcome, AttemptState]]:
        if not late:
            return []
        rows = queries.settled_otherwise(
            connection,
            ids=[o.attempt.id for o in late],
            states=[o.state for o in late],
            provider_refs=[o.provider_ref for o in late],
            ats=[o.at for o in late],
        )
        states = {row["id"]: AttemptState(row["state"]) async for row in rows}
        return [(o, states[o.attempt.id]) for o in late if o.attempt.id in states]

    async def _settle_sends(self, connection: Connection, here: Sequence[Outcome]) -> None:
        await queries.settle_sends(
            connection,
            ids=[o.attempt.send_id for o in here],
            statuses=[o.send for o in here],
            dues=[o.due for o in here],
            next_actions=[o.next_action for o in here],
            recipient_ids=[o.recipient_id for o in here],
            holds=[o.held_for for o in here],
            reasons=[o.reason for o in here],
            retried=[o.retried for o in here],
            ats=[o.at for o in here],
        )

    async def _move_prospects(self, connection: Connection, here: Sequence[Outcome]) -> frozenset[UUID]:
        moving = [o for o in here if o.prospect is not ProspectEffect.NONE]
        if not moving:
            return frozenset()
        [None async for _ in queries.lock_prospects(connection, ids=sorted({o.attempt.prospect_id for o in moving}))]
        contacted = [o for o in moving if o.prospect is ProspectEffect.CONTACTED]
        connected = [o for o in moving if o.prospect is ProspectEffect.CONNECTED]
        given_up = [o for o in moving if o.prospect is ProspectEffect.GIVEN_UP]
        withdrawn = [o for o in moving if o.prospect is ProspectEffect.WITHDRAWN]
        if contacted:
            await queries.mark_contacted(
                connection,
                ids=[o.attempt.prospect_id for o in contacted],
                actions=[o.attempt.action for o in contacted],
                ats=[o.at for o in contacted],
            )
            await queries.store_messages(connection, ids=[o.attempt.id for o in contacted])
        if given_up:
            await queries.give_up(
                connection,
                ids=[o.attempt.prospect_id for o in given_up],
                reasons=[o.reason for o in given_up],
                ats=[o.at for o in given_up],
            )
        if withdrawn:
            attempts, ats = [o.attempt.id for o in withdrawn], [o.at for o in withdrawn]
            await queries.end_invitations(connection, attempt_ids=attempts, ats=ats)
            await queries.mark_withdrawn(connection, ids=[o.attempt.prospect_id for o in withdrawn], ats=ats)
        if not connected:
            return frozenset()
        rows = queries.mark_connected(connection, ids=[o.attempt.prospect_id for o in connected], ats=[o.at for o in connected])
        return frozenset([row["id"] async for row in rows])

    async def _remember(self, connection: Connection, here: Sequence[Outcome]) -> None:
        seen = [(o, o.profile) for o in here if o.profile is not None]
        if seen:
            await queries.remember_recipients(
                connection,
                account_ids=[o.attempt.account_id for o, _ in seen],
                lead_ids=[o.attempt.lead_id for o, _ in seen],
                workspace_ids=[o.attempt.workspace_id for o, _ in seen],
                provider_ids=[profile.provider_id for _, profile in seen],
                public_identifiers=[profile.public_identifier for _, profile in seen],
                network_distances=[profile.network_distance for _, profile in seen],
                invitation_statuses=[profile.invitation.status if profile.invitation else None for _, profile in seen],
                ats=[o.at for o, _ in seen],
                connected=[profile.connected for _, profile in seen],
                ended=[profile.invitation_ended for _, profile in seen],
            )
            await self._end_by_hand(connection, [(o, profile) for o, profile in seen if profile.invitation_ended])
        reached = [o for o in here if o.state is AttemptState.ACCEPTED and o.attempt.recipient_id and (o.chat_id or not o.attempt.resolved)]
        if reached:
            await queries.know_recipients(
                connection,
                account_ids=[o.attempt.account_id for o in reached],
                lead_ids=[o.attempt.lead_id for o in reached],
                workspace_ids=[o.attempt.workspace_id for o in reached],
                provider_ids=[o.attempt.recipient_id for o in reached],
                ats=[o.at for o in reached],
                chat_ids=[o.chat_id for o in reached],
            )

    async def _end_by_hand(self, connection: Connection, seen: Sequence[tuple[Outcome, Profile]]) -> None:
        """An invitation of ours that a member took back, or the person ignored, frees its place; who ignored it was not withdrawn."""
        if not seen:
            return
        rows = queries.ended_by_hand(
            connection,
            account_ids=[o.attempt.account_id for o, _ in seen],
            workspace_ids=[o.attempt.workspace_id for o, _ in seen],
            provider_ids=[profile.provider_id for _, profile in seen],
            ats=[o.at for o, _ in seen],
            lag=LAG,
        )
        ended = [(row["prospect_id"], row["withdrawn_at"], row["provider_id"]) async for row in rows]
        withdrawn = {profile.provider_id for _, profile in seen if profile.invitation_withdrawn}
        mine = sorted((prospect, at) for prospect, at, person in ended if person in withdrawn)
        if mine:
            ids = [prospect for prospect, _ in mine]
            [None async for _ in queries.lock_prospects(connection, ids=ids)]
            await queries.mark_withdrawn(connection, ids=ids, ats=[at for _, at in mine])

    async def _limit(self, connection: Connection, here: Sequence[Outcome]) -> None:
        back = [o.attempt.id for o in here if o.give_back]
        if back:
            await queries.give_back(connection, ids=back)
        resting = [(o, o.rest) for o in here if o.rest is not None]
        if resting:
            await queries.rest(
                connection,
                account_ids=[o.attempt.account_id for o, _ in resting],
                actions=[o.attempt.action for o, _ in resting],
                untils=[rest.until for _, rest in resting],
                levels=[rest.level for _, rest in resting],
                reasons=[rest.reason for _, rest in resting],
            )
        rested = [o for o in here if o.state is AttemptState.ACCEPTED and o.attempt.cool_down_level]
        if rested:
            await queries.rested(
                connection,
                account_ids=[o.attempt.account_id for o in rested],
                actions=[o.attempt.action for o in rested],
                ats=[o.at for o in rested],
            )

    async def _lose_accounts(self, connection: Connection, here: Sequence[Outcome]) -> list[Any]:
        lost = {o.attempt.account_id: o.lost_account for o in here if o.lost_account}
        if not lost:
            return []
        return [row async for row in queries.lose_accounts(connection, ids=list(lost), reasons=list(lost.values()))]

    async def _free_accounts(self, connection: Connection, here: Sequence[Outcome], late: Sequence[tuple[Outcome, AttemptState]]) -> None:
        """A late answer frees nothing: the account may be in another hand by now. Its spacing counts all the same."""
        spaced = [(o.attempt.account_id, self._space_after(o)) for o, _ in late]
        if spaced:
            await queries.space_accounts(connection, ids=[each for each, _ in spaced], spacings=[spacing for _, spacing in spaced])
        await queries.free_accounts(
            connection,
            ids=[o.attempt.account_id for o in here],
            spacings=[self._space_after(o) for o in here],
            ats=[o.at for o in here],
        )
