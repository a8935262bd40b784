"""The stack of a run: three brokers, PostgreSQL, the simulator, and services of which every one may die at any moment.

A service that ends is started again, as Kubernetes does it in a deployment.
"""

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from embedded.cache import REPOSITORY
from embedded.chaos.plan import BROKERS, SERVICES, START, ChaosPlan
from embedded.child import ChildError
from embedded.kafka import KafkaCluster, KafkaServer
from embedded.ports import LOOPBACK, PortInUseError, free_ports
from embedded.postgres import PostgresServer
from embedded.process_group import Command, ProcessGroup
from embedded.ready import answers
from embedded.stack import DATABASE, SERVER_STOPS_WITHIN, STOP_WITHIN, set_clock, start_simulator
from shared.db import migrate
from shared.kafka.admin import create_topics

READY_WITHIN: Final = 90.0
RETRY_AFTER: Final = 0.5
RETRIES: Final = 20
SKEWS: Final = dict(zip(SERVICES, ("PT2S", "-PT2S", "-PT2S", "PT2S", "PT1S", "-PT1S"), strict=True))
"""The error of each service's clock: two senders are four seconds apart."""


class ChaosStack:
    """Started by `up`, taken down by `down`; its files are in `folder`."""

    def __init__(self, plan: ChaosPlan, folder: Path, world: Mapping[str, Any], *, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._world = world
        self._say = say
        names = [*SERVICES, "sender-3", "queuer-3"]
        postgres_port, self._simulator_port, *rest = free_ports(len(names) + 2 + 2 * BROKERS)
        self.processes = ProcessGroup(folder / "logs", say=say)
        self.postgres = PostgresServer(folder / "postgres", postgres_port, log=self.processes.log_of("postgres"))
        self.cluster = KafkaCluster(folder / "kafka", [(rest.pop(), rest.pop()) for _ in range(BROKERS)])
        self._key, self._secret = "simulated-" + secrets.token_hex(8), secrets.token_urlsafe(18)
        ports = dict(zip(names, rest, strict=True))
        self._services = [self._service(name, ports) for name in names]

    @property
    def dsn(self) -> str:
        """The database's address, as its owner."""
        return self.postgres.dsn(DATABASE)

    @property
    def unipile(self) -> str:
        """The simulator's address."""
        return f"http://{LOOPBACK}:{self._simulator_port}"

    @property
    def log(self) -> Path:
        """The simulator's own log, which the judge reads."""
        return self._folder / "simulator.jsonl"

    @property
    def ended_by_themselves(self) -> dict[str, int]:
        """How often each process ended although no fault was injected into it."""
        return dict(Counter(death.name for death in self.processes.deaths))

    def broker(self, name: str) -> KafkaServer:
        """The node of that name: broker-1 and so on."""
        return self.cluster.nodes[int(name.rpartition("-")[2]) - 1]

    async def up(self, seed: Callable[[str], Any]) -> None:
        """Servers, schema, topics and rows; then simulator and services.

        Raises:
            EmbeddedError, PortInUseError, ChildError, SchemaError, TopicError: one sentence that says what to do.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._say("starting PostgreSQL and three brokers")
        await asyncio.gather(self.processes.run(self.postgres), self.processes.run(self.cluster))
        await self.postgres.ensure_database(DATABASE)
        await migrate.apply(self.dsn)
        await create_topics(self.cluster.bootstrap, replication=BROKERS)
        await seed(self.dsn)
        await set_clock(self.dsn, START, self._plan.speed, leaps=True)
        world = self._folder / "world.json"
        world.write_text(json.dumps(self._world), encoding="utf-8")
        await start_simulator(
            self.processes,
            self._simulator_port,
            api_key=self._key,
            database_url=self.dsn,
            log=self.log,
            world=world,
            seed=self._plan.seed,
        )
        self._say("starting two queuers, two senders, poller and healer")
        extra = [service for service in self._services if service.name not in SERVICES]
        await asyncio.gather(*(self.processes.run(service) for service in self._services if service not in extra))
        for service in extra:
            self.processes.add(service)

    async def stop_service(self, *names: str) -> None:
        """SIGTERM, as Kubernetes does."""
        await self.processes.stop(*names, within=STOP_WITHIN)

    async def down(self) -> None:
        """Services first, then the simulator and the servers."""
        await self.stop_service(*(service.name for service in self._services))
        await self.processes.stop_all(within=SERVER_STOPS_WITHIN)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Suspend a service or a server with all its processes for the time of the block; its connections stay open."""
        server = self.postgres if name == "postgres" else self.broker(name) if name.startswith("broker") else None
        with self.processes.frozen(server.child if server else self.processes.child(name)):
            yield

    async def restart_server(self, server: PostgresServer | KafkaServer) -> None:
        """Start a server that was just killed; its port or its old session may block the start for a moment."""
        for _ in range(RETRIES):
            try:
                await server.start()
            except (PortInUseError, ChildError) as error:
                self._say(f"{server.name} does not start yet: {str(error).splitlines()[0]}")
                await asyncio.sleep(RETRY_AFTER)
            else:
                return
        raise ChildError(f"{server.name} did not come back; see {self.processes.logs}")

    def _service(self, name: str, ports: Mapping[str, int]) -> Command:
        service = name.partition("-")[0]
        env = {
            "TACT_DATABASE_URL": self.dsn,
            "TACT_KAFKA": self.cluster.bootstrap,
            "TACT_UNIPILE_URL": self.unipile,
            "TACT_UNIPILE_API_KEY": self._key,
            "TACT_WEBHOOK_SECRET": self._secret,
            "TACT_PUBLIC_URL": f"http://{LOOPBACK}:{ports['poller-1']}",
            "TACT_POD_NAME": name,
            "TACT_CLOCK_SKEW": SKEWS.get(name, "PT0S"),
            "TACT_UNIPILE_TIMEOUT": "PT8S",
            # A disconnected account comes back: another account taking over would be right, and would not be what was promised.
            "TACT_HAND_OVER_AFTER": "P30D",
            "TACT_STATUS_EVERY": "PT2H",
            f"TACT_{service.upper()}_PORT": str(ports[name]),
            "PYTHONUNBUFFERED": "1",
        }
        if self._plan.brief:
            env |= {"TACT_UNIPILE_TIMEOUT": "PT3S", "TACT_SENDER_ACT_WITHIN": "PT2S", "TACT_HEALER_UPKEEP_EVERY": "PT1S"}
        env |= {key: value for key, value in os.environ.items() if key == "TACT_LOG_LEVEL"}
        return Command(
            name,
            [sys.executable, "-m", f"services.{service}"],
            log=self.processes.log_of(name),
            env=env,
            cwd=REPOSITORY,
            ready=answers(f"http://{LOOPBACK}:{ports[name]}/readyz"),
            within=READY_WITHIN,
            restarts=True,
        )
