"""The jars of Apache Kafka: which, with which hashes, and how they come into the cache.

`kafka.jars` is the lock: one line `group:artifact:version sha256` each, in the order of the class path. It is made by
`python -m embedded.jars`, which resolves kafka_2.13 with jgo's own resolver (no Maven, no JDK). Two traps it avoids: jgo's
environments sort jars into two folders and call only one of them the class path, so we take the artifacts themselves; and
resolving the logging binding together with Kafka lets the binding's managed versions win (kafka-clients 3.8 beside a 4.3
server), so it is added afterwards, in the version of the log4j that Kafka brings.
"""

import hashlib
import logging
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedded.cache import EmbeddedError, cache_folder, require_space
from embedded.unprivileged import remove

KAFKA_VERSION: Final = "4.3.1"  # what Strimzi runs; see ADRs before moving
KAFKA: Final = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
BINDING: Final = "org.apache.logging.log4j:log4j-slf4j-impl"  # without it the broker is mute
LOCK: Final = Path(__file__).with_name("kafka.jars")
NEEDED_BYTES: Final = 300_000_000  # 55 MB of jars, twice while they arrive, and the start archive
AT_ONCE: Final = 4  # downloads

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def locked(lock: Path = LOCK) -> list[Jar]:
    """The jars of the lock file, in the order of the class path."""
    return [_read(line) for line in lock.read_text(encoding="utf-8").splitlines()]


def ensure_jars(jars: Iterable[Jar] | None = None, folder: Path | None = None) -> list[Path]:
    """The paths of all the jars, downloading what the cache lacks; blocks, so call it in a thread.

    A file gets its name only after its hash was right, so a download that was cut is never on the class path.

    Raises:
        EmbeddedError: no network, a full disk, or a file that is not the locked one.
    """
    wanted = list(locked() if jars is None else jars)
    folder = folder or cache_folder("kafka") / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in wanted if not (folder / jar.file).exists()]
    if missing:
        require_space(folder, NEEDED_BYTES)
        log.info("downloading %d jars of Apache Kafka %s (once, about 55 MB)", len(missing), KAFKA_VERSION)
        incoming = Path(tempfile.mkdtemp(prefix="incoming-", dir=folder))
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda jar: _fetch(jar, incoming, folder), missing))
        finally:
            remove(incoming)
    return [folder / jar.file for jar in wanted]


def _read(line: str) -> Jar:
    coordinate, sha256 = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, sha256)


def _fetch(jar: Jar, incoming: Path, folder: Path) -> None:
    import requests  # comes with jgo and is slow to import: only the first start needs it

    try:
        path = Path(_context(incoming).project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())
    except requests.RequestException as error:
        raise EmbeddedError(
            f"{jar.file} could not be downloaded: {type(error).__name__}. The first start needs the network (Maven Central, "
            "directly or through the proxy in HTTPS_PROXY); later ones do not. Or point TACT_KAFKA at a Kafka 3.7 or newer."
        ) from error
    except OSError as error:
        raise EmbeddedError(f"{jar.file} could not be stored: {error}. Is the disk full?") from error
    except RuntimeError as error:  # jgo's word for an answer other than 200
        raise EmbeddedError(f"{jar.file} is not to be had: {error}. Is a proxy answering in place of Maven Central?") from error
    if _sha256(path) != jar.sha256:
        raise EmbeddedError(
            f"{jar.file} is not the file this version of Tact was locked with (its SHA-256 differs). "
            "Try again; if it stays so, something between you and Maven Central changes downloads."
        )
    path.replace(folder / jar.file)


def resolve() -> list[Jar]:
    """Resolve Kafka's jars anew and hash them; what `python -m embedded.jars` writes."""
    with tempfile.TemporaryDirectory() as scratch:
        context = _context(Path(scratch))
        group, artifact, version = KAFKA.split(":")
        _, nodes = context.pom_dependency_list(context.project(group, artifact).at_version(version).pom())
        found = {(node.dep.groupId, node.dep.artifactId): node.dep.version for node in nodes if node.dep.scope in ("compile", "runtime")}
        found[group, artifact] = version
        found[BINDING.split(":")[0], BINDING.split(":")[1]] = found["org.apache.logging.log4j", "log4j-core"]
        return [
            Jar(group, artifact, version, _sha256(Path(context.project(group, artifact).at_version(version).artifact().resolve())))
            for (group, artifact), version in sorted(found.items())
        ]


def _context(folder: Path) -> Any:
    from jgo.maven import MavenContext  # slow to import: only the first start needs it

    return MavenContext(repo_cache=folder, timeout=30)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    LOCK.write_text("".join(f"{jar.group}:{jar.artifact}:{jar.version} {jar.sha256}\n" for jar in resolve()), encoding="utf-8")
    sys.stderr.write(f"wrote {LOCK}\n")
