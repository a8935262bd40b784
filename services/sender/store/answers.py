"""The ledger's second half: what the provider answered, written in small batches by compare-and-set.

Locks in the order of the whole product: accounts, sends, prospects; ids sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.sender.rules.answer_events import LostAccount, WrittenOutcomes, events_of_outcomes, spacing_after
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome, ProspectEffect
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.db.statements import lock_accounts, lock_prospects, lock_sends
from shared.unipile.models import LISTS_LAG, Profile
from shared.vocabulary import AttemptState

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class _SettledBefore:
    """An attempt whose answer came late, and the state that it had been settled as."""

    id: int
    state: AttemptState


@dataclass(frozen=True, slots=True)
class _EndedInvitation:
    """An invitation of ours that a profile shows as withdrawn or ignored."""

    prospect_id: UUID
    withdrawn_at: datetime
    provider_id: str


class Answers:
    """Writes outcomes."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def write(self, outcomes: Sequence[AttemptOutcome]) -> WrittenOutcomes:
        """Write all of them in one transaction, events included."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._write(connection, outcomes)

    async def _write(self, connection: Connection, outcomes: Sequence[AttemptOutcome]) -> WrittenOutcomes:
        await lock_accounts(connection, {o.attempt.account_id for o in outcomes})
        await lock_sends(connection, {o.attempt.send_id for o in outcomes})
        settled_ids = await self._settle_attempts(connection, outcomes)
        in_time = [o for o in outcomes if o.attempt.id in settled_ids]
        late = await self._keep_late(connection, [o for o in outcomes if o.attempt.id not in settled_ids])
        if in_time:
            await self._settle_sends(connection, in_time)
        connected = await self._move_prospects(connection, in_time)
        await self._remember_recipients(connection, in_time)
        await self._update_limits(connection, in_time)
        lost = await self._disconnect_accounts(connection, in_time)
        await self._release_accounts(connection, in_time, late)
        written = WrittenOutcomes(connected, lost, late)
        await put(connection, "sender", events_of_outcomes(in_time, written))
        return written

    async def _settle_attempts(self, connection: Connection, outcomes: Sequence[AttemptOutcome]) -> set[int]:
        settled = await fetch_column(
            connection,
            queries.settle_attempts,
            int,
            lag=LISTS_LAG,
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
        return set(settled)

    async def _keep_late(self, connection: Connection, late: Sequence[AttemptOutcome]) -> list[tuple[AttemptOutcome, AttemptState]]:
        if not late:
            return []
        rows = await fetch_all(
            connection,
            queries.keep_late_answers,
            _SettledBefore,
            ids=[o.attempt.id for o in late],
            states=[o.state for o in late],
            provider_refs=[o.provider_ref for o in late],
            ats=[o.at for o in late],
        )
        states = {row.id: row.state for row in rows}
        return [(o, states[o.attempt.id]) for o in late if o.attempt.id in states]

    async def _settle_sends(self, connection: Connection, in_time: Sequence[AttemptOutcome]) -> None:
        await execute(
            connection,
            queries.settle_sends,
            ids=[o.attempt.send_id for o in in_time],
            statuses=[o.send for o in in_time],
            dues=[o.due for o in in_time],
            next_actions=[o.next_action for o in in_time],
            recipient_ids=[o.recipient_id for o in in_time],
            holds=[o.held_for for o in in_time],
            reasons=[o.reason for o in in_time],
            retried=[o.retried for o in in_time],
            ats=[o.at for o in in_time],
        )

    async def _move_prospects(self, connection: Connection, in_time: Sequence[AttemptOutcome]) -> frozenset[UUID]:
        moving = [o for o in in_time if o.prospect is not ProspectEffect.NONE]
        if not moving:
            return frozenset()
        await lock_prospects(connection, {o.attempt.prospect_id for o in moving})
        contacted = [o for o in moving if o.prospect is ProspectEffect.CONTACTED]
        connected = [o for o in moving if o.prospect is ProspectEffect.CONNECTED]
        given_up = [o for o in moving if o.prospect is ProspectEffect.GIVEN_UP]
        withdrawn = [o for o in moving if o.prospect is ProspectEffect.WITHDRAWN]
        if contacted:
            await execute(
                connection,
                queries.mark_contacted,
                ids=[o.attempt.prospect_id for o in contacted],
                actions=[o.attempt.action for o in contacted],
                ats=[o.at for o in contacted],
            )
            await execute(connection, queries.store_messages, ids=[o.attempt.id for o in contacted])
        if given_up:
            await execute(
                connection,
                queries.give_up,
                ids=[o.attempt.prospect_id for o in given_up],
                reasons=[o.reason for o in given_up],
                ats=[o.at for o in given_up],
            )
        if withdrawn:
            attempts, ats = [o.attempt.id for o in withdrawn], [o.at for o in withdrawn]
            await execute(connection, queries.end_withdrawn_invitations, attempt_ids=attempts, ats=ats)
            await execute(connection, queries.mark_withdrawn, ids=[o.attempt.prospect_id for o in withdrawn], ats=ats)
        if not connected:
            return frozenset()
        ids, ats = [o.attempt.prospect_id for o in connected], [o.at for o in connected]
        return frozenset(await fetch_column(connection, queries.mark_connected, UUID, ids=ids, ats=ats))

    async def _remember_recipients(self, connection: Connection, in_time: Sequence[AttemptOutcome]) -> None:
        seen = [(o, o.profile) for o in in_time if o.profile is not None]
        if seen:
            await execute(
                connection,
                queries.remember_looked_up_recipients,
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
            await self._end_invitations_shown_as_ended(connection, [(o, profile) for o, profile in seen if profile.invitation_ended])
        reached = [(o, o.reached) for o in in_time if o.reached is not None]
        if reached:
            await execute(
                connection,
                queries.remember_reached_recipients,
                account_ids=[o.attempt.account_id for o, _ in reached],
                lead_ids=[o.attempt.lead_id for o, _ in reached],
                workspace_ids=[o.attempt.workspace_id for o, _ in reached],
                provider_ids=[recipient.provider_id for _, recipient in reached],
                ats=[o.at for o, _ in reached],
                chat_ids=[recipient.chat_id for _, recipient in reached],
            )

    async def _end_invitations_shown_as_ended(self, connection: Connection, seen: Sequence[tuple[AttemptOutcome, Profile]]) -> None:
        """Our invitation to a person who ignored it, or that a member withdrew, frees its place; an ignored one was not withdrawn."""
        if not seen:
            return
        ended = await fetch_all(
            connection,
            queries.end_invitations_shown_as_ended,
            _EndedInvitation,
            account_ids=[o.attempt.account_id for o, _ in seen],
            workspace_ids=[o.attempt.workspace_id for o, _ in seen],
            provider_ids=[profile.provider_id for _, profile in seen],
            ats=[o.at for o, _ in seen],
            lag=LISTS_LAG,
        )
        withdrawn_from = {profile.provider_id for _, profile in seen if profile.invitation_withdrawn}
        withdrawn = sorted((row.prospect_id, row.withdrawn_at) for row in ended if row.provider_id in withdrawn_from)
        if withdrawn:
            ids = [prospect_id for prospect_id, _ in withdrawn]
            await lock_prospects(connection, ids)
            await execute(connection, queries.mark_withdrawn, ids=ids, ats=[at for _, at in withdrawn])

    async def _update_limits(self, connection: Connection, in_time: Sequence[AttemptOutcome]) -> None:
        given_back = [o.attempt.id for o in in_time if o.give_back]
        if given_back:
            await execute(connection, queries.give_usage_back, ids=given_back)
        resting = [(o, o.rest) for o in in_time if o.rest is not None]
        if resting:
            await execute(
                connection,
                queries.start_cool_downs,
                account_ids=[o.attempt.account_id for o, _ in resting],
                actions=[o.attempt.action for o, _ in resting],
                untils=[rest.until for _, rest in resting],
                levels=[rest.level for _, rest in resting],
                reasons=[rest.reason for _, rest in resting],
            )
        rested = [o for o in in_time if o.state is AttemptState.ACCEPTED and o.attempt.cool_down_level]
        if rested:
            await execute(
                connection,
                queries.end_cool_downs,
                account_ids=[o.attempt.account_id for o in rested],
                actions=[o.attempt.action for o in rested],
                ats=[o.at for o in rested],
            )

    async def _disconnect_accounts(self, connection: Connection, in_time: Sequence[AttemptOutcome]) -> list[LostAccount]:
        lost = {o.attempt.account_id: o.lost_account for o in in_time if o.lost_account}
        if not lost:
            return []
        return await fetch_all(connection, queries.disconnect_accounts, LostAccount, ids=list(lost), reasons=list(lost.values()))

    async def _release_accounts(
        self, connection: Connection, in_time: Sequence[AttemptOutcome], late: Sequence[tuple[AttemptOutcome, AttemptState]]
    ) -> None:
        """A late answer releases no lease: another process may hold the account by now. Its spacing counts all the same."""
        spaced = [(o.attempt.account_id, spacing_after(o)) for o, _ in late]
        if spaced:
            account_ids, spacings = [each for each, _ in spaced], [spacing for _, spacing in spaced]
            await execute(connection, queries.space_accounts, ids=account_ids, spacings=spacings)
        await execute(
            connection,
            queries.release_answered_accounts,
            ids=[o.attempt.account_id for o in in_time],
            spacings=[spacing_after(o) for o in in_time],
            ats=[o.at for o in in_time],
        )
