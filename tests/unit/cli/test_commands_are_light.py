"""A client command starts without the services: what it imports is paid at every start, and is all that a client's machine has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import COMMANDS, STACK, app, load_command
from tests.support.commands import REPOSITORY

HEAVY = (
    "services",
    "operations",
    "embedded",
    "simulator",
    "aiokafka",
    "asyncpg",
    "pydantic",
    "fastapi",
    "aiohttp",
    "faststream",
    "holidays",
)
CLIENTS = sorted({place.module for place in COMMANDS.values() if place.panel != STACK})


def imported_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after these statements."""
    code += "\nimport sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", CLIENTS)
def test_a_client_command_imports_nothing_of_the_services(module: str) -> None:
    assert sorted(imported_by(f"import cli.__main__, {module}") & {*HEAVY}) == []


def test_the_help_imports_no_command() -> None:
    code = "import cli.app, sys\nfrom typer.testing import CliRunner\nassert CliRunner().invoke(cli.app.app, ['--help']).exit_code == 0\n"
    code += "assert not {place.module for place in cli.app.COMMANDS.values()} & {*sys.modules}"
    assert not imported_by(code) & {*HEAVY}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_shows_the_first_sentence_that_the_command_says_of_itself(name: str) -> None:
    said = " ".join((load_command(name).help or "").split())
    assert said.startswith(COMMANDS[name].help.rstrip(".")), said


@pytest.mark.parametrize("name", [name for name, place in COMMANDS.items() if place.panel == STACK])
def test_what_works_on_the_servers_themselves_stands_in_a_panel_that_says_so(name: str) -> None:
    assert "directly" in COMMANDS[name].panel
    assert "cli.client" not in Path(REPOSITORY, *COMMANDS[name].module.split(".")).with_suffix(".py").read_text(encoding="utf-8")


def test_the_help_is_grouped_and_says_what_the_exit_status_means() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    for panel in {place.panel for place in COMMANDS.values()}:
        assert panel in shown
    assert "3 the stack does not answer" in shown


@pytest.mark.parametrize("words", [["campaign", "list"], ["status"], ["failed", "show"]])
def test_every_command_with_a_document_can_print_it_as_yaml_and_in_utc(words: list[str]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output
    for option in ("--json", "--output", "--utc"):
        assert option in shown
