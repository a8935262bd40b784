"""The path table says of every path which service serves it."""

import re
from pathlib import Path

import pytest

from shared.contracts.routes import Target, find_target

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/campaigns", "queuer"),
        ("/api/campaigns/direct/send-connection-requests-fast", "queuer"),
        ("/api/accounts/1/pause", "queuer"),
        ("/api/workspaces", "queuer"),
        ("/webhooks/unipile", "poller"),
        ("/api/cron/poll-accepted-connections", "poller"),
        ("/api/cron/poll-message-replies", "poller"),
        ("/api/queue/failed/1/retry", "queuer"),
        ("/api/cron/process-send-queue", "queuer"),
        ("/api/cron/queue-pending-prospects", "queuer"),
        ("/api/cron/cleanup", "healer"),
        ("/api/admin/data-integrity", "healer"),
        ("/api/notices", "healer"),
        ("/api/notices/channels/1/test", "healer"),
    ],
)
def test_the_longest_prefix_names_the_service_and_the_path_stays(path: str, service: str) -> None:
    assert find_target(path) == Target(service, path, "")


def test_a_services_own_name_is_cut_off() -> None:
    assert find_target("/queuer/docs") == Target("queuer", "/docs", "/queuer")
    assert find_target("/healer/openapi.json") == Target("healer", "/openapi.json", "/healer")
    assert find_target("/sender") == Target("sender", "/", "/sender")


@pytest.mark.parametrize("path", ["/", "/api", "/api/campaignsfoo", "/kafka/docs", ""])
def test_what_nobody_serves_has_no_service(path: str) -> None:
    assert find_target(path) is None


@pytest.mark.parametrize("service", ["poller", "healer"])
def test_every_route_that_a_service_declares_is_its_own_in_the_table(service: str) -> None:
    room = ROOT / "services" / service
    sources = [path.read_text(encoding="utf-8") for path in [*room.glob("http.py"), *room.glob("http/**/*.py")]]
    declared = [path for source in sources for path in paths_of(source)]
    assert declared
    assert {path: target.service for path in declared if (target := find_target(path))} == dict.fromkeys(declared, service)


def paths_of(source: str) -> list[str]:
    """Whole paths of a file's routes, its router's prefix before each."""
    prefix = "".join(re.findall(r'APIRouter\(prefix="([^"]+)"', source))
    return [prefix + path for path in re.findall(r'@router\.(?:get|post|put|patch|delete)\(\s*"([^"]*)"', source)]
