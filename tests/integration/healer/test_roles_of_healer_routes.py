"""Every route of the healer asks for a token and a role: a route that is missing in the table fails, as one without a role does."""

from contextlib import AsyncExitStack
from typing import Final

import asyncpg

from tests.integration.healer.health_stage import a_stage
from tests.support.route_roles import list_routes, weakest_roles

OPERATOR: Final = frozenset(
    {
        "DELETE /api/notices/channels/{channel_id}",
        "PATCH /api/notices/channels/{channel_id}",
        "POST /api/admin/data-integrity",
        "POST /api/findings/{finding_id}/apply",
        "POST /api/findings/{finding_id}/refuse",
        "POST /api/findings/{finding_id}/undo",
        "POST /api/notices/channels",
        "POST /api/notices/channels/{channel_id}/test",
        "POST /api/unknown/{attempt_id}/resolve",
        "PUT /api/admin/data-integrity/objective",
    }
)
PLATFORM: Final = frozenset({"GET /api/dead-letters", "GET /api/dead-letters/{letter_id}"})
"""Dead letters may hold rows of every workspace."""
SECRET: Final = frozenset({"POST /api/cron/cleanup", "POST /api/cron/cleanup-corrupted-statuses"})
"""Routes for a scheduler, which has a secret and no token."""


def role_of(route: str) -> str:
    """The weakest caller that the route may admit."""
    if route in PLATFORM:
        return "platform"
    return "operator" if route in OPERATOR else "viewer"


async def test_every_route_admits_its_role_and_no_weaker_caller(database: str, pool: asyncpg.Pool) -> None:
    async with a_stage(database, pool) as stage, AsyncExitStack() as open_clients:
        tokens = {"none": None, "wrong": "tact_wrong", "viewer": stage.viewer, "operator": stage.operator, "platform": stage.platform}
        clients = {name: await open_clients.enter_async_context(stage.client(token)) for name, token in tokens.items()}
        routes = await list_routes(clients["none"])
        found = await weakest_roles(clients, routes)
    assert len(routes) > 25
    assert found == {route: role_of(route) for route in routes if route not in SECRET}
    assert set(routes) >= OPERATOR | PLATFORM | SECRET, "a route of the table is gone"
