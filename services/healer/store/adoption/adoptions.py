"""An adoption: which accounts are still to be read, what left in the lost time, and the fence open again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
from shared.db.queries import load
from shared.db.statements import lock_accounts, write_audit_line
from shared.fence.rules import FenceRow
from shared.policy.rows import local_day
from shared.vocabulary import AccountStatus, Action, ProspectStatus, SendStatus
from shared.vocabulary.identity import send_id

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool
LOCK: Final = 7_204
"""Advisory lock: one healer reads for an adoption."""
UNREADABLE: Final = "what left in the lost time is not known: "
"""What an account's status says that an adoption paused; another adoption that can read it lifts the pause."""
MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One that a person asked for."""

    id: int
    differences: Sequence[str]
    lost_from: datetime
    lost_until: datetime
    head: StackHead | None
    webhooks: str | None
    requested_at: datetime
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountToRead:
    """An account whose evidence was not read yet."""

    account_id: UUID
    workspace_id: UUID
    provider_account_id: str
    tries: int
    hindrance: str | None
    """Why it cannot be read at all."""


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
    row = await queries.open_adoption(connection)
    if row is None:
        return None
    head = StackHead.model_validate(row["head"]) if row["head"] else None
    return Adoption(**{**dict(row), "head": head})


async def acquire_adoption_lock(connection: OneConnection) -> bool:
    """Be the healer that reads, until the transaction ends."""
    return bool(await queries.take_adoption(connection, key=LOCK))


async def fetch_accounts_to_read(connection: Connection, adoption: Adoption, *, most: int) -> list[AccountToRead]:
    """The next accounts to be read."""
    return [
        AccountToRead(
            account_id=row["account_id"],
            workspace_id=row["workspace_id"],
            provider_account_id=row["provider_account_id"],
            tries=row["tries"],
            hindrance=_hindrance(row),
        )
        async for row in queries.waiting_accounts(connection, adoption_id=adoption.id, most=most)
    ]


async def mark_account_read(connection: Connection, adoption: Adoption, account: AccountToRead, *, invitations: int, messages: int) -> None:
    """Its evidence is in the ledger."""
    await queries.account_read(
        connection, adoption_id=adoption.id, account_id=account.account_id, invitations=invitations, messages=messages
    )


async def rest_account(connection: Connection, account: AccountToRead, *, until: datetime) -> None:
    """A read is an action of the account like any other."""
    await queries.account_rests(connection, account_id=account.account_id, next_free_at=until)


async def mark_account_failed(
    connection: Connection, adoption: Adoption, account: AccountToRead, why: str, *, for_good: bool = False
) -> None:
    """It could not be read; after some tries it stays shut until a later adoption can."""
    most = 0 if for_good else MOST_TRIES
    await queries.account_failed(connection, adoption_id=adoption.id, account_id=account.account_id, why=why, most_tries=most)


async def find_leads(
    connection: Connection, account: AccountToRead, people: Sequence[tuple[str | None, str | None]]
) -> dict[tuple[str | None, str | None], UUID]:
    """The leads behind people of the provider, each by id and vanity."""
    rows = queries.whose(
        connection,
        account_id=account.account_id,
        workspace_id=account.workspace_id,
        person_ids=[person for person, _ in people],
        vanities=[vanity for _, vanity in people],
    )
    return {(row["person_id"], row["vanity"]): row["lead_id"] async for row in rows}


async def fetch_sequences(connection: Connection, account: AccountToRead, lead_ids: Sequence[UUID]) -> list[SequenceInGap]:
    """The sequences under way of these people that the account may serve."""
    by_prospect: dict[UUID, list[Any]] = {}
    async for row in queries.sequences(connection, account_id=account.account_id, lead_ids=sorted(set(lead_ids))):
        by_prospect.setdefault(row["prospect_id"], []).append(row)
    return [
        SequenceInGap(
            prospect_id=prospect_id,
            workspace_id=rows[0]["workspace_id"],
            campaign_id=rows[0]["campaign_id"],
            lead_id=rows[0]["lead_id"],
            status=ProspectStatus(rows[0]["status"]),
            steps=[
                StepState(
                    position=row["position"],
                    message_type=row["message_type"],
                    action=Action(row["action"]),
                    send=SendStatus(row["send_status"]) if row["send_status"] else None,
                    live=row["live"],
                )
                for row in rows
            ],
            words={row["message_type"]: row["message"] or "" for row in rows},
            bound=frozenset(row["message_type"] for row in rows if row["requires_connection"]),
        )
        for prospect_id, rows in by_prospect.items()
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
    who = {"send_id": id_, "account_id": account.account_id, "person_id": person_id}
    async with pool.acquire() as connection, connection.transaction():
        await lock_accounts(connection, [account.account_id])
        await queries.dispatch_again(connection, **who)
        await queries.begin_again(connection, **who)
        await queries.plan_as_begun(
            connection,
            **who,
            prospect_id=sequence.prospect_id,
            message_type=left.step.message_type,
            position=left.step.position,
            action=left.step.action.value,
            message=left.text,
            at=left.at,
            requires_connection=left.step.message_type in sequence.bound,
        )
        day = local_day(left.at, await queries.zone_at(connection, account_id=account.account_id, at=left.at))
        attempt_id = await queries.attempt_anew(connection, send_id=id_, person_id=person_id, at=left.at, counted_on=day)
        if attempt_id is None:
            return False
        await queries.count_use(connection, attempt_id=attempt_id)
        await queries.hand_to(connection, prospect_id=sequence.prospect_id, account_id=account.account_id)
    unknown = _build_attempt(attempt_id, account, sequence, left, person_id)
    found = Happened(at=left.at, why=left.why, provider_ref=left.ref, chat_id=left.chat_id, connected=connected)
    return await settling.record_happened(pool, unknown, found, look={"look": "adoption", "why": left.why, "ref": left.ref}, now=now)


async def record_connection(pool: asyncpg.Pool, account: AccountToRead, sequence: SequenceInGap, *, at: datetime, now: datetime) -> bool:
    """The invitation was accepted in the lost time; the event leaves with the fact."""
    async with pool.acquire() as connection, connection.transaction():
        await lock_accounts(connection, [account.account_id])
        if await queries.connect(connection, prospect_id=sequence.prospect_id, at=at) is None:
            return False
        told = _build_attempt(0, account, sequence, None, None)
        await put(connection, settling.SERVICE, [settling.build_connection_accepted(told, now)])
    return True


async def fetch_progress(connection: Connection, adoption_id: int) -> dict[str, int]:
    """How far it has come: accounts waiting, read, unreadable; invitations and messages found."""
    row = await queries.standing(connection, adoption_id=adoption_id)
    return dict(row)


async def finish_adoption(
    pool: asyncpg.Pool, adoption: Adoption, row: FenceRow, *, last: StackHead | None, kafka_cluster: str | None, now: datetime
) -> dict[str, int]:
    """Pause what could not be read, open the fence, write down who wanted it: one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        reached = await fetch_progress(connection, adoption.id)
        if row.read_only_why is not None:
            await queries.open_fence(
                connection,
                system_identifier=row.own_system_identifier,
                timeline=row.own_timeline,
                kafka_cluster=kafka_cluster,
                seq=last.seq + 1 if last else 1,
                keep=adoption.webhooks == "keep",
            )
        paused = [r async for r in queries.pause_unreadable(connection, adoption_id=adoption.id, reason=UNREADABLE)]
        resumed = [r async for r in queries.resume_read(connection, adoption_id=adoption.id, reason=UNREADABLE)]
        changes = [(r, AccountStatus.PAUSED, r["status_reason"]) for r in paused]
        changes += [(r, AccountStatus.USABLE, "its evidence was read") for r in resumed]
        events = [
            AccountStatusChanged(
                account_id=r["id"], workspace_id=r["workspace_id"], status=status, reason=reason, version=r["status_version"]
            )
            for r, status, reason in changes
        ]
        await put(
            connection, settling.SERVICE, [enclose(ACCOUNTS_STATUS, e, source=settling.SERVICE, key=e.account_id, at=now) for e in events]
        )
        await queries.finish_adoption(connection, adoption_id=adoption.id)
        details = {"differences": list(adoption.differences), "lost_from": adoption.lost_from, "lost_until": adoption.lost_until, **reached}
        await write_audit_line(connection, adoption.requested_by, "adopt", "stack", adoption.id, details=details)
        await findings.close_findings(connection, kind="stack_read_only", table_name="stack_fence", row_ids=["stack"])
    return reached


