"""One read of an account: a page of its relations, of its messages, of its sent invitations, or its health. One read is one call.

LinkedIn sees calls, not intentions: pages that follow each other at once would be a burst like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from services.poller.rules.account_status import worst_status_word
from services.poller.rules.manual_invitations import fill_missing_dates
from services.poller.rules.matching import reaches_known
from services.poller.rules.observations import ObservationSource, SeenInvitation, SeenMessage, SeenRelation
from services.poller.rules.translation import invitation_of_list, message_of_account, relation_of_list
from services.poller.store import accounts, manual_invitations
from services.poller.store.accounts import AccountState
from services.poller.store.reads import DueRead, ReadKind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.match_invitations import note_invitations
from services.poller.workflows.match_messages import note_messages
from services.poller.workflows.match_relations import MatchedRelations, note_relations
from shared.db.pool import Connection
from shared.unipile.client import UnipileClient

OVERLAP: Final = timedelta(hours=1)
"""Messages are read again from so long before the newest one seen: the provider shows some of them late."""
HISTORY: Final = timedelta(days=7)
"""How far the first read of an account's messages looks back."""
WHOLE_LIST_EVERY: Final = timedelta(days=7)
"""How often the sent invitations are read to their end, which alone shows that one of them is gone."""


@dataclass(frozen=True, slots=True)
class PageSizes:
    """Rows of one call; at most what the provider gives, see UNIPILE.md §1."""

    relations: int = 100
    baseline: int = 1000
    """Of relations, before anything is known: a member may have 30,000, and each page takes the account's turn."""
    messages: int = 250
    invitations: int = 100
    """The most that was seen live on one page."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """What a read showed."""

    accepted: int = 0
    replies: int = 0
    cursor: Mapping[str, Any] | None = None
    whole: bool = True
    """Everything since the last whole read was shown. False while a further page waits, and for an empty page where rows are expected: a
    throttled provider answers with one."""
    more: bool = False
    """A further page waits, to be read when the account's spacing is over."""


