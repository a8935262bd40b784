"""Which rows are one person: among themselves, and with the leads a workspace has already.

Pure, so that the rule can be read and tried without a database; the store loads the candidates and writes the outcome.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.queuer.importing.reader import Person

_TEXTS: Final = ("first_name", "last_name", "company", "title", "location", "linkedin_id", "linkedin_vanity", "sales_navigator_id", "email")


@dataclass(slots=True)
class Lead:
    """One lead as it is, or will be, stored; `identity` never changes once it is, for other rows refer to it."""

    identity: str
    first_name: str
    last_name: str
    company: str
    title: str
    location: str
    linkedin_id: str | None
    linkedin_vanity: str | None
    sales_navigator_id: str | None
    email: str | None
    connected_on: date | None
    extra: dict[str, str]

    def fill(self, person: Person) -> bool:
        """Take from the row what is empty here; True where that changed anything."""
        changed = False
        for name in _TEXTS:
            if not getattr(self, name) and (value := getattr(person, name)):
                setattr(self, name, value)
                changed = True
        if self.connected_on is None and person.connected_on:
            self.connected_on = person.connected_on
            changed = True
        if fresh := {header: value for header, value in person.extra.items() if header not in self.extra}:
            self.extra = {**fresh, **self.extra}
            changed = True
        return changed


@dataclass(slots=True)
class Matched:
    """What a chunk of rows comes to: leads to add, leads to fill, and for every row the identity of its lead."""

    added: list[Lead] = field(default_factory=list)
    filled: dict[str, Lead] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)
    known: int = 0


def match(people: Sequence[Person], candidates: Iterable[Lead]) -> Matched:
    """Find each row's lead, or make it one.

    The strongest identifier both have decides: classic id, vanity, Sales Navigator id. A weaker one counts only where no
    stronger one says otherwise: a vanity may have been given up and taken by somebody else. An e-mail address alone
    joins only where one side has nothing else, for `info@` belongs to many.
    """
    index: dict[tuple[str, str], list[Lead]] = {}
    for candidate in candidates:
        _enter(index, candidate)
    outcome = Matched()
    fresh: set[str] = set()
    for person in people:
        lead = _find(index, person)
        if lead is None:
            lead = Lead(*person[1:])
            outcome.added.append(lead)
            fresh.add(lead.identity)
            _enter(index, lead)
        else:
            outcome.known += 1
            if lead.fill(person):
                _enter(index, lead)
                if lead.identity not in fresh:
                    outcome.filled[lead.identity] = lead
        outcome.identities.append(lead.identity)
    return outcome


def _find(index: dict[tuple[str, str], list[Lead]], person: Person) -> Lead | None:
    for key in _keys(person):
        for lead in index.get(key, ()):
            if _may_be_one(key[0], person, lead):
                return lead
    return None


def _may_be_one(by: str, person: Person, lead: Lead) -> bool:
    if by in {"id", "own"}:
        return True
    if person.linkedin_id and lead.linkedin_id and person.linkedin_id != lead.linkedin_id:
        return False
    if by == "in":
        return True
    if person.linkedin_vanity and lead.linkedin_vanity and person.linkedin_vanity != lead.linkedin_vanity:
        return False
    return by == "sn" or not _on_linkedin(person) or not _on_linkedin(lead)


def _on_linkedin(who: Person | Lead) -> bool:
    return bool(who.linkedin_id or who.linkedin_vanity or who.sales_navigator_id)


def _keys(who: Person | Lead) -> Iterator[tuple[str, str]]:
    if who.linkedin_id:
        yield "id", who.linkedin_id
    yield "own", who.identity  # the table's unique key: a second row of it could not be stored
    if who.linkedin_vanity:
        yield "in", who.linkedin_vanity
    if who.sales_navigator_id:
        yield "sn", who.sales_navigator_id
    if who.email:
        yield "mail", who.email


def _enter(index: dict[tuple[str, str], list[Lead]], lead: Lead) -> None:
    for key in _keys(lead):
        leads = index.setdefault(key, [])
        if not any(lead is other for other in leads):
            leads.append(lead)
