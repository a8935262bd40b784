"""The path table under /api/v1: every route of UNIPILE §2.1 to §2.6 that the simulator plays, and no invented one."""

from aiohttp import web

from simulator.unipile.api.accounts import AccountRoutes, Registrations
from simulator.unipile.api.call import Action, Endpoint
from simulator.unipile.api.chats import Chats
from simulator.unipile.api.front import Front
from simulator.unipile.api.invitations import InvitationRoutes
from simulator.unipile.api.users import Users
from simulator.unipile.webhooks import WebhookDelivery
from simulator.unipile.world.world import World


def register(app: web.Application, *, front: Front, world: World, webhooks: WebhookDelivery) -> None:
    """Static paths before those with an identifier, which would swallow them."""
    users, invitations, chats = Users(world), InvitationRoutes(world), Chats(world)
    accounts, registrations = AccountRoutes(world), Registrations(world, webhooks)
    table: list[tuple[str, str, Action, Endpoint]] = [
        ("POST", "/users/invite", "invitation", invitations.send),
        ("GET", "/users/invite/sent", "read", invitations.sent),
        ("DELETE", "/users/invite/sent/{id}", "withdrawal", invitations.cancel),
        ("GET", "/users/invite/received", "read", invitations.received),
        ("POST", "/users/invite/received/{id}", "other", invitations.handle),
        ("GET", "/users/me", "read", users.me),
        ("GET", "/users/relations", "read", users.relations),
        ("GET", "/users/{identifier}", "profile_lookup", users.profile),
        ("POST", "/chats", "message", chats.start),
        ("GET", "/chats", "read", chats.list_chats),
        ("GET", "/chats/{id}", "read", chats.get),
        ("PATCH", "/chats/{id}", "other", chats.patch),
        ("GET", "/chats/{id}/messages", "read", chats.chat_messages),
        ("POST", "/chats/{id}/messages", "message", chats.send),
        ("GET", "/chats/{id}/attendees", "read", chats.chat_attendees),
        ("GET", "/messages", "read", chats.messages),
        ("GET", "/chat_attendees", "read", chats.attendees),
        ("GET", "/accounts", "read", accounts.list_accounts),
        ("GET", "/accounts/{id}", "read", accounts.get),
        ("POST", "/webhooks", "other", registrations.create),
        ("GET", "/webhooks", "read", registrations.list_webhooks),
        ("DELETE", "/webhooks/{id}", "other", registrations.delete),
    ]
    for method, path, action, endpoint in table:
        handler = front.handler(f"{method} {path}", action, endpoint)
        app.router.add_route(method, f"/api/v1{path}", handler)
        if path == "/users/{identifier}":  # one client says that a trailing slash avoids a redirect [?]: both are taken
            app.router.add_route(method, f"/api/v1{path}/", handler)
    app.router.add_route("*", "/{rest:.*}", front.unknown)
