"""From what a person types to the people who may be meant: an id, an address on LinkedIn, an e-mail address or a full name."""

import re
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from services.queuer.store.insight.explain import FoundRow, find_people
from shared.db.pool import Connection
from shared.people.identifiers import IdKind, LinkedInId, linkedin_identity
from shared.refusals import Refused

MOST: Final = 20
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person in one campaign. `id` is the prospect's, else the imported row's, else the lead's."""

    id: UUID
    first_name: str
    last_name: str
    company: str
    identity: str
    campaign: str | None


async def find_person(connection: Connection, word: str, campaign_id: UUID | None) -> list[FoundPerson]:
    """The people whom the word may mean, at most twenty; of several enrolments in one campaign the last one.

    Raises:
        Refused: the word holds what no name can hold.
    """
    if "\0" in word:
        raise Refused("The name contains a control character; remove it.", details={"field": "person"})
    newest = {(row.lead_id, row.campaign_name): row for row in reversed(await _find(connection, word, campaign_id))}
    return [
        FoundPerson(
            row.prospect_id or row.approval_id or row.lead_id, row.first_name, row.last_name, row.company, row.identity, row.campaign_name
        )
        for row in newest.values()
    ]


async def _find(connection: Connection, word: str, campaign_id: UUID | None) -> list[FoundRow]:
    """The word as what it can be; an address on LinkedIn is brought to the form in which people are stored.

    The database lower-cases names itself: PostgreSQL makes one letter i of İ where Python makes two, and no row would be found.
    """
    find = partial(find_people, connection, most=MOST, campaign_id=campaign_id)
    text = unicodedata.normalize("NFC", word.strip())
    if _UUID.fullmatch(text):
        return await find(some_id=UUID(text))
    if "@" in text:
        return await find(email=text)
    if any(letter.isspace() for letter in text):
        return await find(name=" ".join(text.split()))
    person = linkedin_identity(text)
    if not isinstance(person, LinkedInId):
        return await find(name=text)
    return await (find(vanity=person.value, name=text) if person.kind is IdKind.VANITY else find(linkedin_id=person.value, name=text))
