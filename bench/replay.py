"""`python -m bench.replay`: events a second of a dry replay, a replay and a move of a topic with 100,000 events."""

import argparse
import asyncio
import itertools
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from embedded.kafka import KafkaServer
from embedded.ports import free_port, free_ports
from embedded.postgres import PostgresServer
from embedded.unprivileged import remove
from operations.replay.engine import ReplayRequest, Servers, replay_range
from shared.contracts.event import Event
from shared.contracts.topics import TOPICS, Topic
from shared.db.migrate import apply
from shared.db.pool import open_pool
from shared.kafka.admin import create_topics
from shared.kafka.publisher import Publisher, Raw
from shared.runtime.settings import state_folder

MEASURED: Final = ("sends.due", "sends.completed", "replies.received", "accounts.status")
TARGET: Final = 10_000
"""Events a second."""
AT_ONCE: Final = 500
HOUSE: Final = "INSERT INTO workspaces (company_name, email) VALUES ('Bench', 'bench@example.com') RETURNING id"
ACCOUNTS: Final = """
INSERT INTO accounts (workspace_id, provider_account_id, name)
SELECT $1, 'acc-' || n, 'Account ' || n FROM generate_series(1, 200) n RETURNING id
"""


@asynccontextmanager
async def servers() -> AsyncIterator[tuple[str, str]]:
    """A database with our schema and a broker with our topics, both for this run alone; no service reads."""
    folder: Path = state_folder() / "bench-replay"
    await asyncio.to_thread(remove, folder)
    postgres, kafka = PostgresServer(folder / "postgres", free_port()), KafkaServer(folder / "kafka", *free_ports(2))
    try:
        await asyncio.gather(postgres.start(), kafka.start())
        database = await postgres.create_database("tact")
        await apply(database)
        await create_topics(kafka.bootstrap)
        yield database, kafka.bootstrap
    finally:
        await asyncio.gather(postgres.stop(), kafka.stop())
        await asyncio.to_thread(remove, folder)


def events(topic: str, many: int, workspace: UUID, accounts: Sequence[UUID]) -> Iterator[tuple[UUID, str]]:
    """What producers say, about as many people as there are events: account and body."""
    at = "2026-03-10T15:00:00Z"
    for number in range(many):
        account = accounts[number % len(accounts)]
        common = f'"workspace_id": "{workspace}", "account_id": "{account}"'
        match topic:
            case "sends.due":
                yield account, f'{{"send_id": "{uuid4()}", "account_id": "{account}", "dispatch_no": 1}}'
            case "sends.completed":
                yield (
                    account,
                    f'{{"send_id": "{uuid4()}", "prospect_id": "{uuid4()}", "campaign_id": "{uuid4()}", {common}, '
                    f'"message_type": "direct_message_1", "outcome": "sent", "at": "{at}"}}',
                )
            case "replies.received":
                yield account, f'{{"lead_id": "{uuid4()}", {common}, "message_id": "{uuid4()}", "kind": "human", "said_at": "{at}"}}'
            case _:
                yield account, f'{{{common}, "status": "usable", "version": 0}}'


async def fill(kafka: str, topic: Topic[Event], bodies: Iterator[tuple[UUID, str]]) -> None:
    """Publish them; in small batches, which a broker that has just started takes too."""
    publisher = Publisher(kafka, client_id="bench", fatal=lambda _why: None)
    await publisher.start()
    try:
        while batch := [_record(topic, key, body) for key, body in itertools.islice(bodies, AT_ONCE)]:
            await publisher.publish_raw(batch)
    finally:
        await publisher.stop()


def _record(topic: Topic[Event], key: UUID, body: str) -> Raw:
    topic.message.model_validate_json(body)  # a bench of poison would be fast
    return Raw(topic.name, str(key).encode(), body.encode(), [("ce_type", topic.event_type.encode())])


async def measure(many: int) -> bool:
    """Print a line for each topic; whether all of them are fast enough."""
    fast = True
    async with servers() as (database, kafka):
        pool = await open_pool(database, role="tact_queuer", size=4, name="bench")
        connection = await asyncpg.connect(database)
        workspace = await connection.fetchval(HOUSE)
        accounts = [row["id"] for row in await connection.fetch(ACCOUNTS, workspace)]
        await connection.close()
        for name in MEASURED:
            topic = TOPICS[name]
            await fill(kafka, topic, events(name, many, workspace, accounts))
            rates = []
            for applied in (False, True):
                began, cpu = time.perf_counter(), time.process_time()
                answer = await replay_range(
                    ReplayRequest(topic=topic, since="beginning", reason="bench", apply=applied), Servers(pool, kafka)
                )
                seconds = time.perf_counter() - began
                if answer["events"] != many:
                    raise SystemExit(f"{name} has {answer['events']} events instead of {many}.")
                published = answer["applied"]["per_second"] if applied else 0
                rates.append((many / seconds, published, (time.process_time() - cpu) / many * 1e6))
            (dry, _, dry_cpu), (_, published, cpu_each) = rates
            fast = fast and min(dry, published) >= TARGET
            sys.stdout.write(
                f"{name:<18} dry {dry:>8,.0f}/s ({dry_cpu:.0f} µs of CPU each)   published {published:>8,.0f}/s "
                f"({cpu_each - dry_cpu:.0f} µs)\n"
            )
        await pool.close()
    return fast


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a topic is slower than 10,000 events a second."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="of each topic")
    chosen = parser.parse_args(arguments)
    if not 1 <= chosen.events <= 10_000_000:  # noqa: PLR2004 - what a disk bears
        parser.error(f"--events is {chosen.events}; give a number from 1 to 10,000,000.")
    logging.disable(logging.WARNING)
    return 0 if asyncio.run(measure(chosen.events)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
