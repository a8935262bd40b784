"""Profiles and relations (UNIPILE §2.1)."""

from datetime import datetime

from simulator.unipile.api import shapes
from simulator.unipile.api.call import Act, ApiAnswer, ApiCall, account_in
from simulator.unipile.api.paging import OffsetPage
from simulator.unipile.api.reading import account_id_of, cursor_of
from simulator.unipile.world.accounts import Bond
from simulator.unipile.world.ids import chances
from simulator.unipile.world.refusals import refuse
from simulator.unipile.world.world import World

MOST_RELATIONS = 1000


class Users:
    """Who a member is, and who an account knows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._looks = 0

    async def me(self, call: ApiCall) -> Act:
        """GET /users/me."""
        call.account_id = account_id_of(call.request)
        return lambda _: ApiAnswer(200, shapes.owner_profile(account_in(self._world, call)))

    async def profile(self, call: ApiCall) -> Act:
        """GET /users/{identifier}. A call for `profile` gets the member of that vanity, whatever the query says."""
        call.account_id = account_id_of(call.request)
        identifier = call.request.match_info["identifier"]
        call.recipient = self._world.people.find_or_make(identifier, self._world.behaviour)

        def act(_: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            person = self._world.person(identifier)
            if person.locked(self._world.behaviour):
                raise refuse("invalid_recipient")
            bond = self._world.bond(account, person)
            body = shapes.profile(
                person,
                distance=self._distance(account.id, self._world.distance(account, person)),
                relation=bond.relation,
                invitation=("SENT", "WITHDRAWN") if person is self._world.people.stranger else invitation_of(bond),
                is_self=person is account.owner,
            )
            return ApiAnswer(200, body | (shapes.sections(person) if call.request.query.get("linkedin_sections") else {}))

        return act

    async def relations(self, call: ApiCall) -> Act:
        """GET /users/relations, newest first."""
        call.account_id = account_id_of(call.request)
        query, cursor = call.request.query, cursor_of(call.request)
        asked = OffsetPage.of(call.request, MOST_RELATIONS, key="startIndex")
        wanted = str((cursor or query).get("filter") or "").casefold()

        def act(_: datetime) -> ApiAnswer:
            relations = account_in(self._world, call).relations
            if wanted:
                relations = [one for one in relations if wanted in one.person.name.casefold()]
            page, more = asked.newest_first(relations, filters={"filter": wanted} if wanted else None)
            return ApiAnswer(200, {"object": "UserRelationsList", "items": [shapes.relation(one) for one in page], "cursor": more})

        return act

    def _distance(self, account_id: str, distance: str) -> str | None:
        rate = self._world.behaviour.distance_missing_rate
        self._looks += 1
        return None if rate and chances("missing", self._world.seed, account_id, self._looks)[0] < rate else distance


def invitation_of(bond: Bond) -> tuple[str, str] | None:
    """Type and status for the profile; none once accepted."""
    if bond.received is not None:
        return "RECEIVED", "PENDING"
    if bond.last is None or bond.last.status == "ACCEPTED":
        return None
    return "SENT", bond.last.status
