"""The yardstick: the same request against the same stub, in one process, with nothing before or after it.

`python -m bench.bare URL CALLS CONCURRENCY` prints calls per second. httpx speaks over aiohttp, as the sender's client does
(shared/unipile/wire.py), so the ratio compares pipelines and not HTTP clients.
"""

import asyncio
import sys
import time

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

KEY = "bench"


def request_of(number: int) -> dict[str, str]:
    """The body of one invitation, as long as the pipeline's."""
    return {"account_id": f"bench-account-{number}", "provider_id": f"ACoAABench{number:016d}", "message": "Hi Ana, good to meet you."}


async def measure(url: str, *, calls: int, concurrency: int) -> float:
    """Calls per second over `calls` calls, `concurrency` of them open at any time.

    Raises:
        httpx.HTTPError: the stub did not answer every one with 200.
    """
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v1",
        headers={"X-API-KEY": KEY},
        transport=AiohttpTransport(client=aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency))),
    ) as client:
        numbers = iter(range(calls))

        async def keep_calling() -> None:
            for number in numbers:
                (await client.post("/users/invite", json=request_of(number))).raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(keep_calling() for _ in range(concurrency)))
        return calls / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.stdout.write(f"{uvloop.run(measure(sys.argv[1], calls=int(sys.argv[2]), concurrency=int(sys.argv[3])))}\n")
