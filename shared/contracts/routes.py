"""Which service serves which path: the one table behind the one address that users know.

The gateway of `tact up` reads it, and so does the author of an ingress for a cluster; tests compare it with what each
service really serves.
"""

from dataclasses import dataclass
from typing import Final

SERVICES: Final = ("queuer", "sender", "poller", "healer")


@dataclass(frozen=True, slots=True)
class Route:
    """Every path that is `prefix`, or stands below it, is served by `service` under the same path."""

    prefix: str
    service: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes: the path as the service knows it, and what was cut off in front of it."""

    service: str
    path: str
    prefix: str


ROUTES: Final = (
    Route("/api/campaigns", "queuer"),
    Route("/api/accounts", "queuer"),
    Route("/api/workspaces", "queuer"),
    Route("/api/prospects", "queuer"),
    Route("/api/queue", "queuer"),
    Route("/api/leads", "queuer"),
    Route("/api/suppressions", "queuer"),
    Route("/api/tokens", "queuer"),
    Route("/api/status", "queuer"),
    Route("/webhooks/unipile", "poller"),
    Route("/api/cron/process-send-queue", "queuer"),
    Route("/api/cron/queue-pending-prospects", "queuer"),
    Route("/api/cron/poll-accepted-connections", "poller"),
    Route("/api/cron/poll-message-replies", "poller"),
    Route("/api/cron", "healer"),  # cleaning up and de-enrolment
    Route("/api/admin", "healer"),
    Route("/api/notices", "healer"),
    Route("/api/unknown", "healer"),
    Route("/api/findings", "healer"),
    Route("/api/dead-letters", "healer"),
)

_LONGEST_FIRST: Final = tuple(sorted(ROUTES, key=lambda route: len(route.prefix), reverse=True))


def find_target(path: str) -> Target | None:
    """The service of a path, the longest prefix winning; None when no service serves it.

    A path that begins with a service's own name is that service's with the name cut off (`/queuer/docs` is the
    queuer's `/docs`): documentation, health and metrics are the same four paths everywhere.
    """
    for route in _LONGEST_FIRST:
        if path == route.prefix or path.startswith(f"{route.prefix}/"):
            return Target(route.service, path, "")
    service, _, rest = path.removeprefix("/").partition("/")
    return Target(service, f"/{rest}", f"/{service}") if service in SERVICES else None
