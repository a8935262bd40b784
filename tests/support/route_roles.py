"""What each route of an API answers to callers of every role; the API's own schema is the list of its routes."""

import re
from collections.abc import Collection, Mapping
from typing import Final

import httpx

METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})
ABSENT: Final = "00000000-0000-4000-8000-000000000000"
REFUSED: Final = frozenset({401, 403})


async def list_routes(client: httpx.AsyncClient) -> list[str]:
    """Every operation of the schema, such as `GET /api/queue`."""
    paths = (await client.get("/openapi.json")).json()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if method in METHODS]


async def call_routes(client: httpx.AsyncClient, routes: Collection[str], ids: Mapping[str, object] | None = None) -> dict[str, int]:
    """The status that each route answers with. A parameter of its path gets its value of `ids`, or an id that no row has; a body is
    an empty object, because the caller's role is checked before the body."""
    found = {}
    for route in routes:
        method, path = route.split(" ", 1)
        path = re.sub(r"\{(\w+)\}", lambda name: str((ids or {}).get(name[1], ABSENT)), path)
        answer = await client.request(method, path, json=None if method in {"GET", "DELETE"} else {})
        found[route] = answer.status_code
    return found


async def weakest_roles(clients: Mapping[str, httpx.AsyncClient], routes: Collection[str]) -> dict[str, str]:
    """Each route with the first of these callers, from the weakest to the strongest, that it does not answer with 401 or 403."""
    weakest: dict[str, str] = {}
    for name, client in clients.items():
        statuses = await call_routes(client, [route for route in routes if route not in weakest])
        weakest |= {route: name for route, status in statuses.items() if status not in REFUSED}
    return weakest
