"""Which column means what: LinkedIn's own export, Sales Navigator lists, and any other list by its header.

Headers are compared without capitals, spaces, underscores and hyphens, in the languages LinkedIn and its tools export.
"""

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.queuer.rules.people.headers import SPELLINGS
from shared.refusals import Refused

DELIMITERS: Final = (",", ";", "\t", "|")
HEADER_WITHIN: Final = 20  # records; LinkedIn's own preamble takes three

CONNECTIONS, SALES_NAVIGATOR, ANY_CSV = "linkedin_connections", "sales_navigator", "csv"

ACCEPTED: Final = "LinkedIn URL, Profile URL, URL, Sales Navigator URL, LinkedIn Id, Public Identifier, Email"


def normal(header: str) -> str:
    """A header as it is compared: NFKC, casefolded, letters and digits of any script only."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LNM")


FIELDS: Final[Mapping[str, str]] = {
    normal(spelling): field for field, spellings in SPELLINGS.items() for spelling in spellings.split(",") if spelling.strip()
}
_OF_SALES_NAVIGATOR: Final = frozenset(header for header in FIELDS if header.startswith("sales")) | {"vmid"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file's table begins and what its columns mean.

    `columns` maps a field to the positions it may be taken from, the first that is filled wins; `extra` names the
    columns that mean nothing to us and are kept with the lead. Lines are counted from 1, as an editor shows them.
    """

    delimiter: str
    header_end: int
    headers: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]
    extra: tuple[tuple[int, str], ...]
    file_format: str


def find_layout(sample: Sequence[str], columns: Mapping[str, str] | None = None) -> Layout:
    """Find delimiter, header and meaning in the first physical lines of a file.

    Delimiter and header are found together: the best header is the record with the most known columns, under whichever
    delimiter shows it. This steps over LinkedIn's "Notes:" preamble and Excel's `sep=;` without knowing them.
    `columns` (field -> header, such as `{"linkedin": "Web page"}`) says what the list's own headers mean.

    Raises:
        Refused: no record says who is meant; names the headers found and those accepted.
    """
    wanted = _normalize_columns(columns or {})
    known = {**FIELDS, **{header: field for field, header in wanted.items()}}
    best: tuple[int, str, int, list[str]] | None = None
    closest: tuple[int, list[str]] = (-1, [])
    for delimiter in DELIMITERS:
        for end, record in _records(sample, delimiter):
            cells = [normal(cell) for cell in record]
            fields = {known[cell] for cell in cells if cell in known}
            if len(fields) * 100 + len(record) > closest[0] and any(cells):
                closest = (len(fields) * 100 + len(record), record)
            if not fields & {"linkedin", "email"} or not set(wanted.values()) <= set(cells):
                continue
            if best is None or len(fields) > best[0]:
                best = (len(fields), delimiter, end, record)
    if best is None:
        raise Refused(_no_header(closest[1], columns or {}))
    _, delimiter, end, record = best
    return _layout(record, known, delimiter, end, sample)


def _layout(record: list[str], known: Mapping[str, str], delimiter: str, end: int, sample: Sequence[str]) -> Layout:
    while record and not record[-1].strip():
        record.pop()  # a delimiter at the end of the header; rows may have it too
    positions: dict[str, list[int]] = {}
    extra: list[tuple[int, str]] = []
    for position, header in enumerate(record):
        field = known.get(normal(header))
        if field is None:
            extra.append((position, " ".join(header.split())[:100] or f"column {position + 1}"))
        else:
            positions.setdefault(field, []).append(position)
    cells = {normal(header) for header in record}
    if cells & _OF_SALES_NAVIGATOR or any("linkedin.com/sales/" in line for line in sample):
        file_format = SALES_NAVIGATOR
    elif {"first_name", "last_name", "linkedin", "connected_on"} <= positions.keys():
        file_format = CONNECTIONS
    else:
        file_format = ANY_CSV
    return Layout(delimiter, end, tuple(record), {f: tuple(at) for f, at in positions.items()}, tuple(extra), file_format)


def _normalize_columns(columns: Mapping[str, str]) -> dict[str, str]:
    for field in columns:
        if field not in SPELLINGS:
            raise Refused(f"'{field}' is nothing a column can be; known are {', '.join(SPELLINGS)}.")
    return {field: normal(header) for field, header in columns.items()}


def _records(sample: Iterable[str], delimiter: str) -> Iterable[tuple[int, list[str]]]:
    reader = csv.reader(sample, delimiter=delimiter)
    try:
        for number, record in enumerate(reader):
            if number >= HEADER_WITHIN:
                return
            yield reader.line_num, record
    except csv.Error:
        return  # under this delimiter the beginning is no table


def _no_header(record: Sequence[str], columns: Mapping[str, str]) -> str:
    shown = ", ".join(f"'{' '.join(cell.split())[:60]}'" for cell in record[:30]) or "none"
    if columns:
        asked = ", ".join(f"'{header}'" for header in columns.values())
        return f"The file has no header row with {asked}. Its first columns are: {shown}. Correct the names of the columns."
    return (
        f"No column says who is meant. The columns found are: {shown}. Accepted are for example {ACCEPTED} "
        "(capitals, spaces and underscores do not matter); rename a column, or say which one holds the LinkedIn address."
    )
