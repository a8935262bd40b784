"""Members of LinkedIn: declared, or made on demand from whatever identifier is asked for."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulator.unipile.world import names
from simulator.unipile.world.behaviour import Behaviour
from simulator.unipile.world.declared import PersonDeclared
from simulator.unipile.world.ids import VANITY, chances, digest, is_internal, plain_vanity, tail_for

PROFILE_TRAP: Final = PersonDeclared(
    public_identifier="profile",
    provider_id="ACoAACtFUtgBSimulatedStranger0000000000000",
    first_name="Perfect",
    last_name="Stranger",
    company="Profile",
    accepts_after_s=None,
    replies_to=None,
)
MISSING: Final = "nobody"
"""A vanity that contains this word has no profile."""


def key_of(vanity: str) -> str:
    """What two spellings of one vanity have in common."""
    return plain_vanity(vanity).casefold()


@dataclass(slots=True)
class SimulatedPerson:
    """A member and their character; the character is a row of chances, so that a changed behaviour block applies to all members."""

    tail: str
    public_id: str
    first_name: str
    last_name: str
    company: str
    title: str
    location: str
    degree: str
    luck: tuple[float, ...] = field(repr=False)
    declared: PersonDeclared | None = field(default=None, repr=False)

    @property
    def provider_id(self) -> str:
        """The classic id under which the log knows this person."""
        return f"ACo{self.tail}"

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def member_number(self) -> int:
        """The number in `urn:li:member:…`, which is none of the other ids."""
        return int.from_bytes(digest("urn", self.tail)[:4], "little")

    def locked(self, behaviour: Behaviour) -> bool:
        """Whether the profile cannot be reached."""
        return self.declared.locked if self.declared else self.luck[0] < behaviour.locked_rate

    def accepts_after(self, behaviour: Behaviour) -> timedelta | None:
        """How long this person takes to accept; None: never."""
        if self.declared and "accepts_after_s" in self.declared.model_fields_set:
            after = self.declared.accepts_after_s
            return None if after is None else timedelta(seconds=after)
        if self.luck[1] >= behaviour.acceptance_rate:
            return None
        return timedelta(hours=behaviour.acceptance_delay.hours(self.luck[2]))

    def replies_after(self, step: str, behaviour: Behaviour) -> timedelta | None:
        """How long until this person answers that step (`invitation`, `1`, `2`, …); None: not to this one."""
        if self.declared and "replies_to" in self.declared.model_fields_set:
            after = (self.declared.replies_to or {}).get(step)
            return None if after is None else timedelta(seconds=after)
        if self.luck[3] >= behaviour.reply_rate or step != self._answered_step(behaviour):
            return None
        return timedelta(hours=behaviour.reply_delay.hours(self.luck[4]))

    def reply_text(self, behaviour: Behaviour) -> str:
        """What this person writes."""
        if self.declared and self.declared.reply_text is not None:
            return self.declared.reply_text
        return behaviour.reply_texts[int(self.luck[5] * len(behaviour.reply_texts))]

    def _answered_step(self, behaviour: Behaviour) -> str:
        if self.luck[6] < behaviour.reply_to_invitation_share:
            return "invitation"
        return "1" if self.luck[6] < behaviour.reply_to_invitation_share + behaviour.reply_to_first_share else "2"


class Directory:
    """All people, found by vanity or by any of the three internal ids."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_tail: dict[str, SimulatedPerson] = {}
        self._by_key: dict[str, SimulatedPerson] = {}
        self.stranger = self.declare(PROFILE_TRAP)

    def __len__(self) -> int:
        return len(self._by_tail) - 1  # the stranger of the profile trap was not declared

    def find(self, identifier: str) -> SimulatedPerson | None:
        """A person who is already known."""
        if is_internal(identifier):
            return self._by_tail.get(identifier[3:])
        return self._by_key.get(key_of(identifier))

    def find_or_make(self, identifier: str, behaviour: Behaviour) -> SimulatedPerson | None:
        """A person, known or made now; None where the lever says 404, the identifier looks wrong, or contains MISSING."""
        person = self.find(identifier)
        if person is not None:
            return None if person.declared and person.declared.gone else person
        if behaviour.unknown_people == "404" or not VANITY.fullmatch(identifier) or MISSING in identifier.lower():
            return None
        return self._add(self._from_id(identifier[3:]) if is_internal(identifier) else self._from_vanity(identifier))

    def declare(self, declared: PersonDeclared) -> SimulatedPerson:
        """Add a person, or give the one who is known by these identifiers new traits.

        Raises:
            ValueError: the vanity belongs already to a person with another id.
        """
        vanity = plain_vanity(declared.public_identifier)
        known = self.find(vanity)
        if known and declared.provider_id and known.tail != declared.provider_id[3:]:
            raise ValueError(f"{vanity} is known already as {known.provider_id}; declare people before the first call that names them")
        known = known or (self.find(declared.provider_id) if declared.provider_id else None)
        person = known or self._from_vanity(vanity, tail=declared.provider_id[3:] if declared.provider_id else None)
        person.public_id = vanity
        person.first_name = declared.first_name if declared.first_name is not None else person.first_name
        person.last_name = declared.last_name if declared.last_name is not None else person.last_name
        person.company = declared.company if declared.company is not None else person.company
        person.title = declared.title if declared.title is not None else person.title
        person.location = declared.location if declared.location is not None else person.location
        person.degree = declared.degree or person.degree
        person.declared = declared
        return self._add(person)

    def _add(self, person: SimulatedPerson) -> SimulatedPerson:
        self._by_tail[person.tail] = person
        self._by_key[key_of(person.public_id)] = person
        return person

    def _from_vanity(self, vanity: str, tail: str | None = None) -> SimulatedPerson:
        parts = [part for part in re.split(r"[-_.]", vanity) if part and not any(letter.isdigit() for letter in part)]
        person = self._from_id(tail or tail_for(self._seed, key_of(vanity)))
        person.public_id = plain_vanity(vanity)
        if parts:  # a vanity mostly spells the name, and a client that compares names must find them alike
            person.first_name = parts[0].capitalize()
            person.last_name = " ".join(part.capitalize() for part in parts[1:])
        return person

    def _from_id(self, tail: str) -> SimulatedPerson:
        luck = chances("character", self._seed, tail)
        first, last = pick(names.FIRST, luck[7]), pick(names.LAST, luck[8])
        return SimulatedPerson(
            tail=tail,
            public_id=plain_vanity(f"{first}-{last}-{digest('vanity', tail).hex()[:8]}"),
            first_name=first,
            last_name=last,
            company=pick(names.COMPANIES, luck[9]),
            title=pick(names.TITLES, luck[10]),
            location=pick(names.PLACES, luck[11]),
            degree=pick(("SECOND_DEGREE", "SECOND_DEGREE", "THIRD_DEGREE", "OUT_OF_NETWORK"), luck[12]),
            luck=luck,
        )


def pick(among: tuple[str, ...], chance: float) -> str:
    """The entry at that place."""
    return among[int(chance * len(among))]


def long_ago(chance: float, now: datetime) -> datetime:
    """A moment between one month and three years back, for relations that were there before."""
    return now - timedelta(days=30 + chance * 1000)
