"""The stack of a run: three brokers, PostgreSQL, the simulator, and services of which every one may die at any moment.

What Kubernetes does in a deployment is done here by `Member`: whoever ends is started again.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import psutil

from embedded.chaos.plan import BROKERS, SERVICES, START, Plan
from embedded.child import Child, ChildError
from embedded.kafka import KafkaCluster, KafkaServer
from embedded.ports import LOOPBACK, PortInUseError, free_ports
from embedded.postgres import PostgresServer
from shared.db import migrate
from shared.kafka.admin import create_topics

REPOSITORY: Final = Path(__file__).resolve().parents[2]
DATABASE: Final = "tact"
READY_WITHIN: Final = 90.0
STOP_WITHIN: Final = 30.0
LOOK_EVERY: Final = 0.1
AGAIN_AFTER: Final = 0.5
SKEWS: Final = ("PT2S", "-PT2S", "-PT2S", "PT2S", "PT1S", "-PT1S")
"""What each service's clock is wrong by, in the order of SERVICES: two senders are four seconds apart."""


class Member:
    """One service process, started again whenever it ends, unless it is `down` on purpose."""

    def __init__(self, name: str, port: int, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.port = port
        self.down = True
        self.ended_by_itself = 0
        self._environment = dict(environment)
        self._log = log
        self._child: Child | None = None

    @property
    def child(self) -> Child | None:
        """The process while there is one."""
        return self._child if self._child is not None and self._child.returncode is None else None

    def launch(self) -> None:
        """Start it, without waiting for it."""
        self.down = False
        argv = [sys.executable, "-m", f"services.{self.name.partition('-')[0]}"]
        self._child = Child.start(self.name, argv, log=self._log, env=self._environment, cwd=REPOSITORY)

    def kill(self) -> None:
        """SIGKILL, and stay down until it is launched again."""
        self.down = True
        if self._child is not None:
            self._child.kill()

    async def stop(self) -> bool:
        """SIGTERM, as Kubernetes does; False when it had to be killed."""
        self.down = True
        return self._child is None or await self._child.stop(within=STOP_WITHIN)

    def look_after(self) -> None:
        """Start it again when it ended although nobody asked it to."""
        if not self.down and self._child is not None and self._child.returncode is not None:
            self.ended_by_itself += 1
            self.launch()

    async def ready(self) -> bool:
        """Does it say that it does its work?"""
        return await answers(f"http://{LOOPBACK}:{self.port}/readyz")

    async def until_ready(self) -> None:
        """Wait for that, over as many starts as it takes.

        Raises:
            ChildError: it is not ready in time; its last lines are quoted.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_WITHIN
        while not await self.ready():
            if loop.time() > deadline:
                words = self._child.last_words() if self._child else ""
                raise ChildError(f"{self.name} was not ready within {READY_WITHIN:.0f} s; its last lines, from {self._log}:\n{words}")
            await asyncio.sleep(LOOK_EVERY)

    async def start(self) -> None:
        """Start it for the first time, when nothing may keep it from starting.

        Raises:
            ChildError: it ended at once, or is not ready in time; its last lines are quoted.
        """
        self.launch()
        if self._child is not None:
            await self._child.until(self.ready, within=READY_WITHIN)


class ChaosStack:
    """Started by `up`, taken down by `down`; what it runs on is in `folder`."""

    def __init__(self, plan: Plan, folder: Path, world: Mapping[str, Any], *, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._world = world
        self._say = say
        names = [*SERVICES, "sender-3", "queuer-3"]
        ports = free_ports(len(names) + 2 + 2 * BROKERS)
        postgres_port, self._simulator_port, *rest = ports
        kafka_ports = [(rest.pop(), rest.pop()) for _ in range(BROKERS)]
        self.postgres = PostgresServer(folder / "postgres", postgres_port, log=folder / "logs" / "postgres.log")
        self.cluster = KafkaCluster(folder / "kafka", kafka_ports)
        self._key, self._secret = "simulated-" + secrets.token_hex(8), secrets.token_urlsafe(18)
        self._simulator: Child | None = None
        self.members = {
            name: Member(name, port, self._environment(name, dict(zip(names, rest, strict=True))), folder / "logs" / f"{name}.log")
            for name, port in zip(names, rest, strict=True)
        }
        self._keeper: asyncio.Task[None] | None = None

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
        """The simulator's own log: what the judge reads."""
        return self._folder / "simulator.jsonl"

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
        await asyncio.gather(self.postgres.start(), self.cluster.start())
        await self.postgres.ensure_database(DATABASE)
        await migrate.apply(self.dsn)
        await create_topics(self.cluster.bootstrap, replication=BROKERS)
        await seed(self.dsn)
        await self._set_clock()
        await self._start_simulator()
        self._say("starting two queuers, two senders, poller and healer")
        await asyncio.gather(*(self.members[name].start() for name in SERVICES))
        self._keeper = asyncio.create_task(self._keep(), name="keep members")

    async def down(self) -> None:
        """Services first, then what they stood on."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await asyncio.gather(*(member.stop() for member in self.members.values()))
        if self._simulator is not None:
            await self._simulator.stop(within=STOP_WITHIN)
        await self.cluster.stop()
        await self.postgres.stop()

    def kill(self) -> None:
        """End everything now."""
        for member in self.members.values():
            member.kill()
        if self._simulator is not None:
            self._simulator.kill()
        self.cluster.kill()
        self.postgres.kill()

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Nothing of that name does anything meanwhile, a server's own processes included; its connections stay open."""
        held = [process for process in self._processes(name) if _signal(process, signal.SIGSTOP)]
        try:
            yield
        finally:
            for process in held:
                _signal(process, signal.SIGCONT)

    def _processes(self, name: str) -> Iterator[psutil.Process]:
        server = self.postgres if name == "postgres" else self.broker(name) if name.startswith("broker") else self.members[name]
        if server.child is not None:
            yield (first := psutil.Process(server.child.pid))
            yield from first.children(recursive=True)  # asked when the first stands still: it starts no more

    async def start_surely(self, server: PostgresServer | KafkaServer) -> None:
        """Start a server that was just killed; its port or its old session may still be in the way for a moment."""
        for _ in range(20):
            try:
                await server.start()
            except (PortInUseError, ChildError) as error:
                self._say(f"{server.name} does not start yet: {str(error).splitlines()[0]}")
                await asyncio.sleep(AGAIN_AFTER)
            else:
                return
        raise ChildError(f"{server.name} did not come back; see {self._folder / 'logs'}")

    async def _keep(self) -> None:
        while True:
            for member in self.members.values():
                member.look_after()
            await asyncio.sleep(LOOK_EVERY * 5)

    async def _set_clock(self) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(
                """UPDATE stack_clock SET anchored_at = clock_timestamp(), business_at = $1, speed = $2, leaps = true,
                                          version = version + 1""",
                START,
                self._plan.speed,
            )
        finally:
            await connection.close()

    async def _start_simulator(self) -> None:
        world = self._folder / "world.json"
        world.write_text(json.dumps(self._world), encoding="utf-8")
        argv = [sys.executable, "-m", "simulator.unipile", "--port", str(self._simulator_port), "--api-key", self._key]
        argv += ["--clock-database", self.dsn, "--log", str(self.log), "--world", str(world), "--seed", str(self._plan.seed)]
        self._simulator = Child.start("simulator", argv, log=self._folder / "logs" / "simulator.log", cwd=REPOSITORY)
        await self._simulator.until(lambda: answers(f"{self.unipile}/_sim/state"), within=READY_WITHIN)

    def _environment(self, name: str, ports: Mapping[str, int]) -> dict[str, str]:
        service = name.partition("-")[0]
        skew = dict(zip(SERVICES, SKEWS, strict=True)).get(name, "PT0S")
        given = {
            "TACT_DATABASE_URL": self.dsn,
            "TACT_KAFKA": self.cluster.bootstrap,
            "TACT_UNIPILE_URL": self.unipile,
            "TACT_UNIPILE_API_KEY": self._key,
            "TACT_WEBHOOK_SECRET": self._secret,
            "TACT_PUBLIC_URL": f"http://{LOOPBACK}:{ports['poller-1']}",
            "TACT_POD_NAME": name,
            "TACT_CLOCK_SKEW": skew,
            "TACT_UNIPILE_TIMEOUT": "PT8S",
            # Whoever is disconnected comes back: another account taking over would be right, and would not be what was promised.
            "TACT_HAND_OVER_AFTER": "P30D",
            "TACT_STATUS_EVERY": "PT2H",
            f"TACT_{service.upper()}_PORT": str(ports[name]),
            "PYTHONUNBUFFERED": "1",
        }
        if self._plan.brief:
            given |= {"TACT_UNIPILE_TIMEOUT": "PT3S", "TACT_SENDER_ACT_WITHIN": "PT2S", "TACT_HEALER_UPKEEP_EVERY": "PT1S"}
        return given | {name: value for name, value in os.environ.items() if name == "TACT_LOG_LEVEL"}


def _signal(process: psutil.Process, sign: signal.Signals) -> bool:
    """False when it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(sign)
        return True
    return False


async def answers(url: str) -> bool:
    """Does somebody answer there, and with success?"""
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        with contextlib.suppress(httpx.HTTPError):
            return (await client.get(url)).is_success
    return False
