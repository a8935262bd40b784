"""Connections: JSON and UTC handled once, one database role per service, statements prepared once per connection."""

import json
from typing import Any

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
"""A connection of its own, or one a pool lent."""


def encode_json(value: object) -> str:
    """JSON text as PostgreSQL takes it; orjson refuses what JSON has no word for."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


async def prepare(connection: Connection) -> None:
    """Teach a new connection JSON both ways."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=encode_json, decoder=json.loads, schema="pg_catalog")


async def open_pool(dsn: str, *, role: str | None, size: int = 10, name: str = "tact") -> asyncpg.Pool:
    """A pool whose every connection works in `role`, with the least that role may do.

    Raises:
        OSError, asyncpg.PostgresError: the database is away or refuses; the caller waits and tries again, bounded.
    """
    settings: dict[str, Any] = {"application_name": name, "timezone": "UTC", "jit": "off"}
    if role is not None:
        settings["role"] = role
    return await asyncpg.create_pool(
        dsn, min_size=min(2, size), max_size=size, init=prepare, server_settings=settings, command_timeout=60, statement_cache_size=500
    )
