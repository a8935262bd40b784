"""Every route of the queuer asks for a token and a role: a route that is missing in the table fails, as one without a role does."""

from contextlib import AsyncExitStack
from typing import Final

import asyncpg

from services.queuer.workflows.campaigns.create import create_campaign
from shared.vocabulary import CampaignType
from tests.integration.queuer.api_stage import Stage
from tests.support.route_roles import call_routes, list_routes, weakest_roles

VIEWER: Final = frozenset(
    {
        "GET /api/accounts",
        "GET /api/accounts/{account_id}/limits",
        "GET /api/accounts/{account_id}/schedule",
        "GET /api/campaigns",
        "GET /api/campaigns/{campaign_id}",
        "GET /api/campaigns/{campaign_id}/forecast",
        "GET /api/campaigns/{campaign_id}/schedule",
        "GET /api/prospects",
        "GET /api/prospects/{prospect_id}/explain",
        "GET /api/queue",
        "GET /api/queue/failed",
        "GET /api/queue/failed/{send_id}",
        "GET /api/status",
        "GET /api/suppressions",
        "GET /api/workspaces",
        "GET /api/workspaces/{workspace_id}/schedule",
    }
)
ADMIN: Final = frozenset({"GET /api/tokens", "POST /api/tokens", "POST /api/tokens/{token_id}/revoke"})
PLATFORM: Final = frozenset({"POST /api/workspaces", "PUT /api/accounts/{account_id}/exception"})
"""An administrator's as well; the body of a good request is refused to a token of a workspace."""
NO_TOKEN: Final = frozenset(
    {"POST /api/campaigns/direct/send-connection-requests", "POST /api/campaigns/direct/send-connection-requests-queued"}
)
"""Routes of older versions, which only say where to go instead."""
NEEDS_BODY: Final = frozenset({"PUT /api/accounts/{account_id}/exception", "PUT /api/leads/{lead_id}/timezone"})
"""Routes that read the body before they look for the row."""


def role_of(route: str) -> str:
    """The weakest caller that the route may admit."""
    if route in NO_TOKEN:
        return "none"
    if route in VIEWER:
        return "viewer"
    return "admin" if route in ADMIN | PLATFORM else "operator"


async def test_every_route_admits_its_role_and_no_weaker_caller(stage: Stage) -> None:
    tokens = {"none": None, "wrong": "tact_wrong", "viewer": stage.viewer, "operator": stage.operator, "admin": stage.foreign}
    async with AsyncExitStack() as open_clients:
        clients = {name: await open_clients.enter_async_context(stage.client(token)) for name, token in tokens.items()}
        routes = await list_routes(clients["none"])
        found = await weakest_roles(clients, routes)
    assert len(routes) > 40
    assert found == {route: role_of(route) for route in routes}
    assert set(routes) >= VIEWER | ADMIN | PLATFORM | NO_TOKEN, "a route of the table is gone"


async def test_another_workspaces_token_finds_none_of_our_rows(stage: Stage, pool: asyncpg.Pool) -> None:
    campaign = await create_campaign(
        pool,
        workspace_id=stage.ours,
        campaign_name="Ours",
        campaign_type=CampaignType.MESSENGER,
        message_templates={"direct_message_1": "Hi"},
        accounts=["Ana"],
    )
    async with stage.client(stage.operator) as client:
        entry = (await client.post("/api/suppressions", json={"entries": [{"kind": "domain", "value": "example.com"}]})).json()["entries"][
            0
        ]
    ids = {
        "workspace_id": stage.ours,
        "account_id": await pool.fetchval("SELECT id FROM accounts WHERE name = 'Ana'"),
        "campaign_id": campaign.campaign.id,
        "token_id": await pool.fetchval("SELECT id FROM api_tokens WHERE workspace_id = $1 LIMIT 1", stage.ours),
        "entry_id": entry["id"],
    }
    async with stage.client(stage.foreign) as client:
        routes = await list_routes(client)
        of_rows = [route for route in routes if any(f"{{{name}}}" in route for name in ids)]
        found = await call_routes(client, of_rows, ids)
        lists = [route.removeprefix("GET ") for route in routes if route.startswith("GET ") and "{" not in route]
        answers = {path: (await client.get(path)).text for path in lists}
    assert {route: status for route, status in found.items() if status != (422 if route in NEEDS_BODY else 404)} == {}
    ours = [str(value) for value in ids.values()]
    assert {path: text for path, text in answers.items() if any(value in text for value in ours)} == {}
