"""What an acceptance or a reply does to enrolments, sends and attempts; every change names the status it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.poller.rules.observations import ObservedAccount, SeenMessage
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.db.statements import lock_sends
from shared.vocabulary import AttemptState, ProspectStatus, Reply

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class LiveInvitation:
    """An attempt to invite that is under way or unknown."""

    id: int
    prospect_id: UUID
    send_id: UUID
    lead_id: UUID
    state: AttemptState
    decided_at: datetime
    picture: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ChangedEnrolment:
    """A prospect whose status just changed."""

    id: UUID
    campaign_id: UUID
    lead_id: UUID
    workspace_id: UUID


@dataclass(frozen=True, slots=True)
class _AnsweredProspect:
    """The enrolment that a reply most likely belongs to."""

    id: UUID
    campaign_id: UUID


async def load_live_invitations(connection: Connection, account: ObservedAccount, person_id: str) -> list[LiveInvitation]:
    """This account's unsettled invitations to the person; at most one, by the ledger's unique index."""
    return await fetch_all(
        connection,
        queries.load_live_invitations,
        LiveInvitation,
        workspace_id=account.workspace_id,
        account_id=account.id,
        person_id=person_id,
    )


async def settle_as_accepted(
    connection: Connection, account: ObservedAccount, invitation: LiveInvitation, evidence: Mapping[str, Any]
) -> bool:
    """An unknown invitation did arrive: attempt and send say so; False when another transaction settled the attempt first."""
    await lock_sends(connection, [invitation.send_id])
    settled = await fetch_value(connection, queries.accept_unknown, int, attempt_id=invitation.id, now=account.now, evidence=evidence)
    if settled is None:
        return False
    await execute(connection, queries.mark_sent, send_id=invitation.send_id, sent_at=invitation.decided_at)
    await execute(
        connection,
        queries.record_invitation_said,
        attempt_id=invitation.id,
        send_id=invitation.send_id,
        said_at=invitation.decided_at,
    )
    return True


async def connect_proven(connection: Connection, account: ObservedAccount, invitation: LiveInvitation) -> list[ChangedEnrolment]:
    """The invited prospect is connected, and contacted at the moment the invitation was decided."""
    return await fetch_all(
        connection,
        queries.connect_proven,
        ChangedEnrolment,
        prospect_id=invitation.prospect_id,
        contacted_at=invitation.decided_at,
        now=account.now,
    )


async def record_contact(connection: Connection, invitation: LiveInvitation) -> None:
    """The prospect was contacted, also when its status changed meanwhile."""
    await execute(connection, queries.record_contact, prospect_id=invitation.prospect_id, contacted_at=invitation.decided_at)


async def connect(
    connection: Connection, account: ObservedAccount, lead_ids: Sequence[UUID], from_statuses: Sequence[ProspectStatus]
) -> list[ChangedEnrolment]:
    """This account's enrolments of these leads become connected, as far as their status allows."""
    return await fetch_all(
        connection,
        queries.connect,
        ChangedEnrolment,
        lead_ids=list(lead_ids),
        account_id=account.id,
        from_statuses=[status.value for status in from_statuses],
        now=account.now,
    )


async def load_first_contact(connection: Connection, lead_ids: Sequence[UUID]) -> datetime | None:
    """When we first wrote to them, or were about to."""
    return await fetch_value(connection, queries.load_first_contact, datetime, lead_ids=list(lead_ids))


async def store_reply(
    connection: Connection, account: ObservedAccount, lead_ids: Sequence[UUID], message: SeenMessage, kind: Reply
) -> UUID | None:
    """Store the message; None when it is stored already, and then nothing else follows from it."""
    enrolment = await fetch_one(
        connection,
        queries.find_answered_prospect,
        _AnsweredProspect,
        lead_ids=list(lead_ids),
        workspace_id=account.workspace_id,
        account_id=account.id,
    )
    return await fetch_value(
        connection,
        queries.store_reply,
        UUID,
        workspace_id=account.workspace_id,
        account_id=account.id,
        lead_id=lead_ids[0],
        campaign_id=enrolment.campaign_id if enrolment else None,
        prospect_id=enrolment.id if enrolment else None,
        message_id=message.message_id,
        chat_id=message.chat_id,
        text=message.text,
        reply=kind.value,
        said_at=message.said_at,
    )


async def stop_for_reply(
    connection: Connection, account: ObservedAccount, lead_ids: Sequence[UUID], *, message_id: UUID, said_at: datetime
) -> int:
    """Every active or contacted enrolment of these leads is answered; how many changed."""
    stopped = await fetch_column(
        connection,
        queries.stop_for_reply,
        UUID,
        lead_ids=list(lead_ids),
        account_id=account.id,
        message_id=message_id,
        said_at=said_at,
        now=account.now,
    )
    return len(stopped)


async def stop_for_opt_out(connection: Connection, lead_ids: Sequence[UUID], *, message_id: UUID) -> int:
    """Every enrolment of these leads is over for good; how many changed."""
    return len(await fetch_column(connection, queries.stop_for_opt_out, UUID, lead_ids=list(lead_ids), message_id=message_id))


async def hold_until(connection: Connection, lead_ids: Sequence[UUID], until: datetime) -> int:
    """Active enrolments of these leads wait until then; how many changed."""
    return len(await fetch_column(connection, queries.hold_until, UUID, lead_ids=list(lead_ids), hold_until=until))
