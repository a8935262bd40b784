"""Rows of people out of a file, one at a time: each row is a person to store or a refusal with its line and reason.

Memory stays the same however long the file is, and one broken row costs one row: a quote that is opened and never
closed would otherwise swallow everything behind it.
"""

import csv
import io
import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from typing import BinaryIO, Final, NamedTuple
from zoneinfo import available_timezones

from services.queuer.rules.people.encoding import Encoding, detect_encoding
from services.queuer.rules.people.formats import Layout, find_layout
from services.queuer.rules.people.location_timezone import zone_of_location
from shared.people.identifiers import LinkedInId, email_address, identity, linkedin_identity
from shared.vocabulary import Channel

MAX_LINE: Final = 1 << 16  # characters of one physical line
MAX_RECORD_LINES: Final = 100  # a field with more line breaks than that is a quote that was not closed
SAMPLE_LINES: Final = 200
MAX_NAME: Final = 200  # characters
MAX_TEXT: Final = 500
MAX_EXTRA: Final = 10_000

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{4})")


class Person(NamedTuple):
    """One row that can be stored; texts are trimmed and in NFC, `extra` holds the columns we have no field for."""

    line: int
    identity: str
    first_name: str
    last_name: str
    company: str
    title: str
    location: str
    timezone: str  # a column's, else what the location tells; empty where it tells nothing
    linkedin_id: str | None
    linkedin_vanity: str | None
    sales_navigator_id: str | None
    email: str | None
    connected_on: date | None
    extra: dict[str, str]


class Refusal(NamedTuple):
    """One row that cannot: the line it begins on, why, and the row as it stands in the file."""

    line: int
    reason: str
    raw: str


class _Runaway(Exception):  # noqa: N818 - never leaves this module
    """A record goes on for too many lines."""


class _Lines:
    """The file's physical lines with a way back to the second line of a record that turned out to be broken."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.begun = 1  # line on which the current record begins
        self.taken: list[str] = []  # its lines so far

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise _Runaway
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def _read(self) -> str:
        line = self._stream.readline(MAX_LINE)
        if len(line) == MAX_LINE and line[-1] not in "\r\n":
            # The rest is dropped chunk by chunk; a line without an end must not fill the memory.
            while (rest := self._stream.readline(MAX_LINE)) and rest[-1] not in "\r\n":
                pass
        return line

    def next_record(self) -> None:
        self.begun += len(self.taken)
        self.taken = []

    def give_back(self) -> None:
        """Keep the record's first line only; the others are read again as records of their own."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


