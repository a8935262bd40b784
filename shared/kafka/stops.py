"""Consumers that stopped, as rows: people are told from them, and by them let a consumer go on without a restart."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from shared.db.queries import load
from shared.db.statements import write_audit_line
from shared.kafka.inbox import Inbox

queries = load(__file__)


class Stops:
    """One process's part; `round` is a job of every service."""

    def __init__(self, pool: asyncpg.Pool, inbox: Inbox, *, instance: str) -> None:
        self._pool = pool
        self._inbox = inbox
        self._instance = instance
        self._rows: dict[str, int] = {}

    async def round(self) -> None:
        """Say what has stopped, and go on where a person said so."""
        for topic, why in self._inbox.stopped.items():
            if topic not in self._rows:
                group = self._inbox.group(topic)
                self._rows[topic] = await queries.say(self._pool, instance=self._instance, topic=topic, group_name=group, why=why)
        if not self._rows:
            return
        still = {row["id"] async for row in queries.still(self._pool, ids=sorted(self._rows.values()))}
        for topic, row_id in list(self._rows.items()):
            if row_id not in still:
                del self._rows[topic]
                self._inbox.resume(topic)


async def open_stops(connection: asyncpg.Pool, group: str | None = None) -> list[Mapping[str, Any]]:
    """Consumers that stopped and nobody let go on: instance, topic, group_name, why, stopped_at, seen_at (technical)."""
    return [row async for row in queries.open_stops(connection, group_name=group)]


async def let_go_on(pool: asyncpg.Pool, group: str, *, actor: str) -> list[Mapping[str, Any]]:
    """Let the stopped consumers of a group go on within seconds; returns what had stopped, and leaves a line in the audit log."""
    async with pool.acquire() as connection, connection.transaction():
        rows = [row async for row in queries.let_go_on(connection, group_name=group, actor=actor)]
        if rows:
            details = {"why": rows[0]["why"], "processes": len(rows)}
            await write_audit_line(connection, actor, "resume", "consumer", group, details=details)
    return rows
