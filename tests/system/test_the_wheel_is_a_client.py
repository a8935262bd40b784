"""What `pip install tact` gives: a wheel of everything, and a client that runs without the services' dependencies."""

import asyncio
import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cli import __version__
from embedded.cache import cache_folder
from embedded.ports import free_port
from services.queuer.workflows.accounts.add_workspace import add_workspace
from tests.support.serving import Served, served

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "client.lock"
PACKAGES = ("cli", "shared", "services", "simulator", "embedded", "operations")
OURS = {".py", ".sql", ".json", ".jars"}


def run(*words: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A program to its end, successful or not."""
    argv = [str(word) for word in words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False, env=env, cwd=cwd)  # noqa: S603 - our own words


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the locked build backend without an environment of its own: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    assert built.returncode == 0, built.stderr
    [found] = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel and the locked dependencies of a client; returns its folder of programs.

    The dependencies are fetched once, checked against their hashes, and kept in the cache folder: later runs install from there.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    kept = cache_folder(f"client-wheels-{sha256(LOCK.read_bytes()).hexdigest()[:12]}-{sys.version_info.major}{sys.version_info.minor}")
    if not (kept / "complete").exists():
        fetched = run(*pip, "download", "--require-hashes", "--only-binary", ":all:", "-r", LOCK, "-d", kept)
        assert fetched.returncode == 0, fetched.stderr
        (kept / "complete").touch()
    folder = tmp_path_factory.mktemp("client") / "env"
    made = run(sys.executable, "-m", "venv", "--without-pip", folder)
    assert made.returncode == 0, made.stderr
    into: list[str | Path] = [*pip, "--python", folder / "bin" / "python", "install", "--no-compile", "--no-index", "--find-links", kept]
    steps: tuple[list[str | Path], ...] = (["--require-hashes", "-r", LOCK], ["--no-deps", wheel])
    for what in steps:
        done = run(*into, *what)
        assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest_asyncio.fixture
async def api(database: str) -> AsyncIterator[Served]:
    """The API on a database of this test."""
    async with served(database) as found:
        yield found


def test_the_wheel_holds_every_module_and_every_file_that_modules_read(wheel: Path) -> None:
    tracked = run("git", "ls-files", *PACKAGES).stdout.split()
    wanted = {name for name in tracked if Path(name).suffix in OURS}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - held == set()
    assert {"embedded/demo/examples/connections.csv", "embedded/demo/examples/sales_navigator.csv"} <= held
    assert not [name for name in held if name.split("/")[0] in {"tests", "bench", "docs", "examples"}]


def test_the_version_is_that_of_the_one_place(wheel: Path, installed: Path, tmp_path: Path) -> None:
    assert wheel.name.startswith(f"tact-{__version__}-")
    said = run(installed / "tact", "--version", cwd=tmp_path)
    assert (said.returncode, said.stdout.strip()) == (0, f"tact {__version__}")


async def test_a_client_asks_a_stack_for_its_status(installed: Path, api: Served, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COLUMNS": "120", **api.env}
    said = await asyncio.to_thread(run, installed / "tact", "status", env=env, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert api.url in said.stdout


async def test_the_shell_completes_names_from_the_stack_and_nothing_without_one(
    installed: Path, api: Served, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await add_workspace(pool, company_name="Acme", email="ops@example.com")
    asked = {"_TACT_COMPLETE": "complete_bash", "COMP_WORDS": "tact account add --workspace A", "COMP_CWORD": "4"}
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **asked}
    said = await asyncio.to_thread(run, installed / "tact", env=env | api.env, cwd=tmp_path)
    assert (said.stdout.split(), said.stderr) == (["Acme"], "")
    silent = await asyncio.to_thread(run, installed / "tact", env=env | {"TACT_URL": f"http://127.0.0.1:{free_port()}"}, cwd=tmp_path)
    assert (silent.stdout.strip(), silent.stderr) == ("", "")


@pytest.mark.parametrize("words", [["migrate", "plan"], ["up"], ["prove"]])
def test_a_command_for_infrastructure_says_what_to_install(installed: Path, words: list[str], tmp_path: Path) -> None:
    said = run(installed / "tact", *words, cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert said.returncode == 1
    assert "pip install 'tact[" in " ".join(said.stderr.split())
    assert "Traceback" not in said.stderr


def test_help_needs_no_extra(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "tact", "--help", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "campaign" in said.stdout
