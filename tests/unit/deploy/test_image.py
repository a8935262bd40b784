"""The Dockerfile: what it copies is there, what it runs is ours, and what it must not contain stays out."""

import fnmatch
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.sender.settings import SenderSettings

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s*", " ", "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))).splitlines()
COPIED = [line.split()[1] for line in LINES if line.startswith("COPY ") and "--from" not in line]
IGNORED = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def instruction(name: str) -> list[str]:
    """The arguments of every instruction of that name."""
    return [line.removeprefix(f"{name} ") for line in LINES if line.startswith(f"{name} ")]


def reaches_the_builder(path: str) -> bool:
    """As Docker reads .dockerignore: the last line that matches the path or a folder above it decides."""
    above = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
    there = True
    for line in IGNORED:
        pattern = line.removeprefix("!").removeprefix("**/")
        if any(fnmatch.fnmatch(name, pattern) for name in above):
            there = line.startswith("!")
    return there


@pytest.mark.parametrize("path", COPIED)
def test_what_the_image_copies_exists_and_reaches_the_builder(path: str) -> None:
    assert (ROOT / path).exists()
    assert reaches_the_builder(path)


@pytest.mark.parametrize("path", [".env", "build/stack/stack.json", ".git/config", "tests/conftest.py", ".venv/bin/python"])
def test_secrets_data_and_the_checkout_never_reach_the_builder(path: str) -> None:
    assert not reaches_the_builder(path)


def test_every_base_is_pinned_to_a_version() -> None:
    assert {base.split()[0] for base in instruction("FROM")} == {"python:3.11-slim-bookworm"}


def test_packages_are_installed_with_hashes_and_without_a_cache() -> None:
    install = next(line for line in instruction("RUN") if "pip install" in line)
    assert "--require-hashes" in install
    assert "--no-cache-dir" in install


def test_it_runs_as_a_number_that_is_not_root() -> None:
    user, group = instruction("USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_it_runs_the_sender_unless_told_otherwise_and_checks_its_health() -> None:
    assert json.loads(instruction("ENTRYPOINT")[-1]) == ["python", "-m"]
    assert json.loads(instruction("CMD")[-1]) == ["services.sender"]
    port = SenderSettings.model_fields["sender_port"].default
    assert f"http://127.0.0.1:{port}/livez" in instruction("HEALTHCHECK")[-1]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "Give one address"),
        (["http://127.0.0.1:1/livez"], 1, "http://127.0.0.1:1/livez does not answer"),
        (["nonsense"], 1, "nonsense does not answer"),
    ],
)
def test_the_health_check_says_what_is_wrong(arguments: list[str], status: int, words: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own file and fixed words
        [sys.executable, str(ROOT / "deploy/docker/alive.py"), *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == status
    assert words in done.stderr
