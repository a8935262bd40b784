"""The whole of Tact on one machine: servers, schema, topics, simulator, the four services, and one address for users.

The same processes as anywhere else; only what the settings do not name is started here.
"""

import asyncio
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg
import httpx

from embedded.addresses import Addresses, forget_addresses, write_addresses
from embedded.child import Child
from embedded.gateway import Gateway
from embedded.kafka import KafkaServer
from embedded.ports import LOOPBACK, require_free
from embedded.postgres import PostgresServer
from embedded.settings import StackSettings
from shared.db import migrate
from shared.kafka.admin import create_topics

SERVICES: Final = ("queuer", "sender", "poller", "healer")
READY_WITHIN: Final = 60.0
STOP_WITHIN: Final = 30.0
DATABASE: Final = "tact"


class Stack:
    """Starts in order, stops in the opposite one; a child that dies is noticed."""

    def __init__(self, settings: StackSettings, folder: Path, *, say: Callable[[str], None], world: Path | None = None) -> None:
        self._settings = settings
        self._folder = folder
        self._say = say
        self._world = world
        self.environment: dict[str, str] = {}
        """More settings for the services, for tests that want other deadlines."""
        self._postgres: PostgresServer | None = None
        self._kafka: KafkaServer | None = None
        self._children: dict[str, Child] = {}
        self._gateway: Gateway | None = None
        self._cron_secret = settings.cron_secret.get_secret_value() if settings.cron_secret else secrets.token_urlsafe(18)
        self._webhook_secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else secrets.token_urlsafe(18)
        self._api_key = settings.unipile_api_key.get_secret_value() if settings.unipile_api_key else "simulated-" + secrets.token_hex(8)

    @property
    def simulator_log(self) -> Path:
        """The simulator's own log: the judge reads it."""
        return self._folder / "simulator.jsonl"

    @property
    def logs(self) -> Path:
        """What the processes write."""
        return self._folder / "logs"

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
            pids={name: child.pid for name, child in self._children.items()},
        )

    def child(self, name: str) -> Child:
        """One of its processes: queuer, sender, poller, healer or simulator."""
        return self._children[name]

    def forget(self, name: str) -> None:
        """Do not mind that this process ends: a test is about to kill it."""
        self._children.pop(name)

    async def up(self) -> None:
        """Start everything and return when every service is ready.

        Raises:
            StackError, EmbeddedError, PortInUseError, ChildError, SchemaError: one sentence that says what to do.
        """
        self._check_ports()
        self._folder.mkdir(parents=True, exist_ok=True)
        await asyncio.gather(self._start_postgres(), self._start_kafka())
        await self._prepare()
        await self._start_simulator()
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
        await asyncio.gather(*(self._stop(name) for name in SERVICES))

    async def stop_servers(self) -> None:
        """Stop what the services stood on."""
        await self._stop("simulator")
        if self._kafka:
            await self._kafka.stop()
            self._kafka = None
        if self._postgres:
            await self._postgres.stop()
            self._postgres = None
        forget_addresses(self._folder)

    def kill(self) -> None:
        """End everything now: the second Ctrl-C."""
        for child in self._children.values():
            child.kill()
        for server in (self._kafka, self._postgres):
            if server:
                server.kill()

    async def watch(self) -> str:
        """Wait until a process ends that should not; returns its story."""
        while True:
            for name, child in self._children.items():
                if (code := child.returncode) is not None:
                    return f"{name} ended by itself (status {code}). Its last lines, from {child.log}:\n{child.last_words()}"
            await asyncio.sleep(0.2)

    async def start_service(self, name: str) -> None:
        """Start one service and wait until it is ready."""
        port = getattr(self._settings, f"{name}_port")
        child = Child.start(
            name, [sys.executable, "-m", f"services.{name}"], log=self.logs / f"{name}.log", env=self._environment(), cwd=_repository()
        )
        self._children[name] = child
        await child.until(lambda: _answers(f"http://{LOOPBACK}:{port}/readyz"), within=READY_WITHIN)

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
        server = PostgresServer(self._folder / "postgres", self._settings.postgres_port, log=self.logs / "postgres.log")
        await server.start()
        self._postgres = server
        await server.ensure_database(DATABASE)

    async def _start_kafka(self) -> None:
        if self._settings.kafka is not None:
            return
        self._say("starting Kafka (the first time its jars are fetched, about 60 MB)")
        s = self._settings
        server = KafkaServer(self._folder / "kafka", s.kafka_port, s.kafka_controller_port, log=self.logs / "kafka.log")
        await server.start()
        self._kafka = server

    async def _prepare(self) -> None:
        a = self.addresses
        self._say("bringing schema and topics up to date")
        await asyncio.gather(migrate.apply(a.database_url), create_topics(a.kafka, replication=self._settings.kafka_replication))
        if self._settings.clock_start is not None or self._settings.clock_speed != 1.0:
            await self._set_clock(a.database_url)

    async def _set_clock(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            if await connection.fetchval("SELECT version > 0 FROM stack_clock"):
                return  # it has run before: time does not go back
            await connection.execute(
                """UPDATE stack_clock SET anchored_at = clock_timestamp(), business_at = coalesce($1, clock_timestamp()),
                                          speed = $2, leaps = $3, version = 1""",
                self._settings.clock_start,
                self._settings.clock_speed,
                self._settings.clock_leaps,
            )
        finally:
            await connection.close()

    async def _start_simulator(self) -> None:
        if self._settings.unipile_url is not None:
            return
        self._say("starting the Unipile simulator")
        a = self.addresses
        argv = [sys.executable, "-m", "simulator.unipile", "--port", str(self._settings.simulator_port), "--api-key", a.unipile_api_key]
        argv += ["--clock-database", a.database_url, "--log", str(self.simulator_log)]
        argv += ["--world", str(self._world)] if self._world else []
        child = Child.start("simulator", argv, log=self.logs / "simulator.log", cwd=_repository())
        self._children["simulator"] = child
        await child.until(lambda: _answers(f"{a.unipile_url}/_sim/state"), within=READY_WITHIN)

    async def _stop(self, name: str) -> None:
        if (child := self._children.pop(name, None)) is not None and not await child.stop(within=STOP_WITHIN):
            self._say(f"{name} did not stop in {STOP_WITHIN:.0f} s and was ended; its log: {child.log}")


def _repository() -> Path:
    return Path(__file__).resolve().parent.parent


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        try:
            return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False
