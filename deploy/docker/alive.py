"""Exit 0 when the address given answers 2xx: the health check of a container that has no curl.

Standard library only, and nothing of ours is imported: it runs every few seconds in every container.
"""

import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

WITHIN = 4.0
"""Seconds; below the health check's own timeout, so that the reason reaches its log."""


def alive(address: str) -> str | None:
    """Ask once; returns what is wrong, or None."""
    try:
        # No proxy: the address is this container's own, also where HTTPS_PROXY is set.
        with build_opener(ProxyHandler({})).open(address, timeout=WITHIN):
            return None
    except (URLError, OSError, ValueError) as error:
        return f"{address} does not answer: {error}"


def main(arguments: list[str]) -> int:
    """0 alive, 1 not alive, 2 called wrongly."""
    if len(arguments) != 1:
        sys.stderr.write("Give one address: python deploy/docker/alive.py http://127.0.0.1:8082/livez\n")
        return 2
    wrong = alive(arguments[0])
    if wrong is not None:
        sys.stderr.write(f"{wrong}\n")
    return 0 if wrong is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
