"""httpx's request and answer over aiohttp, without the copying in between.

The general transport (httpx-aiohttp) hands aiohttp httpx's headers, which are searched from the front for every name, and
streams the answer in pieces. Our requests have few headers and our answers are small and read whole, so both are given as
they are; that took a third off a call's CPU (docs/adr/0022).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter
from httpx_aiohttp import AiohttpTransport
from yarl import URL

OURS_TO_SET: Final = frozenset({b"content-length", b"host"})
"""aiohttp counts the body and names the host itself."""


class LookedAtBody(aiohttp.BytesPayload):
    """A body before which the caller looks a last time: aiohttp keeps the headers back and writes both in one go right after.

    Every moment between that look and the write is one in which a process may be stopped, and wake up with the call still in its
    hands. On Python 3.11 aiohttp writes bodies in a task of its own, so a look before the request is a turn of the loop too early.
    """

    def __init__(self, body: bytes, look: Callable[[], None]) -> None:
        super().__init__(body)
        self._look = look

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """See Payload; raises what the look raises, and then writes nothing."""
        self._look()
        await super().write_with_length(writer, content_length)


class WholeTransport(AiohttpTransport):
    """Answers come whole: nothing is left to read or to close when the call returns."""

    client: aiohttp.ClientSession

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request whose body is in memory. `last_look` of its extensions is called right before its first byte is written.

        Raises:
            aiohttp.ClientError, OSError: no whole answer.
        """
        connect = request.extensions.get("timeout", {}).get("connect")
        headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw if name.lower() not in OURS_TO_SET]
        body, look = request.content, request.extensions.get("last_look")
        async with self.client.request(
            request.method,
            _address(str(request.url)),
            headers=headers,
            data=(LookedAtBody(body, look) if look else body) if body else None,
            allow_redirects=False,
            auto_decompress=False,  # httpx does
            timeout=aiohttp.ClientTimeout(sock_connect=connect),
        ) as answer:
            content = await answer.read()
        return httpx.Response(answer.status, headers=answer.raw_headers, content=content, request=request)


@lru_cache(maxsize=512)
def _address(url: str) -> URL:
    """The routes of writes are few and come again and again."""
    return URL(url)
