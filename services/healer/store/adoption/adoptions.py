"""An adoption: which accounts are still to be read, what left in the lost time, and the fence open again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.adoption.gap_recovery import RecoveredStep, StepState
from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import Doubt, Happened
from services.healer.store.repairs import findings
from services.healer.store.unknown_attempts import outcomes as settling
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.envelope import enclose
from shared.contracts.stack_heads import StackHead
from shared.contracts.topics import ACCOUNTS_STATUS
from shared.db.outbox import put
from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.db.statements import lock_accounts, write_audit_line
from shared.fence.rules import FenceRow
from shared.policy.rows import local_day
from shared.vocabulary import AccountStatus, Action, Channel, ProspectStatus, SendStatus
from shared.vocabulary.identity import send_id

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool
LOCK: Final = 7_204
"""Advisory lock: one healer reads for an adoption."""
UNREADABLE: Final = "what left in the lost time is not known: "
"""What an account's status says that an adoption paused; another adoption that can read it lifts the pause."""
MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Adoption:
    """An adoption that an operator requested."""

    id: int
    differences: Sequence[str]
    lost_from: datetime
    lost_until: datetime
    stored_head: dict[str, Any] | None
    webhooks: str | None
    requested_at: datetime
    requested_by: str

    @property
    def head(self) -> StackHead | None:
        """The last head that Kafka held when it was requested."""
        return StackHead.model_validate(self.stored_head) if self.stored_head else None


@dataclass(frozen=True, slots=True)
class AccountToRead:
    """An account whose evidence was not read yet."""

    account_id: UUID
    workspace_id: UUID
    provider_account_id: str
    tries: int
    channel: Channel
    status: AccountStatus

    @property
    def hindrance(self) -> str | None:
        """Why it cannot be read at all."""
        if self.channel is not Channel.LINKEDIN:
            return f"the provider has no list of what a {self.channel} account sent"
        # An account that an operator paused can be read; a disconnected one cannot.
        return f"it is {self.status}" if self.status is AccountStatus.DISCONNECTED else None


@dataclass(frozen=True, slots=True)
class FoundLead:
    """The lead behind a person of the provider, who is known by id, by vanity or by both."""

    person_id: str | None
    vanity: str | None
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a sequence, and what the ledger knows of it."""

    prospect_id: UUID
    workspace_id: UUID
    campaign_id: UUID
    lead_id: UUID
    status: ProspectStatus
    position: int
    message_type: str
    action: Action
    requires_connection: bool
    send_status: SendStatus | None
    message: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class AdoptionProgress:
    """Accounts that wait, were read and could not be read; invitations and messages that were found."""

    waiting: int
    read: int
    unreadable: int
    invitations: int
    messages: int


@dataclass(frozen=True, slots=True)
class ChangedAccountStatus:
    """An account that the adoption paused or resumed."""

    id: UUID
    workspace_id: UUID
    status_reason: str | None
    status_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceInGap:
    """One person's sequence: the prospect and its steps in order."""

    prospect_id: UUID
    workspace_id: UUID
    campaign_id: UUID
    lead_id: UUID
    status: ProspectStatus
    steps: Sequence[StepState]
    words: Mapping[str, str]
    bound: frozenset[str]
    """Message types that want a connection."""


async def fetch_open_adoption(connection: Connection) -> Adoption | None:
    """The adoption that is being read for; None when there is none."""
    return await fetch_one(connection, queries.open_adoption, Adoption)


async def acquire_adoption_lock(connection: OneConnection) -> bool:
    """Be the healer that reads, until the transaction ends."""
    return bool(await fetch_value(connection, queries.take_adoption, bool, key=LOCK))


async def fetch_accounts_to_read(connection: Connection, adoption: Adoption, *, most: int) -> list[AccountToRead]:
    """The next accounts to be read."""
    return await fetch_all(connection, queries.waiting_accounts, AccountToRead, adoption_id=adoption.id, most=most)


async def mark_account_read(connection: Connection, adoption: Adoption, account: AccountToRead, *, invitations: int, messages: int) -> None:
    """Its evidence is in the ledger."""
    await execute(
        connection, queries.account_read, adoption_id=adoption.id, account_id=account.account_id, invitations=invitations, messages=messages
    )


