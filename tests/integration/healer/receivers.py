"""Receivers of notices that are real: a web server that answers as it is told, and a mail server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from embedded.ports import LOOPBACK, free_port


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """A web server. `answers` are given in turn, the last one for ever; `held` keeps a request open until it is set."""

    url: str
    requests: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=lambda: [(204, {}, "")])
    held: asyncio.Event | None = None

    def answer(self, *statuses: int, **headers: str) -> None:
        """From now on."""
        self.answers = [(status, {name.replace("_", "-"): value for name, value in headers.items()}, "") for status in statuses]

    async def handle(self, request: web.Request) -> web.Response:
        """Write it down, then answer."""
        self.requests.append(
            Received(request.path_qs, {name.lower(): value for name, value in request.headers.items()}, await request.read())
        )
        if self.held is not None:
            await self.held.wait()
        status, headers, text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, headers=headers, text=text)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A web server on this machine."""
    port = free_port()
    stands = Receiver(f"http://{LOOPBACK}:{port}")
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", stands.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield stands
    finally:
        if stands.held is not None:
            stands.held.set()
        await runner.cleanup()


@dataclass(slots=True)
class Mailbox:
    """A mail server. `refuse` is what it says to a recipient instead of taking the message."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    refuse: str | None = None
    login: tuple[bytes, bytes] = (b"tact", b"the right word")
    logged_in: list[bool] = field(default_factory=list)

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        """Let the one login in that is known."""
        assert isinstance(given, LoginPassword)
        self.logged_in.append((given.login, given.password) == self.login)
        return AuthResult(success=self.logged_in[-1], handled=False)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take the recipient on, or not."""
        if self.refuse is not None:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        parsed = message_from_bytes(content, policy=default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        return "250 kept"


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server on this machine, without encryption."""
    port = free_port()
    box = Mailbox(port)
    make: Callable[[], SMTP] = lambda: SMTP(box, enable_SMTPUTF8=True, authenticator=box.authenticate, auth_require_tls=False)  # noqa: E731 - what create_server asks for
    server = await asyncio.get_running_loop().create_server(make, LOOPBACK, port)
    try:
        yield box
    finally:
        server.close()
