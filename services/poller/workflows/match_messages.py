"""Replies: messages, from any source, matched with our leads.

A reply acts once, when its message is first stored; it stops the lead in every campaign of the workspace. Our own messages are shown too
and are never replies: they are stored as evidence for unknown attempts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog

from services.poller.metrics import REPLIES
from services.poller.rules.classify import AWAY_FOR, classify
from services.poller.rules.matching import answers_us
from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenMessage, SeenRelation
from services.poller.store import observations, people, prospects
from services.poller.workflows.match_relations import settle_invitations
from shared.contracts.envelope import enclose
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.topics import REPLIES_RECEIVED
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.statements import lock_leads
from shared.vocabulary import Reply

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Reply:
    """A message with its writer, and the leads that the writer is."""

    message: SeenMessage
    person_id: str
    leads: Sequence[UUID]


async def note_messages(
    connection: Connection,
    account: ObservedAccount,
    messages: Sequence[SeenMessage],
    *,
    source: ObservationSource,
    away_for: timedelta = AWAY_FOR,
) -> int:
    """Store the messages and apply the replies among them, oldest first; how many replies were new."""
    messages = [_mark_own(message, account) for message in messages]
    messages = await _add_recipients(connection, account, messages)
    ours = await people.find_leads(connection, account, [(m.person_id, m.vanity) for m in messages if m.person_id is not None])
    await observations.record_messages(connection, account, messages, source=source, ours=frozenset(ours))
    replies = [_Reply(m, m.person_id, ours[m.person_id]) for m in messages if m.person_id in ours and m.person_id and m.may_be_reply]
    await lock_leads(connection, [lead for reply in replies for lead in reply.leads])
    count = 0
    for reply in sorted(replies, key=lambda reply: reply.message.said_at):
        count += await _apply_reply(connection, account, reply, source=source, away_for=away_for)
    return count


def _mark_own(message: SeenMessage, account: ObservedAccount) -> SeenMessage:
    """A delivery may lack every sign of its direction; a message that our own member wrote must not stop the sequence."""
    if message.own or account.member_id is None or message.person_id != account.member_id:
        return message
    return replace(message, own=True, person_id=None)


async def _add_recipients(connection: Connection, account: ObservedAccount, messages: Sequence[SeenMessage]) -> Sequence[SeenMessage]:
    """The list of an account does not name the recipient of an own message; our recipients name it for conversations of ours."""
    nameless = [message.chat_id for message in messages if message.own and message.person_id is None and message.chat_id]
    if not nameless:
        return messages
    people_of = await people.load_chat_partners(connection, account, nameless)
    return [
        replace(message, person_id=people_of.get(message.chat_id))
        if message.own and message.person_id is None and message.chat_id
        else message
        for message in messages
    ]


async def _apply_reply(
    connection: Connection, account: ObservedAccount, reply: _Reply, *, source: ObservationSource, away_for: timedelta
) -> bool:
    message, leads = reply.message, reply.leads
    first_contact = await prospects.load_first_contact(connection, leads)
    if not answers_us(said_at=message.said_at, first_contact=first_contact, now=account.now, source=source):
        return False
    kind = classify(message.text)
    message_id = await prospects.store_reply(connection, account, leads, message, kind)
    if message_id is None:
        return False
    if first_contact is not None:
        await _settle_by_reply(connection, account, reply)
    if kind is Reply.OUT_OF_OFFICE:
        await prospects.hold_until(connection, leads, message.said_at + away_for)
    else:
        await _stop(connection, account, reply, kind=kind, message_id=message_id)
    await _publish_reply(connection, account, reply, kind=kind, message_id=message_id)
    REPLIES.labels(source=source.value, kind=kind.value).inc()
    log.info("a lead replied", message=str(message_id), kind=kind.value, source=source.value)
    return True


async def _settle_by_reply(connection: Connection, account: ObservedAccount, reply: _Reply) -> None:
    """A person who writes back has accepted: an invitation whose attempt is unknown did arrive."""
    person = SeenRelation(reply.person_id, reply.message.vanity, reply.message.said_at, {})
    await settle_invitations(connection, account, person, seen_in="message")
    await people.record_connection(connection, account, reply.person_id, reply.message.vanity, reply.leads)


async def _stop(connection: Connection, account: ObservedAccount, reply: _Reply, *, kind: Reply, message_id: UUID) -> None:
    said_at = reply.message.said_at
    await people.record_reply(connection, reply.leads, said_at)
    if kind is Reply.OPT_OUT:
        await people.record_opt_out(connection, reply.leads, said_at)
        await prospects.stop_for_opt_out(connection, reply.leads, message_id=message_id)
    else:
        await prospects.stop_for_reply(connection, account, reply.leads, message_id=message_id, said_at=said_at)


async def _publish_reply(connection: Connection, account: ObservedAccount, reply: _Reply, *, kind: Reply, message_id: UUID) -> None:
    for lead_id in reply.leads:
        event = ReplyReceived(
            lead_id=lead_id,
            workspace_id=account.workspace_id,
            account_id=account.id,
            message_id=message_id,
            kind=kind,
            said_at=reply.message.said_at,
        )
        await put(connection, "poller", [enclose(REPLIES_RECEIVED, event, source="poller", key=account.id, at=account.now)])
