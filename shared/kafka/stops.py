"""Consumers that stopped, as rows: operators are notified from them, and resume a consumer through them without a restart."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.db.queries import fetch_all, fetch_column, load, require_value
from shared.db.statements import write_audit_line
from shared.kafka.inbox import Inbox

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class StoppedConsumer:
    """A consumer that stopped and was not resumed; its moments are technical."""

    id: int
    instance: str
    topic: str
    group_name: str
    why: str
    stopped_at: datetime
    seen_at: datetime


class Stops:
    """One process's part; `round` is a job of every service."""

    def __init__(self, pool: asyncpg.Pool, inbox: Inbox, *, instance: str) -> None:
        self._pool = pool
        self._inbox = inbox
        self._instance = instance
        self._rows: dict[str, int] = {}

    async def round(self) -> None:
        """Record the consumers that stopped, and resume those that a person has resumed."""
        for topic, why in self._inbox.stopped.items():
            if topic not in self._rows:
                group = self._inbox.group(topic)
                self._rows[topic] = await require_value(
                    self._pool, queries.record_stop, int, instance=self._instance, topic=topic, group_name=group, why=why
                )
        if not self._rows:
            return
        stopped = await fetch_column(self._pool, queries.keep_stopped, int, ids=sorted(self._rows.values()))
        for topic, row_id in list(self._rows.items()):
            if row_id not in stopped:
                del self._rows[topic]
                self._inbox.resume(topic)


async def load_stopped(connection: asyncpg.Pool, group: str | None = None) -> list[StoppedConsumer]:
    """The consumers that stopped and were not resumed, of all groups or of one."""
    return await fetch_all(connection, queries.stopped, StoppedConsumer, group_name=group)


async def resume_group(pool: asyncpg.Pool, group: str, *, actor: str) -> list[StoppedConsumer]:
    """Let the stopped consumers of a group continue within seconds; returns what had stopped, and leaves a line in the audit log."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await fetch_all(connection, queries.resume, StoppedConsumer, group_name=group, actor=actor)
        if rows:
            details = {"why": rows[0].why, "processes": len(rows)}
            await write_audit_line(connection, actor, "resume", "consumer", group, details=details)
    return rows
