"""One look at an account: its relations, its messages or its health. One look is one call.

LinkedIn sees calls, not intentions: pages that follow each other at once would be a burst like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from services.poller.rules.seen import Message, Relation, Source
from services.poller.rules.standing import worst
from services.poller.rules.translate import message_of_account, relation_of_list
from services.poller.store import accounts
from services.poller.store.accounts import Standing
from services.poller.store.reads import Due, Kind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.match_messages import note_messages
from services.poller.workflows.match_relations import Matched, note_relations
from shared.db.pool import Connection
from shared.unipile.client import UnipileClient

PAGE: Final = 100
MOST_PAGES: Final = 5
"""Pages of relations one after the other; an account that wins more than 500 people between two reads has no invitations of ours."""
MESSAGES: Final = 250
"""The largest page of messages the provider gives."""
OVERLAP: Final = timedelta(hours=1)
"""Chats are asked for again from so long before the last read: the provider shows some of them late."""
HISTORY: Final = timedelta(days=7)
"""How far the first read of an account's chats looks back."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look came to."""

    accepted: int = 0
    replies: int = 0
    cursor: Mapping[str, Any] | None = None
    complete: bool = True
    """False when it showed nothing where there should be something: a throttled provider answers with empty pages."""
    more: bool = False
    """A further page waits, to be read when the account's spacing is over."""


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
        """One page, newest first; the next one is a read of its own, asked for while all of a page was new."""
        source = Source.BASELINE if read.baseline else Source.POLL
        page = await self._client.relations(read.provider_account_id, limit=PAGE, cursor=_text(read.cursor.get("page")))
        relations = [relation_of_list(item) for item in page.items]
        matched = await self._note_relations(read, relations, source)
        pages = int(read.cursor.get("pages") or 1)
        more = not read.baseline and page.cursor is not None and len(matched.new) == len(relations) and pages < MOST_PAGES
        cursor = {"page": page.cursor, "pages": pages + 1} if more else {}
        return Shown(accepted=matched.accepted, cursor=cursor, complete=bool(relations) or pages > 1, more=more)

    async def _chats(self, read: Due) -> Shown:
        """What was written since the last whole read, by one call over all conversations; a further page is a read of its own.

        The mark moves only when the last page is noted, so a read that is cut, or spread over an hour by the account's
        spacing, misses nothing.
        """
        started = _moment(read.cursor.get("started")) or (await self._standing(read)).account.now
        since = _moment(read.cursor.get("since")) or started - HISTORY
        source = Source.BASELINE if read.baseline else Source.POLL
        page = await self._client.messages(
            account_id=read.provider_account_id, limit=MESSAGES, cursor=_text(read.cursor.get("page")), after=since
        )
        replies = await self._note_messages(read, [message_of_account(item) for item in page.items], source)
        if page.cursor is not None:
            waiting = {"since": since.isoformat(), "started": started.isoformat(), "page": page.cursor}
            return Shown(replies=replies, cursor=waiting, complete=False, more=True)
        return Shown(replies=replies, cursor={"since": max(started - OVERLAP, since).isoformat()})

    async def _status(self, read: Due) -> Shown:
        account = await self._client.account(read.provider_account_id)
        word = worst(tuple(source.status for source in account.sources))

        async def note(connection: Connection) -> None:
            standing = await accounts.by_id(connection, read.account_id)
            if standing is not None:
                await note_status(connection, standing, word, source=Source.POLL)

        await in_transaction(self._pool, note)
        return Shown()

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


def _text(told: object) -> str | None:
    return told if isinstance(told, str) else None


def _moment(told: object) -> datetime | None:
    return datetime.fromisoformat(told) if isinstance(told, str) else None
