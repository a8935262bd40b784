"""Invitations (UNIPILE §2.2)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from simulator.unipile.api import shapes
from simulator.unipile.api.call import Act, ApiAnswer, ApiCall, account_in
from simulator.unipile.api.paging import OffsetPage
from simulator.unipile.api.reading import account_id_of, json_of, optional, required
from simulator.unipile.world.accounts import Invitation, SimulatedAccount
from simulator.unipile.world.ids import is_classic
from simulator.unipile.world.refusals import ID_FORMAT, refuse
from simulator.unipile.world.world import World

Shape = Callable[[Invitation], dict[str, object]]
MOST_SENT = 250
MOST_RECEIVED = 100
LISTED = 10
"""Invitations of a page when the call names no limit."""
MILESTONES = (50, 75, 90, 95)  # `usage` comes only with the send that crosses one of these percentages


class InvitationRoutes:
    """Sending, listing, taking back; receiving and answering."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, call: ApiCall) -> Act:
        """POST /users/invite. There is no idempotency key: a second identical call is refused, not recognised."""
        body = await json_of(call.request)
        call.account_id = required(body.get("account_id"), "account_id")
        call.text = optional(body.get("message"), "message")
        optional(body.get("user_email"), "user_email")
        provider_id = required(body.get("provider_id"), "provider_id")
        if not is_classic(provider_id):
            raise refuse("invalid_parameters", ID_FORMAT)
        call.recipient = self._world.people.find_or_make(provider_id, self._world.behaviour)

        def act(now: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            invitation = self._world.invite(account, self._world.person(provider_id), call.text, now)
            call.done(invitation.id, now)
            answer: dict[str, object] = {"object": "UserInvitationSent", "invitation_id": invitation.id}
            return ApiAnswer(self._world.behaviour.invite_status, answer | self._usage(account))

        return act

    async def sent(self, call: ApiCall) -> Act:
        """GET /users/invite/sent: only pending ones, newest first, as they were a little while ago."""
        call.account_id = account_id_of(call.request)
        asked = OffsetPage.of(call.request, MOST_SENT, LISTED)

        def act(now: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            visible = account.visible_sent(now - timedelta(seconds=self._world.behaviour.invite_list_lag_s))
            return _invitations(*asked.newest_first(account.sent, visible), lambda one: shapes.invitation_sent(one, now))

        return act

    async def cancel(self, call: ApiCall) -> Act:
        """DELETE /users/invite/sent/{id}."""
        call.account_id = account_id_of(call.request)
        invitation_id = call.request.match_info["id"]
        account = self._world.accounts.get(call.account_id)
        pending = account.pending.get(invitation_id) if account else None
        call.recipient = pending.person if pending else None

        def act(now: datetime) -> ApiAnswer:
            self._world.withdraw(account_in(self._world, call), invitation_id, now)
            call.done(invitation_id, now)
            return ApiAnswer(200, {"object": "InvitationCanceled"})

        return act

    async def received(self, call: ApiCall) -> Act:
        """GET /users/invite/received."""
        call.account_id = account_id_of(call.request)
        asked = OffsetPage.of(call.request, MOST_RECEIVED, LISTED)

        def act(now: datetime) -> ApiAnswer:
            received = account_in(self._world, call).received
            return _invitations(*asked.newest_first(received), lambda one: shapes.invitation_received(one, now))

        return act

    async def handle(self, call: ApiCall) -> Act:
        """POST /users/invite/received/{id}: accept or decline, with the secret the list showed."""
        body = await json_of(call.request)
        call.account_id = required(body.get("account_id"), "account_id")
        secret = required(body.get("shared_secret"), "shared_secret")
        action = required(body.get("action"), "action")
        if action not in ("accept", "decline"):
            raise refuse("invalid_action", "action must be accept or decline.")
        invitation_id = call.request.match_info["id"]

        def act(now: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            waiting = next((one for one in account.received if one.id == invitation_id), None)
            if waiting is not None and shapes.shared_secret(waiting) != secret:
                raise refuse("invalid_parameters", "shared_secret does not belong to this invitation.")
            done = self._world.handle_received(account, invitation_id, accept=action == "accept", now=now)
            call.recipient = done.person
            call.done(invitation_id, now)
            return ApiAnswer(200, {"object": "UserInvitationHandled", "status": "ACCEPTED" if action == "accept" else "DECLINED"})

        return act

    def _usage(self, account: SimulatedAccount) -> dict[str, object]:
        limit = self._world.behaviour.weekly_invitation_limit
        if not limit:
            return {}
        used, before = len(account.invited_at) * 100 / limit, (len(account.invited_at) - 1) * 100 / limit
        crossed = [mark for mark in MILESTONES if before < mark <= used]
        return {"usage": crossed[-1]} if crossed else {}


def _invitations(rows: Sequence[Invitation], cursor: str | None, shape: Shape) -> ApiAnswer:
    return ApiAnswer(200, {"object": "InvitationList", "items": [shape(one) for one in rows], "cursor": cursor})
