"""Ports on the loopback address: which are free, and one sentence when a wanted one is not."""

import random
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
FIRST: Final = 20_000
LAST: Final = 32_000  # below the range from which Linux takes outgoing connections' ports (32768 up)
TRIES: Final = 200


class PortInUseError(Exception):
    """A wanted port is taken; the sentence says what to do."""


def is_free(port: int) -> bool:
    """Can something listen there now? A port that merely waits out an old connection (TIME_WAIT) counts as free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free now.

    Taken at random from below the range of outgoing connections: one that the kernel hands out (port 0) may belong to
    an outgoing connection of another process a moment later, before our server listens.

    Raises:
        PortInUseError: this machine's ports are nearly all taken.
    """
    found: list[int] = []
    for _ in range(TRIES):
        port = random.randrange(FIRST, LAST)
        if port not in found and is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise PortInUseError(f"No {count} free ports between {FIRST} and {LAST} on {LOOPBACK}. Stop what listens there, then try again.")


def free_port() -> int:
    """One port that is free now."""
    return free_ports(1)[0]


def require_free(port: int, name: str, setting: str = "") -> None:
    """Refuse a port that is taken, before a server's own words about it are buried in a log.

    `name` is what wants to listen there (PostgreSQL), `setting` the variable that chooses another (TACT_POSTGRES_PORT).

    Raises:
        PortInUseError: something listens there.
    """
    if is_free(port):
        return
    choice = f" or choose another with {setting}" if setting else ""
    raise PortInUseError(f"port {port} is in use (wanted for {name}); stop what listens there{choice}")
