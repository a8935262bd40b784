"""One look at an account: its relations, its chats or its health; what is shown is noted page by page.

Every page is its own transaction, so a read that is cut keeps what it saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from services.poller.rules.seen import Message, Relation, Source
from services.poller.rules.standing import worst
from services.poller.rules.translate import message_of_list, relation_of_list, vanity_of
from services.poller.store import accounts, people
from services.poller.store.accounts import Standing
from services.poller.store.reads import Due, Kind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.match_messages import note_messages
from services.poller.workflows.match_relations import Matched, note_relations
from shared.db.pool import Connection
from shared.unipile.client import UnipileClient
from shared.unipile.models import Chat

PAGE: Final = 100
MOST_PAGES: Final = 5
MOST_CHATS: Final = 25
"""Conversations opened by one read; more of them wait for the next, which follows soon."""
OVERLAP: Final = timedelta(hours=1)
"""Chats are asked for again from so long before the last read: the provider shows some of them late."""
HISTORY: Final = timedelta(days=7)
"""How far the first read of an account's chats looks back."""
ONE_TO_ONE: Final = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look came to."""

    accepted: int = 0
    replies: int = 0
    cursor: Mapping[str, Any] | None = None
    complete: bool = True
    """False when it showed nothing where there should be something: a throttled provider answers with empty pages."""
    more: bool = False


class Look:
    """The three looks."""

    def __init__(self, pool: asyncpg.Pool, client: UnipileClient, *, away_for: timedelta) -> None:
        self._pool = pool
        self._client = client
        self._away_for = away_for

    async def at(self, read: Due) -> Shown:
        """Make the read.

        Raises:
            ProviderError: the provider refused or did not answer; what was seen before is noted.
        """
        match read.kind:
            case Kind.RELATIONS:
                return await self._relations(read)
            case Kind.CHATS:
                return await self._chats(read)
            case Kind.STATUS:
                return await self._status(read)

    async def _relations(self, read: Due) -> Shown:
        """Newest first, so the first page is enough until all of it is new."""
        source = Source.BASELINE if read.baseline else Source.POLL
        accepted, seen, cursor = 0, 0, None
        for _ in range(MOST_PAGES):
            page = await self._client.relations(read.provider_account_id, limit=PAGE, cursor=cursor)
            relations = [relation_of_list(item) for item in page.items]
            matched = await self._note_relations(read, relations, source)
            accepted += matched.accepted
            seen += len(relations)
            cursor = page.cursor
            if read.baseline or cursor is None or len(matched.new) < len(relations):
                break
        return Shown(accepted=accepted, complete=seen > 0)

    async def _chats(self, read: Due) -> Shown:
        """Conversations that moved since the last read, oldest first, so that a cut read goes on where it was."""
        started = (await self._standing(read)).account.now
        told = read.cursor.get("since")
        since = datetime.fromisoformat(told) if isinstance(told, str) else started - HISTORY
        source = Source.BASELINE if read.baseline else Source.POLL
        chats = await self._ours(read, await self._moved(read, since))
        replies = 0
        for chat in chats[:MOST_CHATS]:
            replies += await self._messages(read, chat, since, source)
        rest = chats[MOST_CHATS:]
        reached = min([started - OVERLAP, *(chat.timestamp for chat in rest[:1] if chat.timestamp)])
        return Shown(replies=replies, cursor={"since": max(reached, since).isoformat()}, more=bool(rest))

    async def _status(self, read: Due) -> Shown:
        account = await self._client.account(read.provider_account_id)
        word = worst(tuple(source.status for source in account.sources))

        async def note(connection: Connection) -> None:
            standing = await accounts.by_id(connection, read.account_id)
            if standing is not None:
                await note_status(connection, standing, word, source=Source.POLL)

        await in_transaction(self._pool, note)
        return Shown()

    async def _moved(self, read: Due, since: datetime) -> list[Chat]:
        found: list[Chat] = []
        cursor = None
        for _ in range(MOST_PAGES):
            page = await self._client.chats(read.provider_account_id, limit=PAGE, cursor=cursor, after=since)
            found += [
                chat for chat in page.items if chat.type in {None, ONE_TO_ONE} and (chat.timestamp is None or chat.timestamp >= since)
            ]
            cursor = page.cursor
            if cursor is None:
                break
        return sorted(found, key=lambda chat: chat.timestamp or datetime.max.replace(tzinfo=UTC))

    async def _ours(self, read: Due, chats: list[Chat]) -> list[Chat]:
        """Conversations with our people: what a member writes with others is none of our business."""
        async with self._pool.acquire() as connection:
            account = (await _known(connection, read)).account
            pairs = [(c.attendee_provider_id, vanity_of(c.attendee_public_identifier)) for c in chats if c.attendee_provider_id]
            ours = await people.find_leads(connection, account, pairs)
        return [chat for chat in chats if chat.attendee_provider_id is None or chat.attendee_provider_id in ours]

    async def _messages(self, read: Due, chat: Chat, since: datetime, source: Source) -> int:
        replies, cursor = 0, None
        for _ in range(MOST_PAGES):
            page = await self._client.messages(chat_id=chat.id, limit=PAGE, cursor=cursor, after=since)
            replies += await self._note_messages(read, [message_of_list(chat, item) for item in page.items], source)
            cursor = page.cursor
            if cursor is None:
                break
        return replies

    async def _note_relations(self, read: Due, relations: list[Relation], source: Source) -> Matched:
        async def note(connection: Connection) -> Matched:
            return await note_relations(connection, (await _known(connection, read)).account, relations, source=source)

        return await in_transaction(self._pool, note)

    async def _note_messages(self, read: Due, messages: list[Message], source: Source) -> int:
        async def note(connection: Connection) -> int:
            account = (await _known(connection, read)).account
            return await note_messages(connection, account, messages, source=source, away_for=self._away_for)

        return await in_transaction(self._pool, note)

    async def _standing(self, read: Due) -> Standing:
        async with self._pool.acquire() as connection:
            return await _known(connection, read)


async def _known(connection: Connection, read: Due) -> Standing:
    standing = await accounts.by_id(connection, read.account_id)
    if standing is None:
        raise LookupError(f"Account {read.account_id} is gone; its rows in account_reads should have gone with it.")
    return standing
