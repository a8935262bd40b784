"""docker-compose.yml against the compose schema, the services' settings and their entry points: no engine is at hand to try it."""

import importlib.util
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic_settings import BaseSettings

from embedded.jars import KAFKA_VERSION
from embedded.settings import StackSettings
from services.healer.settings import HealerSettings
from services.poller.settings import PollerSettings
from services.queuer.settings import QueuerSettings
from services.sender.settings import SenderSettings
from shared.runtime.settings import ServiceSettings
from simulator.unipile.__main__ import read
from simulator.unipile.settings import SimulatorSettings

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
SCHEMA = json.loads(Path(__file__).with_name("compose.schema.json").read_text(encoding="utf-8"))

SERVICES: dict[str, type[ServiceSettings]] = {
    "queuer": QueuerSettings,
    "sender": SenderSettings,
    "poller": PollerSettings,
    "healer": HealerSettings,
}
SETTINGS: dict[str, type[BaseSettings]] = {**SERVICES, "migrate": StackSettings}
OURS = [*SETTINGS, "simulator"]

VALUES = {"POSTGRES_PASSWORD": "letters1", "TACT_UNIPILE_API_KEY": "anything"}
"""What .env.example asks a newcomer to set; the rest must have defaults."""
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def interpolated(value: str) -> str:
    """`value` as compose would hand it on, given VALUES."""

    def one(match: re.Match[str]) -> str:
        default = match["rest"] if match["kind"] == "-" else None
        found = VALUES.get(match["name"], default)
        assert found is not None, (
            f"{match['name']} has neither a default nor a value: say so in .env.example, or write ${{{match['name']}:-…}}"
        )
        return found

    return VARIABLE.sub(one, value)


def environment(container: str) -> dict[str, str]:
    """The variables a container is started with; those without a value are taken from .env, and absent here."""
    return {name: interpolated(str(value)) for name, value in CONTAINERS[container].get("environment", {}).items() if value is not None}


def accepted_names(settings: type[BaseSettings]) -> set[str]:
    """The variables a settings class reads."""
    return {f"TACT_{name.upper()}" for name in settings.model_fields}


def own_port(container: str) -> int:
    """The default port of a service, by its settings."""
    port: int = SERVICES[container].model_fields[f"{container}_port"].default
    return port


