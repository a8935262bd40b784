"""The cheapest provider that is still one: it takes every invitation and knows every person. `python -m bench.stub PORT`.

Written on bare protocols, because a framework's stub would cost more than the sender's own call and so hide it. It answers
`POST /api/v1/users/invite`, `GET /api/v1/users/{id}` and, for the bench itself, `GET /_stub` (how many invitations came).
The simulator is the one that behaves like the real provider; this one only counts.
"""

import asyncio
import itertools
import json
import sys
from typing import Final, cast

import uvloop

from embedded.ports import LOOPBACK

HEAD_ENDS: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"
PROFILE: Final = {
    "object": "UserProfile",
    "provider": "LINKEDIN",
    "provider_id": "ACoAABench",
    "public_identifier": "bench",
    "first_name": "Ana",
    "last_name": "Prova",
    "network_distance": "SECOND_DEGREE",
}


class InvitationCounter:
    """How many were taken, over all connections."""

    def __init__(self) -> None:
        self.taken = 0
        self._numbers = itertools.count(1)

    def take(self) -> bytes:
        """The answer to one more."""
        self.taken += 1
        return b'{"object":"UserInvitationSent","invitation_id":"%d"}' % next(self._numbers)


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests may come in pieces or several at once."""

    def __init__(self, invitations: InvitationCounter) -> None:
        self._invitations = invitations
        self._transport: asyncio.WriteTransport
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while (end := self._received.find(HEAD_ENDS)) >= 0:
            head = self._received[:end]
            whole = end + len(HEAD_ENDS) + content_length(head)
            if len(self._received) < whole:
                return
            self._received = self._received[whole:]
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        if head.startswith(b"POST /api/v1/users/invite "):
            return _response(b"200 OK", self._invitations.take())
        if head.startswith(b"GET /api/v1/users/"):
            return _response(b"200 OK", json.dumps(PROFILE).encode())
        if head.startswith(b"GET /_stub "):
            return _response(b"200 OK", b'{"invitations":%d}' % self._invitations.taken)
        return _response(b"404 Not Found", b'{"type":"errors/not_found","title":"The stub has no such route."}')


def content_length(head: bytes) -> int:
    """How many bytes of body follow this head; none where it does not say."""
    lower = head.lower()
    at = lower.find(LENGTH)
    return int(lower[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _response(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


async def serve(port: int) -> asyncio.Server:
    """Listen on the loopback address."""
    invitations = InvitationCounter()
    return await asyncio.get_running_loop().create_server(lambda: Connection(invitations), LOOPBACK, port, backlog=2048)


async def _run(port: int) -> None:
    server = await serve(port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1])))
