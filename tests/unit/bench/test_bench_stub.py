"""The stub provider: little, but true HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bench import stub
from bench.bare import KEY, measure
from embedded.ports import LOOPBACK, free_port
from shared.unipile.client import UnipileClient


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Where a stub of this test's own listens."""
    listens_at = free_port()
    server = await stub.serve(listens_at)
    yield listens_at
    server.close()


async def taken(port: int) -> int:
    """How many invitations it has counted."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return int((await client.get(f"http://{LOOPBACK}:{port}/_stub")).json()["invitations"])


async def test_the_senders_own_client_is_content_with_its_answers(port: int) -> None:
    async with UnipileClient(f"http://{LOOPBACK}:{port}", SecretStr(KEY), timeout=timedelta(seconds=5)) as unipile:
        first = await unipile.invite("bench-account-1", "ACoAABench", "Hi Ana")
        second = await unipile.invite("bench-account-1", "ACoAABench", "Hi Ana")
        profile = await unipile.profile("bench-account-1", "bench")
    assert first.invitation_id != second.invitation_id
    assert profile.provider_id
    assert await taken(port) == 2


async def test_a_request_may_come_in_pieces(port: int) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    for piece in (b"POST /api/v1/users/inv", b"ite HTTP/1.1\r\nContent-Length: 4\r\n", b"\r\nab", b"cd"):
        writer.write(piece)
        await writer.drain()
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()


async def test_several_requests_may_come_at_once(port: int) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"POST /api/v1/users/invite HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}" * 3)
    for number in (1, 2, 3):
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readuntil(b"}") == b'{"object":"UserInvitationSent","invitation_id":"%d"}' % number
    writer.close()


async def test_a_route_it_does_not_have_is_told_and_not_counted(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"http://{LOOPBACK}:{port}/api/v1/chats")
    assert (answer.status_code, answer.json()["type"]) == (404, "errors/not_found")
    assert await taken(port) == 0


async def test_the_bare_loop_makes_exactly_the_calls_it_counts(port: int) -> None:
    assert await measure(f"http://{LOOPBACK}:{port}", calls=50, concurrency=8) > 0
    assert await taken(port) == 50


async def test_the_bare_loop_refuses_to_measure_a_provider_that_refuses() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, LOOPBACK, port := free_port())
    async with server:
        with pytest.raises(httpx.HTTPError):
            await measure(f"http://{LOOPBACK}:{port}", calls=5, concurrency=1)


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 12\r\nhost: a", 12),
        (b"POST / HTTP/1.1\r\ncontent-length:7", 7),
        (b"GET / HTTP/1.1\r\nhost: a", 0),
    ],
)
def test_the_body_is_as_long_as_the_head_says(head: bytes, length: int) -> None:
    assert stub.content_length(head) == length
