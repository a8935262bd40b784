"""The servers and the two services under measurement, as processes of their own."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from bench.bare import KEY
from embedded.kafka import KafkaServer
from embedded.ports import LOOPBACK, free_port, free_ports
from embedded.postgres import PostgresServer
from embedded.process_group import ProcessGroup
from embedded.ready import answers, listens
from shared.db.migrate import apply
from shared.kafka.admin import create_topics

SERVICES: Final = ("queuer", "sender")
READY_WITHIN: Final = 60.0
PATIENCE: Final = 5.0
MEMORY: Final = {"shared_buffers": "2GB"}
"""The larger loads fit: a server of theirs has a quarter of its memory for it (PostgreSQL's "Resource Consumption"), and with the 256 MB of
`make demo` they would measure how pages are copied between two caches."""
STATEMENTS: Final = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track_utility": "off"}


class BenchError(Exception):
    """The bench cannot go on; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How the services are run: as they are, under cProfile, or (`bench.parts`) with their tasks timed; files go to the folder named."""

    profiles: Path | None = None
    parts: Path | None = None


class BenchStack:
    """PostgreSQL (durable), Kafka and the stub; made by `bench_stack`."""

    def __init__(self, processes: ProcessGroup, postgres: PostgresServer, kafka: KafkaServer, stub_port: int, measured: Measured) -> None:
        self._processes, self._postgres, self._kafka, self._measured = processes, postgres, kafka, measured
        self.provider = f"http://{LOOPBACK}:{stub_port}"
        self.pids: dict[str, int] = {}
        for server in (postgres, kafka):
            if server.child is not None:
                self.pids[server.name.lower()] = server.child.pid

    async def database(self, name: str) -> str:
        """The address of a new database with our schema."""
        await self._postgres.drop_database(name)
        address = await self._postgres.create_database(name)
        await apply(address)
        return address

    async def drop_database(self, name: str) -> None:
        """Drop that database, so that no autovacuum works on it while the next is measured."""
        await self._postgres.drop_database(name)

    @asynccontextmanager
    async def services(self, database_url: str) -> AsyncIterator[None]:
        """Queuer and sender on that database, stopped in order at the end. Their other settings are the user's or the defaults."""
        ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        env = {"TACT_DATABASE_URL": database_url, "TACT_KAFKA": self._kafka.bootstrap, "TACT_UNIPILE_URL": self.provider}
        env |= {"TACT_UNIPILE_API_KEY": KEY, "TACT_LOG_LEVEL": "WARNING"}
        env["TACT_THROW_AWAY"] = "true"  # durable all the same; each load has a database of its own beside one Kafka
        env |= {f"TACT_{name.upper()}_PORT": str(port) for name, port in ports.items()}
        try:
            for name in SERVICES:
                ready = answers(f"http://{LOOPBACK}:{ports[name]}/readyz")
                child = await self._processes.start_module(
                    name, *self._module(name, database_url), env=env, ready=ready, within=READY_WITHIN
                )
                self.pids[name] = child.pid
            yield
        finally:
            for name in reversed(SERVICES):
                with contextlib.suppress(OSError):
                    await self._processes.stop(name, within=40.0)
                self.pids.pop(name, None)

    async def taken(self) -> int:
        """How many invitations the stub has taken since it started."""
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            return int((await client.get(f"{self.provider}/_stub")).json()["invitations"])

    def check(self) -> None:
        """Raise BenchError when a process has died."""
        for death in self._processes.deaths:
            raise BenchError(f"A process under measurement ended: {death}")

    def _module(self, name: str, database_url: str) -> list[str]:
        """The module that runs the service, and its arguments."""
        module = f"services.{name}"
        if (parts := self._measured.parts) is not None:
            return ["bench.parts", module, str(parts / f"{name}.json")]
        if (profiles := self._measured.profiles) is None:
            return [module]
        profiles.mkdir(parents=True, exist_ok=True)
        written = profiles.resolve() / f"{name}-{database_url.rpartition('/')[2].partition('?')[0]}.prof"
        return ["cProfile", "-o", str(written), "-m", module]


@asynccontextmanager
async def bench_stack(folder: Path, measured: Measured = Measured()) -> AsyncIterator[BenchStack]:
    """Start the servers and the stub in `folder`; everything is stopped when the block is left, however.

    Raises:
        EmbeddedError, PortInUseError, ChildError: they cannot run here, or not now; the sentence says what to do.
    """
    kafka_port, controller, stub_port = *free_ports(2), free_port()
    postgres = PostgresServer(folder / "postgres", free_port(), durable=True, more=MEMORY | (STATEMENTS if measured.parts else {}))
    kafka = KafkaServer(folder / "kafka", kafka_port, controller)
    async with ProcessGroup(folder / "logs") as processes:
        await processes.run(postgres)
        await processes.run(kafka)
        await create_topics(kafka.bootstrap)
        child = await processes.start_module("stub", "bench.stub", str(stub_port), ready=listens(stub_port))
        made = BenchStack(processes, postgres, kafka, stub_port, measured)
        made.pids["stub"] = child.pid
        yield made
