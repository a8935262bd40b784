"""One look at an account: its relations, its messages, its sent invitations or its health. One look is one call.

LinkedIn sees calls, not intentions: pages that follow each other at once would be a burst like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from services.poller.rules.by_hand import dated
from services.poller.rules.matching import reaches_known
from services.poller.rules.seen import Message, Relation, SentInvitation, Source
from services.poller.rules.standing import worst
from services.poller.rules.translate import invitation_of_list, message_of_account, relation_of_list
from services.poller.store import accounts, by_hand
from services.poller.store.accounts import Standing
from services.poller.store.reads import Due, Kind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.match_invitations import note_invitations
from services.poller.workflows.match_messages import note_messages
from services.poller.workflows.match_relations import Matched, note_relations
from shared.db.pool import Connection
from shared.unipile.client import UnipileClient

OVERLAP: Final = timedelta(hours=1)
"""Messages are asked for again from so long before the newest one seen: the provider shows some of them late."""
HISTORY: Final = timedelta(days=7)
"""How far the first read of an account's messages looks back."""
WHOLE_LIST_EVERY: Final = timedelta(days=7)
"""How often the sent invitations are read to their end, which alone shows that one of them is gone."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Rows of one call; at most what the provider gives, see UNIPILE.md §1."""

    relations: int = 100
    baseline: int = 1000
    """Of relations, before anything is known: a member may have 30,000, and each page takes the account's turn."""
    messages: int = 250
    invitations: int = 100
    """The most that was seen live on one page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look came to."""

    accepted: int = 0
    replies: int = 0
    cursor: Mapping[str, Any] | None = None
    whole: bool = True
    """Everything since the last whole read was shown. False while a further page waits, and for an empty page where there
    should be something: a throttled provider answers so."""
    more: bool = False
    """A further page waits, to be read when the account's spacing is over."""


class Look:
    """The four looks."""

    def __init__(self, pool: asyncpg.Pool, *, away_for: timedelta, pages: Pages) -> None:
        self._pool = pool
        self._away_for = away_for
        self._pages = pages

    async def at(self, read: Due, client: UnipileClient) -> Shown:
        """Make the read.

        Raises:
            ProviderError: the provider refused or did not answer; what was seen before is noted.
            NotBegunError: the client's last look said no; the provider was not asked.
        """
        match read.kind:
            case Kind.RELATIONS:
                return await self._relations(read, client)
            case Kind.CHATS:
                return await self._messages(read, client)
            case Kind.INVITATIONS:
                return await self._invitations(read, client)
            case Kind.STATUS:
                return await self._status(read, client)

    async def _relations(self, read: Due, client: UnipileClient) -> Shown:
        """One page, newest first; the next one is a read of its own, asked for until known ground is reached.

        The mark is the newest relation of the last whole read and moves when this one is whole, so what lies between two
        pages is not lost when one fails. Where relations carry no dates, a page with somebody known is known ground.
        """
        going_on = _text(read.cursor.get("page"))
        page = await client.relations(
            read.provider_account_id, limit=self._pages.baseline if read.baseline else self._pages.relations, cursor=going_on
        )
        relations = [relation_of_list(item) for item in page.items]
        matched = await self._note_relations(read, relations, Source.BASELINE if read.baseline else Source.POLL)
        mark = _moment(read.cursor.get("mark"))
        newest = _latest([_moment(read.cursor.get("newest")), *(relation.happened_at for relation in relations)])
        known = not read.baseline and reaches_known(relations, matched.new, mark)
        if page.cursor is not None and relations and not known:
            cursor = {"mark": _told(mark), "newest": _told(newest), "page": page.cursor}
            return Shown(accepted=matched.accepted, cursor=cursor, whole=False, more=True)
        if not relations:
            return Shown(cursor={"mark": _told(mark)}, whole=False)
        return Shown(accepted=matched.accepted, cursor={"mark": _told(_latest([mark, newest]))})

    async def _messages(self, read: Due, client: UnipileClient) -> Shown:
        """What was written since the last whole read, by one call over all conversations; a further page is a read of its own.

        The mark follows what was shown, never the clock: an empty page may be a throttled one, and moves nothing.
        """
        now = (await self._standing(read)).account.now
        since = _moment(read.cursor.get("since")) or now - HISTORY
        going_on = _text(read.cursor.get("page"))
        page = await client.messages(
            account_id=read.provider_account_id, limit=self._pages.messages, cursor=going_on, after=None if going_on else since
        )
        source = Source.BASELINE if read.baseline else Source.POLL
        replies = await self._note_messages(read, [message_of_account(item) for item in page.items], source)
        newest = _latest([_moment(read.cursor.get("newest")), *(item.timestamp for item in page.items)])
        if page.cursor is not None and page.items:
            waiting = {"since": since.isoformat(), "newest": _told(newest), "page": page.cursor}
            return Shown(replies=replies, cursor=waiting, whole=False, more=True)
        if going_on and not page.items:
            return Shown(cursor={"since": since.isoformat()}, whole=False)
        reached = min(newest, now) - OVERLAP if newest else since
        return Shown(replies=replies, cursor={"since": max(reached, since).isoformat()})

    async def _invitations(self, read: Due, client: UnipileClient) -> Shown:
        """One page, newest first; the next one is a read of its own, asked for until known ground is reached.

        The mark is the newest observation of the last whole read: a page with one no newer than it is known ground, whatever an
        unfinished read, or the healer, has seen since. Once a week the list is read to its end, and what it lacks is gone. An
        empty page moves nothing: a throttled provider answers so.
        """
        now = (await self._standing(read)).account.now
        going_on = _text(read.cursor.get("page"))
        began = (_moment(read.cursor.get("began")) if going_on else None) or now
        ended = _moment(read.cursor.get("ended"))
        to_the_end = read.baseline or ended is None or began - ended >= WHOLE_LIST_EVERY
        page = await client.invitations_sent(read.provider_account_id, limit=self._pages.invitations, cursor=going_on)
        mark = read.cursor.get("mark")
        known = await self._note_invitations(
            read, dated([invitation_of_list(item) for item in page.items]), mark=mark if isinstance(mark, int) else None
        )
        so_far = {"mark": mark, "ended": _told(ended)}
        if not page.items:
            return Shown(cursor=so_far, whole=False)
        if page.cursor is not None and (to_the_end or not known):
            return Shown(cursor=so_far | {"page": page.cursor, "began": began.isoformat()}, whole=False, more=True)
        newest, ended = await self._whole_list(read, began, to_its_end=page.cursor is None, ended=ended)
        return Shown(cursor={"mark": newest, "ended": _told(ended)})

    async def _whole_list(
        self, read: Due, began: datetime, *, to_its_end: bool, ended: datetime | None
    ) -> tuple[int | None, datetime | None]:
        """The new mark, and when the list was last read to its end; one that was is proof of what is gone."""
        async with self._pool.acquire() as connection:
            if to_its_end:
                await by_hand.gone(connection, read.account_id, not_listed_since=began)
            return await by_hand.newest_observation(connection, read.account_id), began if to_its_end else ended

    async def _status(self, read: Due, client: UnipileClient) -> Shown:
        account = await client.account(read.provider_account_id)
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

    async def _note_invitations(self, read: Due, shown: list[SentInvitation], *, mark: int | None) -> bool:
        """Store and match them; True when the page reaches known ground."""

        async def note(connection: Connection) -> bool:
            account = (await _known(connection, read)).account
            return await note_invitations(connection, account, shown, source=Source.BASELINE if read.baseline else Source.POLL, mark=mark)

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


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
