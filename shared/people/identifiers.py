"""Who is meant: the many ways people write one LinkedIn member, brought to one.

The queuer stores people by what is found here and the sender looks them up by it, so two spellings of one person
must become one value, and one spelling must never become a second person.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote

MAX_TEXT: Final = 2_000  # characters; a longer "address" is a pasted page
MAX_VANITY: Final = 100  # LinkedIn's own limit, counted in characters after decoding
MAX_EMAIL: Final = 254  # RFC 5321 §4.5.3.1.3, minus the angle brackets


class IdKind(StrEnum):
    """What sort of name for a member this is; the value is the prefix in `leads.identity`."""

    CLASSIC = "id"  # ACo…, ADo…: the provider takes it as it is
    VANITY = "in"  # the end of linkedin.com/in/…: looked up first, its owner may change it
    SALES_NAVIGATOR = "sn"  # ACw…: converted by a look-up first


@dataclass(frozen=True, slots=True)
class LinkedInId:
    """One LinkedIn member, by one of the names LinkedIn gives them."""

    kind: IdKind
    value: str

    @property
    def identity(self) -> str:
        """As `leads.identity` stores it, such as `in:ana-núñez`."""
        return f"{self.kind.value}:{self.value}"


@dataclass(frozen=True, slots=True)
class NotAPerson:
    """The text names no LinkedIn member; `reason` is one sentence for the person who wrote the list."""

    reason: str


_EVERYDAY = re.compile(r"https?://(?:www\.)?linkedin\.com/in/([a-z0-9]+(?:-[a-z0-9]+)*)/?", re.ASCII)
_HOST = re.compile(r"(?:https?:)?/*(?:[a-z0-9-]+\.)*linkedin\.(?:com|cn)(?::\d+)?(?=[/?#]|$)", re.IGNORECASE)
_OTHER_HOST = re.compile(r"(?:https?:)?//|(?:www\.)?[^/\s]+\.[a-z]{2,}/|lnkd\.in\b", re.IGNORECASE)
# An id is base64url and case matters. The digit or capital in it tells ACoAAB… from a vanity such as ACoustic-guitars.
_ID = re.compile(r"(A[CDE][A-Za-z])(?=[A-Za-z0-9_-]*[A-Z0-9])[A-Za-z0-9_-]{9,}")
_ID_WITHOUT_CAPITALS = re.compile(r"a[cde][a-z]aa[a-z0-9_-]{24,}")
_EMAIL = re.compile(r"[^@\s<>\"',;:()\[\]\\{}]+@[^@\s<>\"',;:()\[\]\\{}.]+(?:\.[^@\s<>\"',;:()\[\]\\{}.]+)+")
_INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_FORBIDDEN_IN_VANITY = frozenset('/\\?#@<>"{}|^`,;:()[]=&+*!$%')

_REFUSED_PAGES: Final = {
    "company": "is a company's page, not a person's",
    "school": "is a school's page, not a person's",
    "showcase": "is a company's page, not a person's",
    "groups": "is a group, not a person",
    "jobs": "is a job, not a person",
    "posts": "is a post, not a person",
    "feed": "is a post, not a person",
    "pulse": "is an article, not a person",
    "events": "is an event, not a person",
    "search": "is a search, not a person",
    "pub": "is an old public address (/pub/) that no longer names one person; open it and copy the address it leads to",
    "talent": "is a Recruiter address, which other accounts cannot open; copy the public profile's address",
    "recruiter": "is a Recruiter address, which other accounts cannot open; copy the public profile's address",
}


def linkedin_identity(text: str) -> LinkedInId | NotAPerson:  # noqa: PLR0911 - a table of spellings, read from the top
    """The member that an address, an id or a bare vanity name means, or why it means none.

    Vanity names are compared percent-decoded, in NFC and lower case. Lower case and not casefold: casefold makes
    `weiß` and `weiss` one, and those are two members; a wrong pair is worse than a double entry, which the
    recipient's resolved id catches before anything leaves. Ids keep their case.
    """
    if everyday := _EVERYDAY.fullmatch(text):
        return _person(everyday[1])
    text = text.strip().strip(_INVISIBLE + "'\"<>").strip()
    if not text:
        return NotAPerson("The LinkedIn address is empty.")
    if len(text) > MAX_TEXT:
        return NotAPerson(f"The LinkedIn address is longer than {MAX_TEXT:,} characters.")
    if text.startswith("urn:li:"):
        return _from_urn(text)
    if host := _HOST.match(text):
        return _from_path(text, text[host.end() :])
    if "@" in text:
        return NotAPerson(f"{_short(text)} looks like an e-mail address, and stands where a LinkedIn address is expected.")
    if _OTHER_HOST.match(text):
        return NotAPerson(f"{_short(text)} is not an address on linkedin.com.")
    if "/" in text:
        return _from_path(text, text)
    return _person(text)


def _from_path(whole: str, rest: str) -> LinkedInId | NotAPerson:
    path, _, query = rest.partition("#")[0].partition("?")
    parts = [part for part in path.split("/") if part.strip()]
    while parts and parts[0].lower() in {"mwlite", "comm", "m"}:  # mobile pages and links in LinkedIn's own mails
        parts.pop(0)
    match [part.lower() for part in parts[:2]]:
        case ["in", _]:
            return _person(parts[1])
        case ["sales", "lead" | "people" | "profile"] if len(parts) > 2:  # noqa: PLR2004 - the part after the two matched
            return _person(unquote(parts[2]).split(",", 1)[0])  # ACw…,NAME_SEARCH,xyz: the rest is how it was found
        case ["sales", *_]:
            return NotAPerson(f"{_short(whole)} is a Sales Navigator page, but not a person's.")
        case ["profile", "view"]:
            ids = parse_qs(query).get("id", [])
            if ids and _ID.fullmatch(ids[0]):
                return _person(ids[0])
        case [page, *_] if page in _REFUSED_PAGES:
            return NotAPerson(f"{_short(whole)} {_REFUSED_PAGES[page]}.")
    return NotAPerson(f"{_short(whole)} does not lead to a person; expected something like https://www.linkedin.com/in/ana-nunez.")


def _from_urn(text: str) -> LinkedInId | NotAPerson:
    value = text.rsplit(":", 1)[1].strip("()").split(",", 1)[0]
    if _ID.fullmatch(value):
        return _person(value)
    return NotAPerson(f"{_short(text)} names no member by an id that accounts can use; copy the profile's address instead.")


def _person(raw: str) -> LinkedInId | NotAPerson:  # noqa: PLR0911 - the same
    if found := _ID.fullmatch(raw):
        match found[1]:
            case "ACo" | "ADo":
                return LinkedInId(IdKind.CLASSIC, raw)
            case "ACw":
                return LinkedInId(IdKind.SALES_NAVIGATOR, raw)
            case prefix if prefix.startswith("AE"):
                return NotAPerson(f"{_short(raw)} is a Recruiter id, which other accounts cannot use; copy the public profile's address.")
    vanity = _decoded(raw)
    if vanity is None:
        return NotAPerson(f"{_short(raw)} holds %-signs that do not decode to text; copy the profile's address again.")
    vanity = unicodedata.normalize("NFC", vanity.strip().strip(_INVISIBLE)).lower()
    vanity = unicodedata.normalize("NFC", vanity)  # lower case may decompose: İ becomes i and a dot
    if vanity == "profile":
        # The provider answers /users/profile for every unknown route with one and the same stranger.
        return NotAPerson("The vanity name 'profile' is a leftover of an address, not a person; copy the profile's address again.")
    if _ID_WITHOUT_CAPITALS.fullmatch(vanity) and raw == raw.lower():
        return NotAPerson(f"{_short(raw)} is a LinkedIn id whose capital letters were lost; export the list again.")
    if problem := _vanity_problem(vanity):
        return NotAPerson(f"{_short(raw)} is no LinkedIn name: {problem}.")
    return LinkedInId(IdKind.VANITY, vanity)


def _decoded(text: str) -> str | None:
    """Percent-decoded, twice where a tool escaped an escaped address; None where the bytes are no UTF-8."""
    for _ in range(2):
        if "%" not in text:
            break
        try:
            text = unquote(text, errors="strict")
        except UnicodeDecodeError:
            return None
    return None if "%" in text else text


def _vanity_problem(vanity: str) -> str | None:  # noqa: PLR0911 - the same
    if not vanity:
        return "it is empty"
    if len(vanity) > MAX_VANITY:
        return f"it is longer than {MAX_VANITY} characters"
    if vanity.isascii() and vanity.replace("-", "").isalnum():
        return None
    for letter in vanity:
        if letter in _FORBIDDEN_IN_VANITY or letter.isspace():
            return f"it contains {letter!r}"
        if unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"}:
            return "it contains a character that cannot be shown"
    if not any(unicodedata.category(letter)[0] in "LNS" for letter in vanity):
        return "it has no letter or digit"
    return None


def email_address(text: str) -> str | None:
    """The address in lower case, or None where it cannot be one; the domain's existence is not asked for."""
    address = unicodedata.normalize("NFC", text.strip().strip(_INVISIBLE + "<>").removeprefix("mailto:")).lower()
    local, _, domain = address.partition("@")
    if len(address) > MAX_EMAIL or not _EMAIL.fullmatch(address) or ".." in address or local.startswith(".") or local.endswith("."):
        return None
    return None if domain.startswith("-") or domain.endswith(("-", ".")) else address


def identity(
    *, linkedin_id: str | None = None, linkedin_vanity: str | None = None, sales_navigator_id: str | None = None, email: str | None = None
) -> str | None:
    """The best name of a lead (`leads.identity`), None where there is none at all.

    Classic id, vanity, Sales Navigator id, e-mail, in this order. The classic id stays with its owner for ever and the
    provider takes it as it is; a vanity may be changed and taken by another member; a Sales Navigator id has to be
    converted; an e-mail address may be shared and cannot be invited.
    """
    for prefix, value in (("id", linkedin_id), ("in", linkedin_vanity), ("sn", sales_navigator_id), ("mail", email)):
        if value:
            return f"{prefix}:{value}"
    return None


def _short(text: str, limit: int = 80) -> str:
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:limit])
    return f"'{shown}'" if len(text) <= limit else f"'{shown[:-1]}…'"