async def rest_account(connection: Connection, account: AccountToRead, *, until: datetime) -> None:
    """A read is an action of the account like any other."""
    await execute(connection, queries.account_rests, account_id=account.account_id, next_free_at=until)


async def mark_account_failed(
    connection: Connection, adoption: Adoption, account: AccountToRead, why: str, *, for_good: bool = False
) -> None:
    """It could not be read; after some tries it stays shut until a later adoption can."""
    most = 0 if for_good else MOST_TRIES
    await execute(connection, queries.account_failed, adoption_id=adoption.id, account_id=account.account_id, why=why, most_tries=most)


async def find_leads(
    connection: Connection, account: AccountToRead, people: Sequence[tuple[str | None, str | None]]
) -> dict[tuple[str | None, str | None], UUID]:
    """The leads behind people of the provider, each by id and vanity."""
    rows = await fetch_all(
        connection,
        queries.find_leads,
        FoundLead,
        account_id=account.account_id,
        workspace_id=account.workspace_id,
        person_ids=[person for person, _ in people],
        vanities=[vanity for _, vanity in people],
    )
    return {(row.person_id, row.vanity): row.lead_id for row in rows}


async def fetch_sequences(connection: Connection, account: AccountToRead, lead_ids: Sequence[UUID]) -> list[SequenceInGap]:
    """The sequences under way of these people that the account may serve."""
    steps = await fetch_all(connection, queries.sequences, StepRow, account_id=account.account_id, lead_ids=sorted(set(lead_ids)))
    by_prospect = [list(rows) for _, rows in groupby(steps, key=lambda step: step.prospect_id)]
    return [
        SequenceInGap(
            prospect_id=rows[0].prospect_id,
            workspace_id=rows[0].workspace_id,
            campaign_id=rows[0].campaign_id,
            lead_id=rows[0].lead_id,
            status=rows[0].status,
            steps=[
                StepState(position=row.position, message_type=row.message_type, action=row.action, send=row.send_status, live=row.live)
                for row in rows
            ],
            words={row.message_type: row.message or "" for row in rows},
            bound=frozenset(row.message_type for row in rows if row.requires_connection),
        )
        for rows in by_prospect
    ]


async def record_recovered_step(
    pool: asyncpg.Pool,
    account: AccountToRead,
    sequence: SequenceInGap,
    left: RecoveredStep,
    person_id: str | None,
    *,
    connected: bool,
    now: datetime,
) -> bool:
    """Write one step into the ledger as the provider shows it; False when the ledger knew better meanwhile."""
    id_ = send_id(sequence.prospect_id, left.step.message_type)
    async with pool.acquire() as connection, connection.transaction():
        await lock_accounts(connection, [account.account_id])
        await execute(connection, queries.dispatch_again, send_id=id_, account_id=account.account_id, person_id=person_id)
        await execute(connection, queries.begin_again, send_id=id_, account_id=account.account_id, person_id=person_id)
        await execute(
            connection,
            queries.plan_as_begun,
            send_id=id_,
            account_id=account.account_id,
            person_id=person_id,
            prospect_id=sequence.prospect_id,
            message_type=left.step.message_type,
            position=left.step.position,
            action=left.step.action.value,
            message=left.text,
            at=left.at,
            requires_connection=left.step.message_type in sequence.bound,
        )
        zone = await fetch_value(connection, queries.zone_at, str, account_id=account.account_id, at=left.at)
        if zone is None:
            raise LookupError(f"there is no account {account.account_id}")
        day = local_day(left.at, zone)
        attempt_id = await fetch_value(connection, queries.attempt_anew, int, send_id=id_, person_id=person_id, at=left.at, counted_on=day)
        if attempt_id is None:
            return False
        await execute(connection, queries.count_use, attempt_id=attempt_id)
        await execute(connection, queries.hand_to, prospect_id=sequence.prospect_id, account_id=account.account_id)
    unknown = _build_attempt(attempt_id, account, sequence, left, person_id)
    found = Happened(at=left.at, why=left.why, provider_ref=left.ref, chat_id=left.chat_id, connected=connected)
    return await settling.record_happened(pool, unknown, found, look={"look": "adoption", "why": left.why, "ref": left.ref}, now=now)