class ListReader:
    """A list of people in a seekable binary file; iterate to get each row once, in order.

    `needs` is the channel of the campaign: a row that cannot be reached there is refused with that reason now, not by
    the planner weeks later. `columns` names columns by hand (see `find_layout`).

    Raises:
        Refused: the file as a whole is no list.
    """

    def __init__(self, stream: BinaryIO, *, needs: Channel | None = None, columns: Mapping[str, str] | None = None) -> None:
        self._stream = stream
        self._needs = needs
        self._encoding: Encoding = detect_encoding(stream)
        with self._text() as text:
            sample = list(islice(iter(partial(text.readline, MAX_LINE), ""), SAMPLE_LINES))
        self.layout: Layout = find_layout(sample, columns)

    @property
    def encoding(self) -> str:
        """Name of the encoding, for the person who asks why a name looks odd."""
        return self._encoding.name

    def position(self) -> int:
        """Bytes read so far, give or take a buffer; for a progress bar."""
        return self._stream.tell()

    def __iter__(self) -> Iterator[Person | Refusal]:
        with self._text() as text:
            lines = _Lines(text)
            for _ in range(self.layout.header_end):
                next(lines)
                lines.next_record()
            yield from self._rows(lines)

    def _rows(self, lines: _Lines) -> Iterator[Person | Refusal]:
        records = self._records(lines)
        while True:
            problem = None
            fields: list[str] = []
            try:
                fields = next(records)
            except StopIteration:
                return
            except (csv.Error, _Runaway):
                problem = 'A quote (") is opened and not closed where its field ends; remove it, or double a quote inside a field.'
                records = self._records(lines)  # the old one stands in the middle of a field
            if problem is None and not any(field.strip() for field in fields):
                lines.next_record()  # a blank line, or nothing but delimiters, is no row
                continue
            person = self._person(lines, fields) if problem is None else problem
            if isinstance(person, str):
                lines.give_back()
                refusal = Refusal(lines.begun, person, lines.taken[0].rstrip("\r\n"))
                lines.next_record()
                yield refusal
            else:
                lines.next_record()
                yield person

    def _records(self, lines: _Lines) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.layout.delimiter, strict=True)

    def _person(self, lines: _Lines, fields: list[str]) -> Person | str:
        """The person on these lines, or the reason why there is none."""
        for line in lines.taken:
            if len(line) >= MAX_LINE:
                return f"The line is longer than {MAX_LINE:,} characters."
            if "\x00" in line or (not line.isascii() and _UNREADABLE.search(line)):
                return "The row contains bytes that are no text (zero bytes or a broken character); correct it and import the row again."
        width = len(self.layout.headers)
        if len(fields) != width and (len(fields) < width or any(field.strip() for field in fields[width:])):
            more = "more" if len(fields) > width else "fewer"
            return (
                f"The row has {len(fields)} fields, {more} than the {width} columns of the header; a delimiter inside a field needs quotes."
            )
        return self._read(lines.begun, fields)

    def _read(self, line: int, fields: list[str]) -> Person | str:
        texts = {field: _first(fields, at) for field, at in self.layout.columns.items() if field not in {"linkedin", "email"}}
        first, last = _names(texts)
        company, title, location = texts.get("company", ""), texts.get("title", ""), texts.get("location", "")
        extra = {header: value for at, header in self.layout.extra if (value := fields[at].strip())}
        if problem := _too_long((first, last), (company, title, location), extra):
            return problem
        ids, reason = self._ids(fields, extra)
        email = self._email(fields, extra)
        name = identity(linkedin_id=ids.get("id"), linkedin_vanity=ids.get("in"), sales_navigator_id=ids.get("sn"), email=email)
        if self._needs is Channel.EMAIL and email is None:
            return "The row has no usable e-mail address, and an e-mail campaign cannot reach a person without one."
        if not ids and (reason or self._needs is Channel.LINKEDIN):
            return reason or "The row has no LinkedIn address or id, and a LinkedIn campaign cannot reach a person without one."
        if name is None:
            return "Nothing in the row says who is meant: no LinkedIn address, no id and no usable e-mail address."
        connected = _day(texts.get("connected_on", ""))
        if connected is None and texts.get("connected_on"):
            extra["connected_on"] = texts["connected_on"]
        zone = texts.get("timezone", "")
        if zone and zone not in available_timezones():
            extra["timezone"], zone = zone, ""
        zone = zone or zone_of_location(location) or ""
        return Person(
            line, name, first, last, company, title, location, zone, ids.get("id"), ids.get("in"), ids.get("sn"), email, connected, extra
        )

    def _ids(self, fields: list[str], extra: dict[str, str]) -> tuple[dict[str, str], str | None]:
        """The member's ids by kind, and the first reason why a filled column gave none; such a value stays in `extra`."""
        ids: dict[str, str] = {}
        reason: str | None = None
        for at in self.layout.columns.get("linkedin", ()):
            text = fields[at]
            if not text or text.isspace():
                continue
            found = linkedin_identity(text)
            if isinstance(found, LinkedInId) and found.kind.value not in ids:
                ids[found.kind.value] = found.value
            elif not isinstance(found, LinkedInId):
                reason = reason or found.reason
                extra[self.layout.headers[at]] = text.strip()[:MAX_EXTRA]
            elif ids[found.kind.value] != found.value:
                # Two addresses of two people in one row: only its author knows which one is meant.
                return {}, f"The row names two members: '{ids[found.kind.value]}' and '{found.value}'; keep the right one."
        return ids, reason

    def _email(self, fields: list[str], extra: dict[str, str]) -> str | None:
        for at in self.layout.columns.get("email", ()):
            if text := fields[at].strip():
                if address := email_address(text):
                    return address
                extra[self.layout.headers[at]] = text[:MAX_EXTRA]
        return None

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        """The file as text from its beginning; it stays open, for it is the caller's."""
        self._stream.seek(0)
        text = io.TextIOWrapper(self._stream, encoding=self._encoding.name, errors=self._encoding.errors, newline="")
        try:
            yield text
        finally:
            text.detach()


def _first(fields: list[str], positions: tuple[int, ...]) -> str:
    for at in positions:
        text = fields[at]
        if text and not text.isspace():
            text = " ".join(text.split())
            return text if text.isascii() else unicodedata.normalize("NFC", text)
    return ""


def _names(texts: Mapping[str, str]) -> tuple[str, str]:
    """First and last name; where a list has full names only, what stands before the first space counts as the first."""
    first, last, full = texts.get("first_name", ""), texts.get("last_name", ""), texts.get("full_name", "")
    if full and not first and not last:
        first, _, last = full.partition(" ")
    elif full and first and not last:
        last = full.removeprefix(first).strip()  # some lists call the last name just "Name"
    return first, last


def _too_long(names: tuple[str, ...], texts: tuple[str, ...], extra: Mapping[str, str]) -> str | None:
    for values, limit in ((names, MAX_NAME), (texts, MAX_TEXT)):
        for value in values:
            if len(value) > limit:
                return f"A field is longer than {limit} characters: '{value[:40]}…'."
    for header, value in extra.items():
        if len(value) > MAX_EXTRA:
            return f"The field '{header}' is longer than {MAX_EXTRA:,} characters."
    return None


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    """`15 Mar 2024` as LinkedIn writes it, or ISO; anything else is kept as text, for 03/04/2024 is two days."""
    try:
        if found := _DAY_MONTH_YEAR.fullmatch(text):
            return date(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]))
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