def test_the_file_follows_the_compose_schema() -> None:
    jsonschema.validate(COMPOSE, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "service", {}),
        (("services", "sender"), "enviroment", {}),
        (("services", "sender"), "ports", ["8082:8082"]),
        (("services", "sender"), "image", "tact:latest"),
        (("services", "sender"), "stop_grace_period", "60"),
        (("services", "sender", "healthcheck"), "tests", ["CMD", "true"]),
        (("services", "sender", "depends_on", "kafka"), "condition", "healthy"),
        (("services", "sender", "environment"), "tact_host", "0.0.0.0"),  # noqa: S104 - an example of a wrong name
    ],
)
def test_the_schema_refuses_what_an_engine_would_ignore_or_open_to_the_world(place: tuple[str, ...], key: str, value: object) -> None:
    wrong = json.loads(json.dumps(COMPOSE))
    where = wrong
    for name in place:
        where = where[name]
    where[key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_four_services_kafka_postgresql_the_migration_and_the_simulator_are_there() -> None:
    assert set(CONTAINERS) == {*SERVICES, "kafka", "postgres", "migrate", "simulator"}
    assert [name for name, container in CONTAINERS.items() if container.get("profiles")] == ["simulator"]


@pytest.mark.parametrize("container", SETTINGS)
def test_every_variable_is_a_setting_of_that_service(container: str) -> None:
    assert set(CONTAINERS[container]["environment"]) <= accepted_names(SETTINGS[container])


@pytest.mark.parametrize("container", SETTINGS)
def test_the_settings_accept_what_the_container_is_given(container: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of the checkout
    for name, value in environment(container).items():
        monkeypatch.setenv(name, value)
    settings = SETTINGS[container]()
    assert getattr(settings, "database_url", "").endswith("@postgres:5432/tact")
    assert getattr(settings, "kafka", "") == "kafka:19092"


@pytest.mark.parametrize("container", ["sender", "poller", "healer"])
def test_who_calls_the_provider_is_told_where_it_is(container: str) -> None:
    given = environment(container)
    assert given["TACT_UNIPILE_URL"] == "http://simulator:3080"
    assert given["TACT_UNIPILE_API_KEY"] == VALUES["TACT_UNIPILE_API_KEY"]


@pytest.mark.parametrize("container", SERVICES)
def test_a_secret_that_is_not_set_is_absent_and_never_empty(container: str) -> None:
    secrets = {"TACT_CRON_SECRET", "TACT_WEBHOOK_SECRET"} & set(CONTAINERS[container]["environment"])
    assert all(CONTAINERS[container]["environment"][name] is None for name in secrets)


@pytest.mark.parametrize("container", OURS)
def test_every_entry_point_is_a_module_that_can_be_run(container: str) -> None:
    module = CONTAINERS[container]["command"][0]
    assert importlib.util.find_spec(f"{module}.__main__") is not None


def test_the_migration_is_a_command_of_the_command_line() -> None:
    from typer.main import get_command

    from cli.schema import app

    assert CONTAINERS["migrate"]["command"][:2] == ["cli", "migrate"]
    assert CONTAINERS["migrate"]["command"][2] in get_command(app).commands  # type: ignore[attr-defined] # Typer builds a click Group


def test_the_simulator_takes_its_arguments() -> None:
    arguments = [interpolated(argument) for argument in CONTAINERS["simulator"]["command"][1:]]
    assert SimulatorSettings.model_validate(read(arguments)).port == 3080


@pytest.mark.parametrize("container", SERVICES)
def test_published_and_checked_ports_are_the_services_own(container: str) -> None:
    port = own_port(container)
    assert CONTAINERS[container]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert CONTAINERS[container]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}/livez"


def test_no_two_containers_publish_the_same_port() -> None:
    published = [port for container in CONTAINERS.values() for port in container.get("ports", [])]
    assert len(published) == len(set(published))


@pytest.mark.parametrize("container", CONTAINERS)
def test_whoever_is_waited_for_exists_and_can_fulfil_the_condition(container: str) -> None:
    for name, wanted in CONTAINERS[container].get("depends_on", {}).items():
        other = CONTAINERS[name]
        assert not other.get("profiles"), f"{container} would wait for {name}, which only a profile starts"
        if wanted["condition"] == "service_healthy":
            assert other["healthcheck"].get("test")
        if wanted["condition"] == "service_completed_successfully":
            assert other["restart"] == "no"


@pytest.mark.parametrize("container", SERVICES)
def test_a_service_waits_for_the_schema_and_is_given_time_to_finish(container: str) -> None:
    assert CONTAINERS[container]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    grace = timedelta(seconds=int(CONTAINERS[container]["stop_grace_period"].removesuffix("s")))
    assert grace > SERVICES[container].model_fields["stop_deadline"].default


@pytest.mark.parametrize("container", OURS)
def test_our_containers_can_write_nowhere_and_do_nothing_special(container: str) -> None:
    hardened = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "tmpfs": ["/tmp"]}  # noqa: S108
    assert {name: CONTAINERS[container].get(name) for name in hardened} == hardened


def test_every_volume_is_declared_and_used() -> None:
    used = {volume.split(":")[0] for container in CONTAINERS.values() for volume in container.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_compose_runs_the_kafka_that_the_tests_run() -> None:
    assert CONTAINERS["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"


def test_the_example_environment_names_every_variable_that_compose_asks_for() -> None:
    asked = {match["name"] for match in VARIABLE.finditer((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert {name for name in asked if not re.search(rf"^#?{name}=", example, re.MULTILINE)} == set()