async def record_connection(pool: asyncpg.Pool, account: AccountToRead, sequence: SequenceInGap, *, at: datetime, now: datetime) -> bool:
    """The invitation was accepted in the lost time; the event leaves with the fact."""
    async with pool.acquire() as connection, connection.transaction():
        await lock_accounts(connection, [account.account_id])
        if await fetch_value(connection, queries.connect, UUID, prospect_id=sequence.prospect_id, at=at) is None:
            return False
        told = _build_attempt(0, account, sequence, None, None)
        await put(connection, settling.SERVICE, [settling.build_connection_accepted(told, now)])
    return True


async def fetch_progress(connection: Connection, adoption_id: int) -> AdoptionProgress:
    """How far it has come."""
    return (await fetch_all(connection, queries.progress, AdoptionProgress, adoption_id=adoption_id))[0]


async def finish_adoption(
    pool: asyncpg.Pool, adoption: Adoption, row: FenceRow, *, last: StackHead | None, kafka_cluster: str | None, now: datetime
) -> AdoptionProgress:
    """Pause what could not be read, open the fence, record which operator requested it: one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        reached = await fetch_progress(connection, adoption.id)
        if row.read_only_why is not None:
            await execute(
                connection,
                queries.open_fence,
                system_identifier=row.own_system_identifier,
                timeline=row.own_timeline,
                kafka_cluster=kafka_cluster,
                seq=last.seq + 1 if last else 1,
                keep=adoption.webhooks == "keep",
            )
        paused = await fetch_all(connection, queries.pause_unreadable, ChangedAccountStatus, adoption_id=adoption.id, reason=UNREADABLE)
        resumed = await fetch_all(connection, queries.resume_read, ChangedAccountStatus, adoption_id=adoption.id, reason=UNREADABLE)
        events = [
            AccountStatusChanged(
                account_id=each.id,
                workspace_id=each.workspace_id,
                status=status,
                reason=reason or each.status_reason,
                version=each.status_version,
            )
            for changed, status, reason in (
                (paused, AccountStatus.PAUSED, None),
                (resumed, AccountStatus.USABLE, "its evidence was read"),
            )
            for each in changed
        ]
        await put(
            connection, settling.SERVICE, [enclose(ACCOUNTS_STATUS, e, source=settling.SERVICE, key=e.account_id, at=now) for e in events]
        )
        await execute(connection, queries.finish_adoption, adoption_id=adoption.id)
        details = {
            "differences": list(adoption.differences),
            "lost_from": adoption.lost_from,
            "lost_until": adoption.lost_until,
            **asdict(reached),
        }
        await write_audit_line(connection, adoption.requested_by, "adopt", "stack", adoption.id, details=details)
        await findings.close_findings(connection, kind="stack_read_only", table_name="stack_fence", row_ids=["stack"])
    return reached


async def fetch_foreign_webhooks(connection: Connection) -> list[str]:
    """Addresses of other stacks' registrations that were found at the provider."""
    return await fetch_column(connection, queries.foreign_webhooks, str)


def _build_attempt(
    attempt_id: int, account: AccountToRead, sequence: SequenceInGap, left: RecoveredStep | None, person_id: str | None
) -> AttemptInDoubt:
    action = left.step.action if left else Action.INVITATION
    message_type = left.step.message_type if left else "connection_request"
    at = left.at if left else datetime.max.replace(tzinfo=UTC)
    return AttemptInDoubt(
        id=attempt_id,
        action=action,
        workspace_id=sequence.workspace_id,
        campaign_id=sequence.campaign_id,
        prospect_id=sequence.prospect_id,
        lead_id=sequence.lead_id,
        account_id=account.account_id,
        send_id=send_id(sequence.prospect_id, message_type),
        message_type=message_type,
        recipient_id=person_id,
        public_identifier=None,
        chat_id=left.chat_id if left else None,
        invitation_ref=None,
        decided_at=at,
        evidence=None,
        looks=0,
        due=True,
        doubt=Doubt(action=action, decided_at=at, deadline=at),
    )
