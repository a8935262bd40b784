"""Entries of the do-not-contact lists: what an entry may name, and the one spelling in which it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.queuer.rules.campaigns import checks
from shared.people.identifiers import NotAPerson, email_address, linkedin_identity
from shared.refusals import Refused
from shared.vocabulary import SuppressionKind

MOST_AT_ONCE: Final = 10_000
"""Entries of one call; a longer list is given in parts."""
DEFAULT_REASON: Final = "put on the list by hand"

_LONGEST_DOMAIN: Final = 253


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """One line of the lists as an operator writes it."""

    kind: SuppressionKind
    value: str
    reason: str = DEFAULT_REASON
    opted_out: bool = False
    """The person asked for it: the leads are marked for good. Only for a person or an e-mail address."""


def check_entries(entries: Sequence[SuppressionEntry]) -> list[SuppressionEntry]:
    """The entries as they would be stored.

    Raises:
        Refused: there are too many, or one cannot be used; `details` holds its number as `entry`, the first one is 0.
    """
    if len(entries) > MOST_AT_ONCE:
        raise Refused(f"{len(entries):,} entries are too many at once; give up to {MOST_AT_ONCE:,} and the rest after.")
    checked = []
    for number, each in enumerate(entries):
        try:
            checked.append(_check_entry(each))
        except Refused as error:
            raise Refused(error.message, code=error.code, details={**(error.details or {}), "entry": number}) from None
    return checked


def normalize(kind: SuppressionKind, value: str) -> str:
    """The one spelling that is stored; a company's is folded in the database.

    Raises:
        Refused: it names nothing of that kind; the sentence says what to write.
    """
    value = checks.text(value, "value", longest=2000)
    match kind:
        case SuppressionKind.PERSON:
            return _normalize_person(value)
        case SuppressionKind.EMAIL:
            address = email_address(value)
            if address is None:
                raise _unusable(kind, f"{value!r} is no e-mail address; write it like ana@example.com.")
            return address
        case SuppressionKind.DOMAIN:
            return _normalize_domain(value)
        case SuppressionKind.COMPANY:
            if not any(letter.isalnum() for letter in value):
                raise _unusable(kind, f"{value!r} is no company's name.")
            return value


def _normalize_person(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind in {"in", "id", "sn"}:  # as leads.identity has it, and as `list` shows it
        value = rest
    elif kind == "mail":
        raise _unusable(SuppressionKind.PERSON, f"{value!r} is an e-mail address; add it as kind email.")
    found = linkedin_identity(value)
    if isinstance(found, NotAPerson):
        raise _unusable(SuppressionKind.PERSON, found.reason)
    return found.identity


def _normalize_domain(value: str) -> str:
    """Without address, scheme, path, port, `@` and `www.`; the entry covers its sub-domains."""
    bare = value.lower().partition("://")[2] or value.lower()
    bare = bare.rpartition("@")[2].partition("/")[0].partition(":")[0].removeprefix("www.").strip(".")
    try:
        bare = bare.encode("idna").decode("ascii") if not bare.isascii() else bare
    except UnicodeError:
        bare = ""
    parts = bare.split(".")
    fits = len(parts) > 1 and all(part and part.replace("-", "").replace("_", "").isalnum() for part in parts)
    if not fits or len(bare) > _LONGEST_DOMAIN:
        raise _unusable(SuppressionKind.DOMAIN, f"{value!r} is no domain; write it like example.com.")
    return bare


def _check_entry(entry: SuppressionEntry) -> SuppressionEntry:
    if entry.opted_out and entry.kind not in {SuppressionKind.PERSON, SuppressionKind.EMAIL}:
        raise _unusable(entry.kind, f"A {entry.kind} cannot opt out; add it without opted_out, and no person there is contacted.")
    return SuppressionEntry(entry.kind, normalize(entry.kind, entry.value), checks.text(entry.reason, "reason"), entry.opted_out)


def _unusable(kind: SuppressionKind, why: str) -> Refused:
    return Refused(why, code="not_usable", details={"field": "value", "kind": kind.value})
