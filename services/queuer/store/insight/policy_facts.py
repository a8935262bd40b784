"""The policy's facts about planned sends, the same that the sender decides on, for pages that only show the policy's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import fetch_all, load
from shared.policy.rows import PolicyFacts

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class SendFacts(PolicyFacts):
    """The facts of one planned send."""

    send_id: UUID


async def load_facts(connection: Connection, send_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, SendFacts]:
    """The facts by send; a send that does not exist any more has none."""
    return {facts.send_id: facts for facts in await fetch_all(connection, queries.facts, SendFacts, send_ids=send_ids, now=now)}
