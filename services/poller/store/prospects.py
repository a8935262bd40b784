"""What an acceptance or an answer does to enrolments, sends and attempts; every change names the status it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.poller.rules.seen import Account, Message
from shared.db.pool import Connection
from shared.db.queries import load
from shared.vocabulary import AttemptState, ProspectStatus, Reply

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that is under way, or of which nobody knows the end."""

    attempt_id: int
    prospect_id: UUID
    send_id: UUID
    lead_id: UUID
    state: AttemptState
    decided_at: datetime
    picture: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A prospect whose status just changed."""

    prospect_id: UUID
    campaign_id: UUID
    lead_id: UUID
    workspace_id: UUID


async def live_invitations(connection: Connection, account: Account, person_id: str) -> list[Invitation]:
    """This account's unsettled invitations to the person; at most one, by the ledger's unique index."""
    rows = queries.live_invitations(connection, workspace_id=account.workspace_id, account_id=account.id, person_id=person_id)
    return [
        Invitation(
            row["id"],
            row["prospect_id"],
            row["send_id"],
            row["lead_id"],
            AttemptState(row["state"]),
            row["decided_at"],
            row["picture"],
        )
        async for row in rows
    ]


async def settle_as_accepted(connection: Connection, account: Account, invitation: Invitation, evidence: Mapping[str, Any]) -> bool:
    """An unknown invitation did arrive: attempt and send say so; false when somebody settled it first."""
    async for _ in queries.lock_sends(connection, send_ids=[invitation.send_id]):
        pass
    if await queries.accept_unknown(connection, attempt_id=invitation.attempt_id, now=account.now, evidence=evidence) is None:
        return False
    await queries.mark_sent(connection, send_id=invitation.send_id, sent_at=invitation.decided_at)
    await queries.record_invitation_said(
        connection, attempt_id=invitation.attempt_id, send_id=invitation.send_id, said_at=invitation.decided_at
    )
    return True


async def connect_proven(connection: Connection, account: Account, invitation: Invitation) -> list[Enrolment]:
    """The invited prospect is connected, and contacted at the moment the invitation was decided."""
    rows = queries.connect_proven(connection, prospect_id=invitation.prospect_id, contacted_at=invitation.decided_at, now=account.now)
    return [_enrolment(row) async for row in rows]


async def record_contact(connection: Connection, invitation: Invitation) -> None:
    """Whatever became of the prospect meanwhile, it was contacted."""
    await queries.record_contact(connection, prospect_id=invitation.prospect_id, contacted_at=invitation.decided_at)


async def connect(
    connection: Connection, account: Account, lead_ids: Sequence[UUID], from_statuses: Sequence[ProspectStatus]
) -> list[Enrolment]:
    """This account's enrolments of these leads become connected, as far as their status allows."""
    rows = queries.connect(
        connection, lead_ids=list(lead_ids), account_id=account.id, from_statuses=[s.value for s in from_statuses], now=account.now
    )
    return [_enrolment(row) async for row in rows]


async def first_contact(connection: Connection, lead_ids: Sequence[UUID]) -> datetime | None:
    """When we first wrote to them, or were about to."""
    moment: datetime | None = await queries.first_contact(connection, lead_ids=list(lead_ids))
    return moment


async def store_reply(connection: Connection, account: Account, lead_ids: Sequence[UUID], message: Message, kind: Reply) -> UUID | None:
    """Keep what was said; None when it is kept already, and then nothing else follows from it."""
    enrolment = await queries.answered_prospect(
        connection, lead_ids=list(lead_ids), workspace_id=account.workspace_id, account_id=account.id
    )
    row = await queries.store_reply(
        connection,
        workspace_id=account.workspace_id,
        account_id=account.id,
        lead_id=lead_ids[0],
        campaign_id=enrolment["campaign_id"] if enrolment else None,
        prospect_id=enrolment["id"] if enrolment else None,
        message_id=message.message_id,
        chat_id=message.chat_id,
        text=message.text,
        reply=kind.value,
        said_at=message.said_at,
    )
    return None if row is None else row["id"]


async def stop_for_reply(connection: Connection, account: Account, lead_ids: Sequence[UUID], *, message_id: UUID, said_at: datetime) -> int:
    """Everything under way for these leads is answered; how many enrolments changed."""
    rows = queries.stop_for_reply(
        connection, lead_ids=list(lead_ids), account_id=account.id, message_id=message_id, said_at=said_at, now=account.now
    )
    return len([row async for row in rows])


async def stop_for_opt_out(connection: Connection, lead_ids: Sequence[UUID], *, message_id: UUID) -> int:
    """Every enrolment of these leads is over for good; how many changed."""
    return len([row async for row in queries.stop_for_opt_out(connection, lead_ids=list(lead_ids), message_id=message_id)])


async def hold(connection: Connection, lead_ids: Sequence[UUID], until: datetime) -> int:
    """What is under way for these leads waits until then; how many enrolments changed."""
    return len([row async for row in queries.hold(connection, lead_ids=list(lead_ids), hold_until=until)])


def _enrolment(row: Mapping[str, Any]) -> Enrolment:
    return Enrolment(row["id"], row["campaign_id"], row["lead_id"], row["workspace_id"])
