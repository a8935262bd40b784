"""The whole of Tact on one machine: servers, schema, topics, simulator, the four services, and one address for users.

The same processes as anywhere else; only what the settings do not name is started here.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg

from embedded.addresses import Addresses, forget_addresses, write_addresses
from embedded.cache import EmbeddedError
from embedded.child import ChildError
from embedded.gateway import Gateway
from embedded.kafka import KafkaServer
from embedded.ports import LOOPBACK, PortInUseError, require_free
from embedded.postgres import PostgresServer
from embedded.process_group import ProcessGroup
from embedded.ready import answers
from embedded.settings import StackSettings
from shared.db import migrate
from shared.db.migrate import SchemaError
from shared.kafka.admin import TopicError, create_topics

SERVICES: Final = ("queuer", "sender", "poller", "healer")
READY_WITHIN: Final = 60.0
STOP_WITHIN: Final = 30.0
SERVER_STOPS_WITHIN: Final = 15.0
DATABASE: Final = "tact"
STACK_ERRORS: Final = (EmbeddedError, PortInUseError, ChildError, SchemaError, TopicError)
"""A stack cannot run here, or not now; the sentence says what to do."""


class Stack:
    """Starts in order, stops in the opposite one; a process that dies is noticed."""

    def __init__(self, settings: StackSettings, folder: Path, *, say: Callable[[str], None], world: Path | None = None) -> None:
        self._settings = settings
        self._folder = folder
        self._say = say
        self._world = world
        self.environment: dict[str, str] = {}
        """More settings for the services, for tests that want other deadlines."""
        self.processes = ProcessGroup(folder / "logs", say=say)
        self._gateway: Gateway | None = None
        self._cron_secret = settings.cron_secret.get_secret_value() if settings.cron_secret else secrets.token_urlsafe(18)
        self._webhook_secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else secrets.token_urlsafe(18)
        self._api_key = settings.unipile_api_key.get_secret_value() if settings.unipile_api_key else "simulated-" + secrets.token_hex(8)

    @property
    def simulator_log(self) -> Path:
        """The simulator's own log: the judge reads it."""
        return self._folder / "simulator.jsonl"

    @property
    def addresses(self) -> Addresses:
        """Where everything is."""
        s = self._settings
        return Addresses(
            url=f"http://{LOOPBACK}:{s.port}",
            database_url=s.database_url or f"postgresql://postgres@{LOOPBACK}:{s.postgres_port}/{DATABASE}",
            kafka=s.kafka or f"{LOOPBACK}:{s.kafka_port}",
            unipile_url=s.unipile_url or f"http://{LOOPBACK}:{s.simulator_port}",
            services={name: f"http://{LOOPBACK}:{getattr(s, f'{name}_port')}" for name in SERVICES},
            cron_secret=self._cron_secret,
            webhook_secret=self._webhook_secret,
            unipile_api_key=self._api_key,
            pids={name: child.pid for name in ("simulator", *SERVICES) if (child := self.processes.child(name)) is not None},
        )

    async def up(self) -> None:
        """Start everything and return when every service is ready.

        Raises:
            EmbeddedError, PortInUseError, ChildError, SchemaError: one sentence that says what to do.
        """
        self._check_ports()
        self._folder.mkdir(parents=True, exist_ok=True)
        await asyncio.gather(self._start_postgres(), self._start_kafka())
        await self._prepare()
        if self._settings.unipile_url is None:
            self._say("starting the Unipile simulator")
            where = self.addresses
            await start_simulator(
                self.processes,
                self._settings.simulator_port,
                api_key=where.unipile_api_key,
                database_url=where.database_url,
                log=self.simulator_log,
                world=self._world,
            )
        self._say("starting queuer, sender, poller and healer")
        await asyncio.gather(*(self.start_service(name) for name in SERVICES))
        self._gateway = Gateway(self._settings.port, {name: getattr(self._settings, f"{name}_port") for name in SERVICES})
        await self._gateway.start()
        write_addresses(self._folder, self.addresses)

    async def down(self) -> None:
        """Services first, so that their last events find a broker; then the simulator, Kafka and PostgreSQL."""
        await self.stop_services()
        await self.stop_servers()

    async def stop_services(self) -> None:
        """Stop the gateway and the four services, in order, with their own deadlines."""
        if self._gateway:
            await self._gateway.stop()
            self._gateway = None
        await self.processes.stop(*SERVICES, within=STOP_WITHIN)

    async def stop_servers(self) -> None:
        """Stop the simulator, Kafka and PostgreSQL."""
        await self.processes.stop_all(within=SERVER_STOPS_WITHIN)
        forget_addresses(self._folder)

    async def start_service(self, name: str) -> None:
        """Start one service and wait until it is ready."""
        ready = answers(f"http://{LOOPBACK}:{getattr(self._settings, f'{name}_port')}/readyz")
        await self.processes.start_module(name, f"services.{name}", env=self._environment(), ready=ready, within=READY_WITHIN)

    def _environment(self) -> dict[str, str]:
        a = self.addresses
        ports = {f"TACT_{name.upper()}": str(port) for name, port in self._settings.ports().items()}
        return {
            **ports,
            "TACT_DATABASE_URL": a.database_url,
            "TACT_KAFKA": a.kafka,
            "TACT_UNIPILE_URL": a.unipile_url,
            "TACT_UNIPILE_API_KEY": a.unipile_api_key,
            "TACT_CRON_SECRET": a.cron_secret,
            "TACT_WEBHOOK_SECRET": a.webhook_secret,
            "TACT_PUBLIC_URL": self._settings.public_url or a.url,
            "TACT_NOTICES_TO_PRIVATE": str(self._settings.notices_to_private).lower(),
            "PYTHONUNBUFFERED": "1",
            **self.environment,
        }

    def _check_ports(self) -> None:
        wanted = {"port": "users", **{f"{name}_port": name for name in SERVICES}}
        if self._settings.unipile_url is None:
            wanted["simulator_port"] = "the simulator"
        for setting, what in wanted.items():
            require_free(getattr(self._settings, setting), what, f"TACT_{setting.upper()}")

    async def _start_postgres(self) -> None:
        if self._settings.database_url is not None:
            return
        self._say("starting PostgreSQL")
        server = PostgresServer(self._folder / "postgres", self._settings.postgres_port, log=self.processes.log_of("postgres"))
        await self.processes.run(server)
        await server.ensure_database(DATABASE)

    async def _start_kafka(self) -> None:
        if self._settings.kafka is not None:
            return
        self._say("starting Kafka (the first time its jars are fetched, about 60 MB)")
        s = self._settings
        await self.processes.run(
            KafkaServer(self._folder / "kafka", s.kafka_port, s.kafka_controller_port, log=self.processes.log_of("kafka"))
        )

    async def _prepare(self) -> None:
        a = self.addresses
        self._say("bringing schema and topics up to date")
        await asyncio.gather(migrate.apply(a.database_url), create_topics(a.kafka, replication=self._settings.kafka_replication))
        if self._settings.clock_start is not None or self._settings.clock_speed != 1.0:
            await set_clock(a.database_url, self._settings.clock_start, self._settings.clock_speed, leaps=self._settings.clock_leaps)


async def set_clock(dsn: str, start: datetime | None, speed: float, *, leaps: bool) -> None:
    """Set the clock of a stack that has not run before; business time never goes back."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            """UPDATE stack_clock SET anchored_at = clock_timestamp(), business_at = coalesce($1, clock_timestamp()),
                                      speed = $2, leaps = $3, version = 1
                WHERE version = 0""",
            start,
            speed,
            leaps,
        )
    finally:
        await connection.close()


async def start_simulator(
    processes: ProcessGroup, port: int, *, api_key: str, database_url: str, log: Path, world: Path | None = None, seed: int | None = None
) -> None:
    """Start the simulator on the clock of a stack's database.

    Raises:
        ChildError: it ended at once or was not ready in time; its last lines are quoted.
    """
    arguments = ["--port", str(port), "--api-key", api_key, "--clock-database", database_url, "--log", str(log)]
    arguments += ["--world", str(world)] if world else []
    arguments += ["--seed", str(seed)] if seed is not None else []
    ready = answers(f"http://{LOOPBACK}:{port}/_sim/state")
    await processes.start_module("simulator", "simulator.unipile", *arguments, ready=ready, within=READY_WITHIN)
