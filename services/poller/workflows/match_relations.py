"""Acceptances: relations, from any source, matched with the people we invited.

The same for webhooks, reads and relations matched again; harmless to repeat, in any order and hours late. The observation is stored first,
so a fact that cannot be used yet is kept: our own record of the invitation may still be on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.poller.metrics import ACCEPTED, SETTLED
from services.poller.rules.matching import accepted_from, settles_unknown
from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenRelation
from services.poller.store import observations, people, prospects
from services.poller.store.prospects import ChangedEnrolment, LiveInvitation
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.envelope import enclose
from shared.contracts.topics import CONNECTIONS_ACCEPTED
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.statements import lock_leads
from shared.vocabulary import AttemptState

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MatchedRelations:
    """How many prospects became connected, and the person ids that were observed for the first time."""

    accepted: int
    new: frozenset[str]


async def note_relations(
    connection: Connection, account: ObservedAccount, relations: Sequence[SeenRelation], *, source: ObservationSource
) -> MatchedRelations:
    """Store the relations and match every one of them, also those observed before: a relation that is listed is true today."""
    new = await observations.record_relations(connection, account, relations, source=source)
    ours = await people.find_leads(connection, account, [(r.person_id, r.vanity) for r in relations])
    await lock_leads(connection, [lead for leads in ours.values() for lead in leads])
    accepted, waiting = 0, []
    for relation in relations:
        if leads := ours.get(relation.person_id):
            count, waits = await match_relation(connection, account, relation, leads, source=source, first_seen=relation.person_id in new)
            accepted += count
            waiting += [relation.person_id] * waits
    if waiting:
        await observations.add_unsettled(connection, account, waiting)
    return MatchedRelations(accepted, frozenset(new))


async def match_relation(
    connection: Connection,
    account: ObservedAccount,
    relation: SeenRelation,
    leads: Sequence[UUID],
    *,
    source: ObservationSource,
    first_seen: bool,
) -> tuple[int, bool]:
    """Make these (locked) leads' enrolments connected; how many became so, and whether an invitation is still open."""
    enrolments, waits = await settle_invitations(connection, account, relation, seen_in="relation")
    enrolments += await prospects.connect(connection, account, leads, accepted_from(first_seen=first_seen, source=source))
    await people.record_connection(connection, account, relation.person_id, relation.vanity, leads)
    for enrolment in enrolments:
        await _publish_acceptance(connection, account, enrolment, source)
    ACCEPTED.labels(source=source.value).inc(len(enrolments))
    return len(enrolments), waits


async def settle_invitations(
    connection: Connection, account: ObservedAccount, relation: SeenRelation, *, seen_in: str
) -> tuple[list[ChangedEnrolment], bool]:
    """An unknown invitation did arrive when its recipient is connected now and was not before.

    An invitation that is under way is left to the sender, whose answer is a moment away; True: match this relation again later.
    """
    enrolments: list[ChangedEnrolment] = []
    waits = False
    for invitation in await prospects.load_live_invitations(connection, account, relation.person_id):
        if not _is_proven(invitation, relation):
            waits = True
            continue
        evidence = {"kind": seen_in, "person_id": relation.person_id, "at": account.now, "by": "poller"}
        if await prospects.settle_as_accepted(connection, account, invitation, evidence):
            SETTLED.inc()
            log.info("an unknown invitation is settled as accepted", attempt=invitation.id, seen_in=seen_in)
            enrolments += await prospects.connect_proven(connection, account, invitation)
            await prospects.record_contact(connection, invitation)
    return enrolments, waits


async def _publish_acceptance(
    connection: Connection, account: ObservedAccount, enrolment: ChangedEnrolment, source: ObservationSource
) -> None:
    event = ConnectionAccepted(
        prospect_id=enrolment.id,
        campaign_id=enrolment.campaign_id,
        workspace_id=enrolment.workspace_id,
        account_id=account.id,
        lead_id=enrolment.lead_id,
        accepted_at=account.now,
        seen_by="webhook" if source is ObservationSource.WEBHOOK else "poll",
    )
    await put(connection, "poller", [enclose(CONNECTIONS_ACCEPTED, event, source="poller", key=account.id, at=account.now)])


def _is_proven(invitation: LiveInvitation, relation: SeenRelation) -> bool:
    return invitation.state is AttemptState.UNKNOWN and settles_unknown(
        decided_at=invitation.decided_at, picture=invitation.picture, happened_at=relation.happened_at
    )
