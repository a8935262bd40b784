"""httpx's request and answer over aiohttp, without the copying in between.

The general transport (httpx-aiohttp) hands aiohttp httpx's headers, which are searched from the front for every name, and
streams the answer in pieces. Our requests have few headers and our answers are small and read whole, so both are given as
they are; that took a third off a call's CPU (docs/adr/0022).
"""

from functools import lru_cache
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from yarl import URL

OURS_TO_SET: Final = frozenset({b"content-length", b"host"})
"""aiohttp counts the body and names the host itself."""


class WholeTransport(AiohttpTransport):
    """Answers come whole: nothing is left to read or to close when the call returns."""

    client: aiohttp.ClientSession

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request whose body is in memory.

        Raises:
            aiohttp.ClientError, OSError: no whole answer.
        """
        connect = request.extensions.get("timeout", {}).get("connect")
        headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw if name.lower() not in OURS_TO_SET]
        async with self.client.request(
            request.method,
            _address(str(request.url)),
            headers=headers,
            data=request.content or None,
            allow_redirects=False,
            auto_decompress=False,  # httpx does
            timeout=aiohttp.ClientTimeout(sock_connect=connect),
        ) as answer:
            body = await answer.read()
        return httpx.Response(answer.status, headers=answer.raw_headers, content=body, request=request)


@lru_cache(maxsize=512)
def _address(url: str) -> URL:
    """The routes of writes are few and come again and again."""
    return URL(url)
