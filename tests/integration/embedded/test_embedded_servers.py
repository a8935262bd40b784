"""The embedded servers are real ones: they start, keep their data, and say what to do when they cannot."""

import asyncio
import gc
import hashlib
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from embedded.cache import EmbeddedError, require_space
from embedded.jars import KAFKA_VERSION, Jar, ensure_jars, locked
from embedded.kafka import KafkaServer
from embedded.ports import LOOPBACK, PortInUseError, free_port, free_ports
from embedded.postgres import PostgresServer


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(1)
        yield listener.getsockname()[1]


async def test_postgres_keeps_its_data_over_a_stop_and_over_a_kill(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data", free_port())
    for expected in range(3):
        await server.start()
        try:
            connection = await asyncpg.connect(await server.ensure_database("tact"))
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
            assert await connection.fetchval("SELECT count(*) FROM kept") == expected
            await connection.execute("INSERT INTO kept VALUES (1)")
            await connection.close()
            if expected == 1:
                server.kill()
        finally:
            await server.stop()


async def test_a_durable_postgres_waits_for_the_disk_and_listens_on_the_loopback_alone(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data", free_port())
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn("postgres"))
        names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "max_connections")
        shown = {name: await connection.fetchval(f"SHOW {name}") for name in names}
        await connection.close()
    finally:
        await server.stop()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "127.0.0.1",
        "max_connections": "200",
    }


async def test_a_connection_that_is_given_up_at_any_moment_leaves_no_exception_behind(tmp_path: Path, taken_port: int) -> None:
    left: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(str(context)))
    dsn = PostgresServer(tmp_path / "data", taken_port).dsn()  # the listener takes connections and says nothing
    for steps in range(12):
        connecting = asyncio.create_task(asyncpg.connect(dsn))
        for _ in range(steps):
            await asyncio.sleep(0)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        del connecting
        await asyncio.sleep(0)
        gc.collect()
    assert left == []


async def test_every_test_gets_a_database_of_its_own_with_our_schema(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("SELECT to_regclass('send_attempts') IS NOT NULL")
    assert await pool.fetchval("SELECT count(*) FROM workspaces") == 0


async def test_postgres_names_the_port_that_is_in_use_and_the_setting_that_chooses_another(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(PortInUseError, match=rf"port {taken_port} is in use \(wanted for PostgreSQL\).*TACT_POSTGRES_PORT"):
        await PostgresServer(tmp_path / "data", taken_port).start()


async def test_kafka_names_the_port_that_is_in_use_and_the_setting_that_chooses_another(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(PortInUseError, match=rf"port {taken_port} is in use \(wanted for Kafka\).*TACT_KAFKA_PORT"):
        await KafkaServer(tmp_path / "node", taken_port, free_port()).start()


async def test_a_folder_with_somebody_elses_files_is_not_taken_for_a_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("do not lose me")
    with pytest.raises(EmbeddedError, match="not a PostgreSQL data folder"):
        await PostgresServer(tmp_path / "data", free_port()).start()
    assert (tmp_path / "data" / "thesis.txt").read_text() == "do not lose me"


async def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    first = PostgresServer(tmp_path / "data", free_port())
    await first.start()
    try:
        with pytest.raises(EmbeddedError, match="in use by another running PostgreSQL"):
            await PostgresServer(tmp_path / "data", free_port(), log=tmp_path / "second.log").start()
    finally:
        await first.stop()


def test_a_full_disk_is_named_before_a_server_begins(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"MB free, .* MB are needed\. Make room"):
        require_space(tmp_path, 10**18)


async def test_kafka_keeps_its_records_over_a_restart(tmp_path: Path) -> None:
    server = KafkaServer(tmp_path / "node", *free_ports(2), archive=False)
    await server.start()
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=server.bootstrap, enable_idempotence=True) as producer:
            await producer.send_and_wait("kept", b"still here")
        await server.stop()
        await server.start()
        consumer = AIOKafkaConsumer(bootstrap_servers=server.bootstrap)
        await consumer.start()
        partition = TopicPartition("kept", 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        record = await consumer.getone()
        await consumer.stop()
    finally:
        await server.stop()
    assert record.value == b"still here"


async def test_kafka_makes_no_topic_that_nobody_declared(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.describe_topics(["misspelled.topic"])  # asking is what makes one on a broker with the defaults
        assert "misspelled.topic" not in await admin.list_topics()
    finally:
        await admin.close()


def test_the_jars_of_kafka_are_all_of_one_version() -> None:
    """Held because a resolver once put kafka-clients 3.8 beside a 4.3 server."""
    kafka = {jar.artifact: jar.version for jar in locked() if jar.group == "org.apache.kafka"}
    assert set(kafka.values()) == {KAFKA_VERSION}
    assert {"kafka_2.13", "kafka-clients", "kafka-server", "kafka-raft"} <= set(kafka)
    assert len({jar.version for jar in locked() if jar.group == "org.apache.logging.log4j"}) == 1


def test_the_jars_in_the_cache_are_the_locked_ones_and_say_their_version_themselves() -> None:
    paths = ensure_jars()
    for path, jar in zip(paths, locked(), strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256, jar.file
    clients = next(path for path in paths if path.name.startswith("kafka-clients"))
    with zipfile.ZipFile(clients) as archive:
        assert f"version={KAFKA_VERSION}" in archive.read("kafka/kafka-version.properties").decode()


def test_a_jar_that_is_not_the_locked_one_never_gets_on_the_class_path(tmp_path: Path) -> None:
    jspecify = next(jar for jar in locked() if jar.artifact == "jspecify")  # the smallest
    other = Jar(jspecify.group, jspecify.artifact, jspecify.version, "0" * 64)
    with pytest.raises(EmbeddedError, match="SHA-256 differs"):
        ensure_jars([other], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_first_start_without_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("https_proxy", f"http://{LOOPBACK}:{free_port()}")
    with pytest.raises(EmbeddedError, match="The first start needs the network"):
        ensure_jars(locked()[:1], tmp_path)
