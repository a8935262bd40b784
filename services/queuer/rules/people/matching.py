"""Which rows are one person: among themselves, and with the leads a workspace has already.

Pure, so that the rule can be read and tried without a database; the store loads the candidates and writes the outcome.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from services.queuer.rules.people.reader import Person

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
    timezone: str | None
    linkedin_id: str | None
    linkedin_vanity: str | None
    sales_navigator_id: str | None
    email: str | None
    connected_on: date | None
    extra: dict[str, str]
    id: UUID | None = None
    """None until it is stored."""

    def fill(self, person: Person) -> bool:
        """Take from the row what is empty here; True where that changed anything."""
        changed = False
        if not self.timezone and person.timezone and (not self.location or person.location in {"", self.location}):
            self.timezone = person.timezone  # never that of a place the lead is not said to be at
            changed = True
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
    """What a chunk of rows comes to: leads to add, leads to fill, and for every row its lead."""

    added: list[Lead] = field(default_factory=list)
    filled: dict[UUID, Lead] = field(default_factory=dict)
    leads: list[Lead] = field(default_factory=list)
    known: int = 0


def match(people: Sequence[Person], candidates: Iterable[Lead]) -> Matched:
    """Find each row's lead, or make it one.

    The strongest identifier both have decides: classic id, vanity, Sales Navigator id. A weaker one counts only where no
    stronger one says otherwise: a vanity may have been given up and taken by another member. An e-mail address alone
    joins only where one side has nothing else, for `info@` belongs to many.
    """
    index: dict[str, list[Lead]] = {}
    for candidate in candidates:
        _enter(index, candidate, _keys(candidate))
    outcome = Matched()
    for person in people:
        keys = _keys(person)
        lead = _find(index, person, keys)
        if lead is None:
            lead = Lead(*person[1:])
            outcome.added.append(lead)
            _enter(index, lead, keys)
        else:
            outcome.known += 1
            if lead.fill(person):
                _enter(index, lead, _keys(lead))
                if lead.id is not None:
                    outcome.filled[lead.id] = lead
        outcome.leads.append(lead)
    return outcome


def _find(index: dict[str, list[Lead]], person: Person, keys: list[str]) -> Lead | None:
    for key in keys:
        for lead in index.get(key, ()):
            if _may_be_one(key, person, lead):
                return lead
    return None


def _may_be_one(key: str, person: Person, lead: Lead) -> bool:
    """Whether what both call `key` is not contradicted by something stronger.

    Always true of the row's own identity, so no two leads of one identity are ever added.
    """
    if key.startswith("id:"):
        return True
    if person.linkedin_id and lead.linkedin_id and person.linkedin_id != lead.linkedin_id:
        return False
    if key.startswith("in:"):
        return True
    if person.linkedin_vanity and lead.linkedin_vanity and person.linkedin_vanity != lead.linkedin_vanity:
        return False
    return key.startswith("sn:") or not _on_linkedin(person) or not _on_linkedin(lead)


def _on_linkedin(who: Person | Lead) -> bool:
    return bool(who.linkedin_id or who.linkedin_vanity or who.sales_navigator_id)


def _keys(who: Person | Lead) -> list[str]:
    """Every identifier in the spelling of `leads.identity`, the strongest first."""
    keys = []
    if who.linkedin_id:
        keys.append(f"id:{who.linkedin_id}")
    if who.linkedin_vanity:
        keys.append(f"in:{who.linkedin_vanity}")
    if who.sales_navigator_id:
        keys.append(f"sn:{who.sales_navigator_id}")
    if who.email:
        keys.append(f"mail:{who.email}")
    return keys


def _enter(index: dict[str, list[Lead]], lead: Lead, keys: list[str]) -> None:
    for key in keys:
        leads = index.get(key)
        if leads is None:
            index[key] = [lead]
        elif not any(lead is other for other in leads):
            leads.append(lead)