class PageReader:
    """The four kinds of read."""

    def __init__(self, pool: asyncpg.Pool, *, away_for: timedelta, pages: PageSizes) -> None:
        self._pool = pool
        self._away_for = away_for
        self._pages = pages

    async def read(self, read: DueRead, client: UnipileClient) -> PageResult:
        """Make the read.

        Raises:
            ProviderError: the provider refused or did not answer; pages read before are recorded.
            NotBegunError: the client's last check refused the call; the provider was not called.
        """
        match read.kind:
            case ReadKind.RELATIONS:
                return await self._relations(read, client)
            case ReadKind.CHATS:
                return await self._messages(read, client)
            case ReadKind.INVITATIONS:
                return await self._invitations(read, client)
            case ReadKind.STATUS:
                return await self._status(read, client)

    async def _relations(self, read: DueRead, client: UnipileClient) -> PageResult:
        """One page, newest first; each further page is a read of its own, until a page reaches what the last whole read showed.

        The mark is the newest relation of the last whole read and moves when this one is whole, so what lies between two pages is not
        lost when one fails. Where relations carry no dates, a page with a known relation is enough.
        """
        next_page = _as_text(read.cursor.get("page"))
        page = await client.relations(
            read.provider_account_id, limit=self._pages.baseline if read.baseline else self._pages.relations, cursor=next_page
        )
        relations = [relation_of_list(item) for item in page.items]
        matched = await self._note_relations(read, relations, ObservationSource.BASELINE if read.baseline else ObservationSource.POLL)
        mark = _as_moment(read.cursor.get("mark"))
        newest = _latest([_as_moment(read.cursor.get("newest")), *(relation.happened_at for relation in relations)])
        known = not read.baseline and reaches_known(relations, matched.new, mark)
        if page.cursor is not None and relations and not known:
            cursor = {"mark": _isoformat(mark), "newest": _isoformat(newest), "page": page.cursor}
            return PageResult(accepted=matched.accepted, cursor=cursor, whole=False, more=True)
        if not relations:
            return PageResult(cursor={"mark": _isoformat(mark)}, whole=False)
        return PageResult(accepted=matched.accepted, cursor={"mark": _isoformat(_latest([mark, newest]))})

    async def _messages(self, read: DueRead, client: UnipileClient) -> PageResult:
        """Messages since the last whole read, by one call over all conversations; a further page is a read of its own.

        The mark follows what was shown, never the clock: an empty page may be a throttled one, and moves nothing.
        """
        now = (await self._account_state(read)).account.now
        since = _as_moment(read.cursor.get("since")) or now - HISTORY
        next_page = _as_text(read.cursor.get("page"))
        page = await client.messages(
            account_id=read.provider_account_id, limit=self._pages.messages, cursor=next_page, after=None if next_page else since
        )
        source = ObservationSource.BASELINE if read.baseline else ObservationSource.POLL
        replies = await self._note_messages(read, [message_of_account(item) for item in page.items], source)
        newest = _latest([_as_moment(read.cursor.get("newest")), *(item.timestamp for item in page.items)])
        if page.cursor is not None and page.items:
            waiting = {"since": since.isoformat(), "newest": _isoformat(newest), "page": page.cursor}
            return PageResult(replies=replies, cursor=waiting, whole=False, more=True)
        if next_page and not page.items:
            return PageResult(cursor={"since": since.isoformat()}, whole=False)
        reached = min(newest, now) - OVERLAP if newest else since
        return PageResult(replies=replies, cursor={"since": max(reached, since).isoformat()})

    async def _invitations(self, read: DueRead, client: UnipileClient) -> PageResult:
        """One page, newest first; each further page is a read of its own, until a page reaches what the last whole read showed.

        The mark is the newest observation of the last whole read: a page with an observation no newer than the mark reaches it, whatever an
        unfinished read, or the healer, has observed since. Once a week the list is read to its end, and an invitation that it lacks is
        gone. An empty page moves nothing: a throttled provider answers with one.
        """
        now = (await self._account_state(read)).account.now
        next_page = _as_text(read.cursor.get("page"))
        began = (_as_moment(read.cursor.get("began")) if next_page else None) or now
        ended = _as_moment(read.cursor.get("ended"))
        to_the_end = read.baseline or ended is None or began - ended >= WHOLE_LIST_EVERY
        page = await client.invitations_sent(read.provider_account_id, limit=self._pages.invitations, cursor=next_page)
        mark = read.cursor.get("mark")
        known = await self._note_invitations(
            read, fill_missing_dates([invitation_of_list(item) for item in page.items]), mark=mark if isinstance(mark, int) else None
        )
        so_far = {"mark": mark, "ended": _isoformat(ended)}
        if not page.items:
            return PageResult(cursor=so_far, whole=False)
        if page.cursor is not None and (to_the_end or not known):
            return PageResult(cursor=so_far | {"page": page.cursor, "began": began.isoformat()}, whole=False, more=True)
        newest, ended = await self._whole_list(read, began, to_its_end=page.cursor is None, ended=ended)
        return PageResult(cursor={"mark": newest, "ended": _isoformat(ended)})

    async def _whole_list(
        self, read: DueRead, began: datetime, *, to_its_end: bool, ended: datetime | None
    ) -> tuple[int | None, datetime | None]:
        """The new mark, and when the list was last read to its end; a list read to its end proves which invitations are gone."""
        async with self._pool.acquire() as connection:
            if to_its_end:
                await manual_invitations.mark_gone(connection, read.account_id, not_listed_since=began)
            return await manual_invitations.newest_observation(connection, read.account_id), began if to_its_end else ended

    async def _status(self, read: DueRead, client: UnipileClient) -> PageResult:
        account = await client.account(read.provider_account_id)
        word = worst_status_word(tuple(source.status for source in account.sources))

        async def note(connection: Connection) -> None:
            state = await accounts.by_id(connection, read.account_id)
            if state is not None:
                await note_status(connection, state, word, source=ObservationSource.POLL)

        await in_transaction(self._pool, note)
        return PageResult()

    async def _note_relations(self, read: DueRead, relations: list[SeenRelation], source: ObservationSource) -> MatchedRelations:
        async def note(connection: Connection) -> MatchedRelations:
            return await note_relations(connection, (await _load_account(connection, read)).account, relations, source=source)

        return await in_transaction(self._pool, note)

    async def _note_invitations(self, read: DueRead, shown: list[SeenInvitation], *, mark: int | None) -> bool:
        """Store and match them; True when the page reaches what the last whole read showed."""

        async def note(connection: Connection) -> bool:
            account = (await _load_account(connection, read)).account
            return await note_invitations(
                connection, account, shown, source=ObservationSource.BASELINE if read.baseline else ObservationSource.POLL, mark=mark
            )

        return await in_transaction(self._pool, note)

    async def _note_messages(self, read: DueRead, messages: list[SeenMessage], source: ObservationSource) -> int:
        async def note(connection: Connection) -> int:
            account = (await _load_account(connection, read)).account
            return await note_messages(connection, account, messages, source=source, away_for=self._away_for)

        return await in_transaction(self._pool, note)

    async def _account_state(self, read: DueRead) -> AccountState:
        async with self._pool.acquire() as connection:
            return await _load_account(connection, read)


async def _load_account(connection: Connection, read: DueRead) -> AccountState:
    state = await accounts.by_id(connection, read.account_id)
    if state is None:
        raise LookupError(f"Account {read.account_id} is gone; its rows in account_reads should have gone with it.")
    return state


def _as_text(stored: object) -> str | None:
    return stored if isinstance(stored, str) else None


def _as_moment(stored: object) -> datetime | None:
    return datetime.fromisoformat(stored) if isinstance(stored, str) else None


def _isoformat(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