async def fetch_foreign_webhooks(connection: Connection) -> list[str]:
    """Addresses of other stacks' registrations that were found at the provider."""
    return list(await queries.foreign_webhooks(connection) or [])


def _hindrance(row: Any) -> str | None:
    if row["channel"] != "linkedin":
        return f"nobody can ask a {row['channel']} account what it sent"
    # One that a person paused can be read; one that is disconnected cannot.
    return f"it is {row['status']}" if row["status"] == AccountStatus.DISCONNECTED else None


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


async def request_adoption(
    pool: asyncpg.Pool,
    *,
    requested_by: str,
    differences: Sequence[str],
    lost_from: datetime,
    lost_until: datetime,
    head: StackHead | None,
    webhooks: str | None,
) -> int:
    """Ask for an adoption, or find the one that is under way; returns its id."""
    async with pool.acquire() as connection, connection.transaction():
        if (already := await fetch_open_adoption(connection)) is not None:
            return already.id
        adoption_id: int = await queries.request_adoption(
            connection,
            requested_by=requested_by,
            differences=list(differences),
            lost_from=lost_from,
            lost_until=lost_until,
            head=head.model_dump(mode="json") if head else None,
            webhooks=webhooks,
        )
        await queries.introduce_accounts(connection, adoption_id=adoption_id)
    return adoption_id


async def retry_unreadable(pool: asyncpg.Pool) -> int:
    """Try the accounts once more that the last adoption could not read; returns its id."""
    async with pool.acquire() as connection, connection.transaction():
        adoption_id: int = await queries.reopen_adoption(connection)
        await queries.unread_again(connection, adoption_id=adoption_id)
    return adoption_id


async def list_unreadable(connection: Connection) -> list[str]:
    """The accounts that the last adoption could not read, each with its reason."""
    return [f"{row['name']}: {row['why']}" async for row in queries.unreadable(connection)]


async def fetch_outlook(connection: Connection) -> tuple[datetime, datetime | None, int, int]:
    """Business time, when the ledger's last attempt was decided, how many accounts would be read, how many sends are due."""
    row = await queries.outlook(connection)
    return row["now"], row["ledger_ends"], row["accounts"], row["overdue"]


async def fetch_state_and_progress(connection: Connection, adoption_id: int) -> tuple[str, dict[str, int]]:
    """Its state, and how far it has come."""
    return await queries.adoption_state(connection, adoption_id=adoption_id), await fetch_progress(connection, adoption_id)
