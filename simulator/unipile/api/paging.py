"""Pages: of chats and messages newest first, over one account or several, and of lists whose cursor is an offset."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from simulator.unipile.api.reading import cursor_for, cursor_of, limit_of, moment_of, offset_in
from simulator.unipile.world.moments import from_iso, iso
from simulator.unipile.world.refusals import refuse

Row = TypeVar("Row")

MOST: Final = 250
FILTERS: Final = ("account_id", "account_type", "unread", "before", "after", "sender_id")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Limit, filters and the place to go on from: of the query, or of the cursor, which carries them all."""

    limit: int
    filters: dict[str, str]
    before: datetime | None
    after: datetime | None
    last: tuple[str, datetime] | None

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Read the query.

        Raises:
            RefusalError: 400 for a limit, a moment or a cursor that cannot be.
        """
        cursor = cursor_of(request)
        source: dict[str, Any] = dict(request.query) if cursor is None else cursor
        filters = {name: str(source[name]) for name in FILTERS if source.get(name) is not None}
        return cls(
            limit=limit_of(source.get("limit"), MOST, 100),
            filters=filters,
            before=moment_of(filters.get("before"), "before"),
            after=moment_of(filters.get("after"), "after"),
            last=None if cursor is None else _last(cursor),
        )

    def accounts(self) -> list[str]:
        """The comma list of account ids; empty means all."""
        return [one for one in self.filters.get("account_id", "").split(",") if one]

    def page(
        self,
        lists: Sequence[Sequence[Row]],
        *,
        at: Callable[[Row], datetime],
        name: Callable[[Row], str],
        keep: Callable[[Row], bool] = lambda _: True,
    ) -> tuple[list[Row], str | None]:
        """One page and the cursor to the next; each list is in ascending order and walked backwards from where the page begins."""
        rows = merge(*(self._backwards(rows, at, name) for rows in lists), key=lambda row: (at(row), name(row)), reverse=True)
        found = list(islice((row for row in rows if keep(row)), self.limit + 1))
        page = found[: self.limit]
        if len(found) <= self.limit:
            return page, None
        place = {"last_id": name(page[-1]), "last_date": iso(at(page[-1]))}
        return page, cursor_for({**self.filters, "limit": self.limit, "cursor": place})

    def _backwards(self, rows: Sequence[Row], at: Callable[[Row], datetime], name: Callable[[Row], str]) -> Iterator[Row]:
        end = len(rows)
        if self.last is not None:
            last_name, last_at = self.last
            end = bisect_left(rows, (last_at, last_name), key=lambda row: (at(row), name(row)))
        elif self.before is not None:
            end = bisect_left(rows, self.before, key=at)
        for index in range(end - 1, -1, -1):
            row = rows[index]
            if self.after is not None and at(row) <= self.after:
                return
            yield row


@dataclass(frozen=True, slots=True)
class OffsetPage:
    """Limit and offset of a list route: of the query, or of the cursor, which names the offset `key`."""

    limit: int
    start: int
    key: str = "cursor"

    @classmethod
    def of(cls, request: web.Request, most: int = MOST, default: int = 100, key: str = "cursor") -> Self:
        """Read the query.

        Raises:
            RefusalError: 400 for a limit or a cursor that cannot be.
        """
        cursor = cursor_of(request)
        return cls(limit_of(cursor.get("limit") if cursor else request.query.get("limit"), most, default), offset_in(cursor, key), key)

    def oldest_first(self, rows: Sequence[Row]) -> tuple[Sequence[Row], str | None]:
        """One page and the cursor to the next."""
        return rows[self.start : self.start + self.limit], self._cursor(len(rows))

    def newest_first(
        self, rows: Sequence[Row], visible: int | None = None, *, filters: Mapping[str, object] | None = None
    ) -> tuple[Sequence[Row], str | None]:
        """The same from the end of the list, or of its `visible` part; the cursor carries the filters."""
        total = len(rows) if visible is None else visible
        end = max(0, total - self.start)
        return rows[max(0, end - self.limit) : end][::-1], self._cursor(total, filters)

    def _cursor(self, total: int, filters: Mapping[str, object] | None = None) -> str | None:
        following = self.start + self.limit
        return cursor_for({"limit": self.limit, self.key: following, **(filters or {})}) if following < total else None


def _last(cursor: dict[str, Any]) -> tuple[str, datetime]:
    place: Any = cursor.get("cursor")
    try:
        return str(place["last_id"]), from_iso(str(place["last_date"]))
    except (KeyError, TypeError, ValueError):
        raise refuse("invalid_parameters", "cursor is not one of this API's cursors.") from None
