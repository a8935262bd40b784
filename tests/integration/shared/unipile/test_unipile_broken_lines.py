"""Cut, hanging and refused connections: whether the request ever left decides whether a write may have happened."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from shared.unipile.client import UnipileClient
from shared.unipile.errors import NotBegunError, ProviderSilent
from shared.unipile.findings import Remedy

SHORT = timedelta(milliseconds=300)
ENOUGH = timedelta(seconds=10)

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


class Line:
    """A server that reads whole requests and then does to the connection what a test asks for."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.received = 0
        self.unread = 0
        self.talks: set[asyncio.Task[None]] = set()
        self.arrived = asyncio.Event()
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
                await reader.readexactly(length)
                self.received += 1
                self.arrived.set()
                await self.answer(self.received, writer)
        except asyncio.IncompleteReadError as cut:
            self.unread += len(cut.partial)  # the client went away, or the answer closed the line
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_line(answer: Answer) -> AsyncIterator[Line]:
    line = Line(answer)

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(line.talk(reader, writer))
        line.talks.add(task)
        task.add_done_callback(line.talks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in list(line.talks):
            task.cancel()
        await asyncio.gather(*line.talks, return_exceptions=True)


def a_client(port: int, *, timeout: timedelta = ENOUGH, scheme: str = "http", connections: int = 8) -> UnipileClient:
    return UnipileClient(f"{scheme}://127.0.0.1:{port}", SecretStr("k"), timeout=timeout, max_connections=connections)


async def cut(_: int, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset(_: int, writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


async def cut_in_the_headers(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Cre")
    await writer.drain()
    writer.close()


async def cut_in_the_body(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"object":')
    await writer.drain()
    writer.close()


async def babble(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 this is no HTTP \xff\r\n\r\n")
    await writer.drain()


async def lie_about_compression(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n{}!")
    await writer.drain()


async def hang(_: int, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def hang_in_the_body(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{")
    await writer.drain()
    await asyncio.Event().wait()


@pytest.mark.parametrize("answer", [cut, reset, cut_in_the_headers, cut_in_the_body, babble, lie_about_compression])
async def test_a_line_that_breaks_after_the_request_leaves_a_write_open(answer: Answer) -> None:
    async with a_line(answer) as line, a_client(line.port) as unipile:
        with pytest.raises(ProviderSilent) as caught:
            await unipile.invite("acc-1", "ACoAAAPerson")
        assert caught.value.started
        assert caught.value.finding.remedy is Remedy.LOOK_UP
        assert line.received == 1


@pytest.mark.parametrize("answer", [hang, hang_in_the_body])
async def test_a_provider_that_never_finishes_is_given_up_at_the_deadline(answer: Answer) -> None:
    async with a_line(answer) as line, a_client(line.port, timeout=SHORT) as unipile:
        with pytest.raises(ProviderSilent, match=r"no whole answer within 0\.3 s") as caught:
            await unipile.start_chat("acc-1", "ACoAAAPerson", "Hello")
        assert caught.value.started
        assert line.received == 1


async def test_a_write_can_have_less_time_than_the_others() -> None:
    async with a_line(hang) as line, a_client(line.port) as unipile:
        with pytest.raises(ProviderSilent, match=r"within 0\.3 s"):
            await unipile.invite("acc-1", "ACoAAAPerson", within=SHORT)


@pytest.mark.parametrize("answer", [cut, reset])
async def test_a_broken_read_may_simply_be_tried_later(answer: Answer) -> None:
    async with a_line(answer) as line, a_client(line.port) as unipile:
        with pytest.raises(ProviderSilent) as caught:
            await unipile.profile("acc-1", "ayse-ornek")
        assert caught.value.started
        assert caught.value.finding.remedy is Remedy.RETRY_LATER


async def test_a_cut_call_is_not_repeated_behind_our_back() -> None:
    profile = b'{"object":"UserProfile","provider_id":"ACoAAAPerson"}'

    async def answer_once(count: int, writer: asyncio.StreamWriter) -> None:
        if count > 1:
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(profile), profile))
        await writer.drain()

    async with a_line(answer_once) as line, a_client(line.port) as unipile:
        assert (await unipile.profile("acc-1", "ayse-ornek")).provider_id == "ACoAAAPerson"
        with pytest.raises(ProviderSilent) as caught:
            await unipile.profile("acc-1", "ayse-ornek")  # on the kept connection, where aiohttp would try again
        assert caught.value.started
        assert line.received == 2


async def test_a_refused_port_means_that_nothing_left() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        async with a_client(held.getsockname()[1]) as unipile:
            with pytest.raises(ProviderSilent, match="The request never left") as caught:
                await unipile.invite("acc-1", "ACoAAAPerson")
    assert not caught.value.started
    assert caught.value.finding.remedy is Remedy.RETRY_LATER


async def test_a_name_that_is_not_found_means_that_nothing_left() -> None:
    async with UnipileClient("https://unipile.invalid:13443", SecretStr("k"), timeout=ENOUGH) as unipile:
        with pytest.raises(ProviderSilent) as caught:
            await unipile.invite("acc-1", "ACoAAAPerson")
    assert not caught.value.started


async def test_a_handshake_that_never_ends_means_that_nothing_left() -> None:
    async with a_line(hang) as line, a_client(line.port, timeout=SHORT, scheme="https") as unipile:
        with pytest.raises(ProviderSilent) as caught:
            await unipile.invite("acc-1", "ACoAAAPerson")
        assert not caught.value.started
        assert line.received == 0


async def test_a_server_without_tls_means_that_nothing_left() -> None:
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(no_tls, "127.0.0.1", 0)
    async with server, a_client(server.sockets[0].getsockname()[1], scheme="https") as unipile:
        with pytest.raises(ProviderSilent) as caught:
            await unipile.invite("acc-1", "ACoAAAPerson")
    assert not caught.value.started


async def test_a_call_that_waited_for_a_free_connection_until_its_deadline_never_left() -> None:
    async with a_line(hang) as line, a_client(line.port, connections=1) as unipile:
        first = asyncio.create_task(unipile.invite("acc-1", "ACoAAA1"))
        await asyncio.wait_for(line.arrived.wait(), 5)
        with pytest.raises(ProviderSilent) as caught:
            await unipile.invite("acc-2", "ACoAAA2", within=SHORT)
        assert not caught.value.started
        assert line.received == 1
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_hundreds_of_calls_are_open_at_once() -> None:
    everybody_is_here = asyncio.Event()
    body = b'{"object":"UserInvitationSent","invitation_id":"1"}'

    async def answer_when_all_have_come(count: int, writer: asyncio.StreamWriter) -> None:
        if count == 300:
            everybody_is_here.set()
        await everybody_is_here.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()

    async with a_line(answer_when_all_have_come) as line, a_client(line.port, connections=512, timeout=timedelta(seconds=30)) as unipile:
        sent = await asyncio.gather(*(unipile.invite(f"acc-{number}", "ACoAAAPerson") for number in range(300)))
    assert {one.invitation_id for one in sent} == {"1"}
    assert line.received == 300


async def test_closing_the_client_ends_calls_under_way_as_silence() -> None:
    async with a_line(hang) as line:
        unipile = a_client(line.port)
        async with unipile:
            call = asyncio.create_task(unipile.invite("acc-1", "ACoAAAPerson"))
            await asyncio.wait_for(line.arrived.wait(), 5)
        with pytest.raises(ProviderSilent) as caught:
            await asyncio.wait_for(call, 5)
        assert caught.value.started


async def well(_: int, writer: asyncio.StreamWriter) -> None:
    """An answer that suits every write below."""
    body = b'{"object":"UserInvitationSent","invitation_id":"1"}'
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()


LATE: dict[str, Callable[[UnipileClient, Callable[[], bool]], Awaitable[object]]] = {
    "a body of JSON": lambda client, look: client.only_if(look).invite("account", "ACoAA1", "Hi"),
    "a form": lambda client, look: client.only_if(look).start_chat("account", "ACoAA1", "Hi"),
    "no body": lambda client, look: client.only_if(look).delete_invitation("account", "7"),
    "a read": lambda client, look: client.only_if(look).profile("account", "ana"),
}


def no_at_look(number: int) -> Callable[[], bool]:
    """Says yes until then; a call with a body looks twice, the second time right before its bytes."""
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        return looks < number

    return look


@pytest.mark.parametrize(
    ("what", "at"), [("a body of JSON", 1), ("a form", 1), ("no body", 1), ("a read", 1), ("a body of JSON", 2), ("a form", 2)]
)
@pytest.mark.parametrize("kept", [False, True], ids=["on a new line", "on a kept line"])
async def test_a_last_look_that_says_no_writes_nothing_and_costs_no_connection(what: str, at: int, kept: bool) -> None:
    async with a_line(well) as line:
        async with a_client(line.port, connections=1) as client:
            if kept:
                await client.only_if(lambda: True).invite("account", "ACoAA0", "Hi")
            before = line.received
            for _ in range(3):
                with pytest.raises(NotBegunError, match="before the first byte"):
                    await LATE[what](client, no_at_look(at))
            await client.only_if(lambda: True).invite("account", "ACoAA0", "Hi")
        await asyncio.gather(*line.talks)  # every connection is at its end
        assert (line.received, line.unread) == (before + 1, 0)


async def test_the_last_look_is_made_with_the_connection_in_hand() -> None:
    """A call that waits for a free connection may be late when it gets one."""
    free = asyncio.Event()

    async def when_free(_: int, writer: asyncio.StreamWriter) -> None:
        await free.wait()
        await well(_, writer)

    late = False
    async with a_line(when_free) as line, a_client(line.port, connections=1) as client:
        first = asyncio.create_task(client.invite("account", "ACoAA0", "Hi"))
        await line.arrived.wait()
        second = asyncio.create_task(client.only_if(lambda: not late).invite("account", "ACoAA1", "Hi"))
        await asyncio.sleep(0)  # it waits for the one connection now
        late = True
        free.set()
        await first
        with pytest.raises(NotBegunError):
            await second
        assert line.received == 1
