"""Who answered: messages, however they were seen, matched with our people.

A reply acts once, when its message is first stored; it stops the lead in every campaign of the workspace. Our own
messages come back too and are never replies: they are kept as evidence for attempts of which nobody knows the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog

from services.poller.metrics import REPLIES
from services.poller.rules.classify import AWAY_FOR, classify
from services.poller.rules.matching import answers_us
from services.poller.rules.seen import Account, Message, Relation, Source
from services.poller.store import observations, people, prospects
from services.poller.workflows.match_relations import settle_invitations
from shared.contracts.envelope import enclose
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.topics import REPLIES_RECEIVED
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.vocabulary import Reply

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Reply:
    """A message with its writer, and who that is to us."""

    message: Message
    person_id: str
    leads: Sequence[UUID]


async def note_messages(
    connection: Connection, account: Account, messages: Sequence[Message], *, source: Source, away_for: timedelta = AWAY_FOR
) -> int:
    """Store the messages and let the replies among them act, oldest first; how many replies were new."""
    messages = [_own_if_ours(message, account) for message in messages]
    messages = await _with_recipients(connection, account, messages)
    ours = await people.find_leads(connection, account, [(m.person_id, m.vanity) for m in messages if m.person_id is not None])
    await observations.record_messages(connection, account, messages, source=source, ours=frozenset(ours))
    replies = [_Reply(m, m.person_id, ours[m.person_id]) for m in messages if m.person_id in ours and m.person_id and m.may_be_reply]
    await people.lock_leads(connection, [lead for reply in replies for lead in reply.leads])
    count = 0
    for reply in sorted(replies, key=lambda reply: reply.message.said_at):
        count += await _take(connection, account, reply, source=source, away_for=away_for)
    return count


def _own_if_ours(message: Message, account: Account) -> Message:
    """A delivery may lack every sign of its direction; what our own member wrote must not stop the sequence."""
    if message.own or account.member_id is None or message.person_id != account.member_id:
        return message
    return replace(message, own=True, person_id=None)


async def _with_recipients(connection: Connection, account: Account, messages: Sequence[Message]) -> Sequence[Message]:
    """The list of an account does not say whom its owner wrote to; the conversation does, where it is one of ours."""
    nameless = [message.chat_id for message in messages if message.own and message.person_id is None and message.chat_id]
    if not nameless:
        return messages
    people_of = await people.of_chats(connection, account, nameless)
    return [
        replace(message, person_id=people_of.get(message.chat_id))
        if message.own and message.person_id is None and message.chat_id
        else message
        for message in messages
    ]


async def _take(connection: Connection, account: Account, reply: _Reply, *, source: Source, away_for: timedelta) -> bool:
    message, leads = reply.message, reply.leads
    first_contact = await prospects.first_contact(connection, leads)
    if not answers_us(said_at=message.said_at, first_contact=first_contact, now=account.now, source=source):
        return False
    kind = classify(message.text)
    message_id = await prospects.store_reply(connection, account, leads, message, kind)
    if message_id is None:
        return False
    if first_contact is not None:
        await _show_acceptance(connection, account, reply)
    if kind is Reply.OUT_OF_OFFICE:
        await prospects.hold(connection, leads, message.said_at + away_for)
    else:
        await _stop(connection, account, reply, kind=kind, message_id=message_id)
    await _tell(connection, account, reply, kind=kind, message_id=message_id)
    REPLIES.labels(source=source.value, kind=kind.value).inc()
    log.info("a lead answered", message=str(message_id), kind=kind.value, source=source.value)
    return True


async def _show_acceptance(connection: Connection, account: Account, reply: _Reply) -> None:
    """Who writes back has accepted: an invitation of which nobody knew the end did arrive."""
    person = Relation(reply.person_id, reply.message.vanity, reply.message.said_at, {})
    await settle_invitations(connection, account, person, seen_in="message")
    await people.seen_connected(connection, account, reply.person_id, reply.message.vanity, reply.leads)


async def _stop(connection: Connection, account: Account, reply: _Reply, *, kind: Reply, message_id: UUID) -> None:
    said_at = reply.message.said_at
    await people.answered(connection, reply.leads, said_at)
    if kind is Reply.OPT_OUT:
        await people.opted_out(connection, reply.leads, said_at)
        await prospects.stop_for_opt_out(connection, reply.leads, message_id=message_id)
    else:
        await prospects.stop_for_reply(connection, account, reply.leads, message_id=message_id, said_at=said_at)


async def _tell(connection: Connection, account: Account, reply: _Reply, *, kind: Reply, message_id: UUID) -> None:
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
