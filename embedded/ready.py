"""Probes for `ProcessGroup.start(ready=...)`: the readiness of a process, checked before the next one is started."""

import asyncio

import httpx

from embedded.child import Ready
from embedded.ports import LOOPBACK

PATIENCE = 2.0  # seconds for one answer


def answers(url: str) -> Ready:
    """Ready when a GET of `url` is answered with 200."""

    async def probe() -> bool:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:  # no proxy stands before the loopback
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

    return probe


def listens(port: int) -> Ready:
    """Ready when something accepts a connection at `port`."""

    async def probe() -> bool:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.close()
        return True

    return probe
