"""One call to the provider: the address, the deadline, and what came back turned into a model or an error.

Nothing is tried twice here. httpx speaks over aiohttp, because its own transport slows down tenfold with hundreds of
open calls (KAFKA.md §6.2).
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import httpx
import orjson
from pydantic import SecretStr, ValidationError

from shared.unipile.errors import (
    AnsweredError,
    NotBegunError,
    ProviderRefused,
    ProviderSilent,
    ProviderUnsure,
    UnreadableAnswer,
    classify,
)
from shared.unipile.findings import CallSubject
from shared.unipile.models import ProviderAnswer, describe_flaws
from shared.unipile.transport import WholeTransport

CONNECT_LIMIT: Final = timedelta(seconds=10)
"""Technical time. A host that takes longer to shake hands is away; the rest of the deadline is for the answer."""

KEEP_ALIVE: Final = timedelta(seconds=4)
"""Below the 5 s after which a Node server drops an idle connection: a write on a dropped one would be `unknown`."""

USER_AGENT: Final = "tact"
JSON: Final = ("Content-Type", "application/json")

EXCERPT: Final = 300
"""Characters of an unreadable answer that are kept."""

ModelT = TypeVar("ModelT", bound=ProviderAnswer)


@dataclass(slots=True)
class _Progress:
    """How far the call in this task has come. Any connection counts as started: bytes may be in it from then on."""

    doing: str
    may_begin: Callable[[], bool] | None = None
    connected: bool = False
    refused: NotBegunError | None = None

    def look(self) -> None:
        """The last look, with the connection in hand.

        Raises:
            NotBegunError: the caller says no.
        """
        if self.may_begin is not None and not self.may_begin():
            self.refused = NotBegunError(f"Unipile was not asked to {self.doing}: the last look before the first byte said no.")
            raise self.refused


_progress: ContextVar[_Progress | None] = ContextVar("unipile_call", default=None)


class _Connector(aiohttp.TCPConnector):
    """Tells the call that it has its connection, and looks: a request without a body is written in the same step of the loop.

    A connection that is refused is closed: given back it would count as fresh, however near the other side is to dropping it.

    aiohttp's traces would tell as well, and cost a send 5 % of the sender's CPU, for they are asked at every step of a request.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - its name
    ) -> aiohttp.connector.Connection:
        """See BaseConnector; raises what the look raises."""
        connection = await super().connect(req, traces, timeout)
        if (progress := _progress.get()) is not None:
            try:
                progress.look()
            except NotBegunError:
                connection.close()
                raise
            progress.connected = True
        return connection


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API is: its root, and the port parameter of tenants whose own port is firewalled (`?port=13443`)."""

    root: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One request. `doing` completes "when asked to …"; `json` or `form` is the body, a form goes out as multipart."""

    doing: str
    method: str
    path: str
    subject: CallSubject
    write: bool = False
    params: Mapping[str, str] | None = None
    json: Mapping[str, object] | None = None
    form: Sequence[tuple[str, str]] | None = None
    within: timedelta | None = None


def read_address(base_url: str) -> Address:
    """The API's root from a DSN (`api8.unipile.com:13443`, meant as https) or a full http(s) URL, with or without `/api/v1`.

    Raises:
        ValueError: it is neither.
    """
    text = base_url.strip()
    wish = "Give the DSN of the Unipile dashboard, such as api8.unipile.com:13443, or a full http(s) URL."
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"The Unipile address has a port that is not a number below 65536. {wish}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
        raise ValueError(f"{text!r} is not a Unipile address. {wish}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"The Unipile address must not hold a user or password; the key has a setting of its own. {wish}")
    path = parts.path.rstrip("/")
    if path not in {"", "/api/v1"} or parts.fragment:
        raise ValueError(f"The Unipile address must end after the host and port; {parts.path!r} is too much. {wish}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(root=f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}/api/v1", params=tuple(parse_qsl(parts.query)))


def checked_key(api_key: SecretStr) -> str:
    """The key as a header can carry it.

    Raises:
        ValueError: it is empty or holds spaces, line breaks or other characters that no header takes.
    """
    key = api_key.get_secret_value().strip()
    if not key:
        raise ValueError("The Unipile API key is empty; copy an access token from the Unipile dashboard.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("The Unipile API key holds characters that no access token has; copy it again from the Unipile dashboard.")
    return key


class Wire:
    """An open way to the provider; one per process."""

    def __init__(self, base_url: str, api_key: SecretStr, *, timeout: timedelta, max_connections: int) -> None:
        if timeout <= timedelta(0):
            raise ValueError(f"The time-out of a Unipile call must be longer than nothing, not {timeout}.")
        if max_connections < 1:
            raise ValueError(f"At least one connection to Unipile is needed, not {max_connections}.")
        self._address = read_address(base_url)
        self._key = checked_key(api_key)
        self._timeout = timeout
        self._max_connections = max_connections
        self._headers = [("X-API-KEY", self._key), ("Accept", "application/json"), ("User-Agent", USER_AGENT)]
        self._transport: httpx.AsyncBaseTransport | None = None

    async def open(self) -> None:
        """Make the pool. Connections are made by the calls."""
        transport = WholeTransport()
        session = aiohttp.ClientSession(
            connector=_Connector(limit=self._max_connections, keepalive_timeout=KEEP_ALIVE.total_seconds(), ssl=transport.ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # aiohttp repeats GET and DELETE on its own when a kept connection turns out dead: a read the account's budget does
        # not know of. Held by test_a_cut_call_is_not_repeated_behind_our_back.
        session._retry_connection = False  # noqa: SLF001  # there is no public switch
        transport.client = session
        self._transport = transport

    async def close(self) -> None:
        """Give the connections back; calls under way end as silent."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            await transport.aclose()

    async def call(self, call: ProviderCall, answer: type[ModelT], *, may_begin: Callable[[], bool] | None = None) -> ModelT:
        """Ask once, within one deadline for everything from the wait for a connection to the last byte.

        `may_begin` is asked with the connection in hand, and for a body once more right before its bytes and the headers' are
        written. Nothing is written once it says no.

        A caller that cancels the call cannot know whether it took place: a cancelled write is `unknown`.

        Raises:
            ProviderRefused: a definite no.
            ProviderUnsure: an error answer to a write that leaves open whether it happened.
            ProviderSilent: no whole answer.
            UnreadableAnswer: 2xx, but not what the route promises.
            NotBegunError: `may_begin` said no; nothing was written.
        """
        response = await self._exchange(call, _Progress(call.doing, may_begin))
        body = response.content
        if not response.is_success:
            raise self._refusal(call, response)
        try:
            return answer.model_validate_json(body)
        except ValidationError as error:
            why = describe_flaws(error)
        # Outside of the handler: the validation error quotes the whole body, which must not follow into logs.
        raise UnreadableAnswer(
            call.doing, status=response.status_code, write=call.write, why=self._clean(why), body_excerpt=self._excerpt(body)
        )

    async def _exchange(self, call: ProviderCall, progress: _Progress) -> httpx.Response:
        if self._transport is None:
            raise RuntimeError("The Unipile client is not open; use it as `async with UnipileClient(…) as unipile:`.")
        request = self._request(call, progress)
        await request.aread()
        limit = self._timeout if call.within is None else min(self._timeout, call.within)
        token = _progress.set(progress)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._transport.handle_async_request(request)
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            if progress.refused is not None:
                raise progress.refused from error
            if isinstance(error, TimeoutError):
                cause = f"no whole answer within {limit.total_seconds():g} s"
            else:
                cause = self._clean(f"{type(error.__cause__ or error).__name__}: {error}")
            raise ProviderSilent(call.doing, started=progress.connected, write=call.write, cause=cause) from error
        finally:
            _progress.reset(token)

    def _request(self, call: ProviderCall, progress: _Progress) -> httpx.Request:
        """Made by hand and given to the transport: httpx's client would merge and parse the address twice for each call.

        That, its cookies and its redirects cost a third of the sender's CPU (`make bench`), and we want neither: a
        redirect may lead to another host, and the key would go with it.
        """
        url = _url(self._address, call.path, tuple(call.params.items()) if call.params else ())
        extensions: dict[str, object] = {"timeout": {"connect": min(CONNECT_LIMIT, self._timeout).total_seconds()}}
        if progress.may_begin is not None:
            extensions["last_look"] = progress.look
        if call.form is not None:
            files = [(name, (None, value.encode())) for name, value in call.form]
            return httpx.Request(call.method, url, headers=self._headers, files=files, extensions=extensions)
        if call.json is None:
            return httpx.Request(call.method, url, headers=self._headers, stream=httpx.ByteStream(b""), extensions=extensions)
        body = orjson.dumps(call.json)
        return httpx.Request(call.method, url, headers=[*self._headers, JSON], stream=httpx.ByteStream(body), extensions=extensions)

    def _refusal(self, call: ProviderCall, response: httpx.Response) -> AnsweredError:
        type_, title, detail = _read_problem(response.content)
        title = self._clean(title) if title else None
        detail = self._clean(detail) if detail else None
        if title is None and detail is None and response.content:
            detail = self._excerpt(response.content)
        finding = classify(
            response.status_code, type_, write=call.write, subject=call.subject, wording=f"{title or ''} {detail or ''}" if type_ else ""
        )
        kind = ProviderUnsure if finding.may_have_happened else ProviderRefused
        return kind(
            call.doing,
            status=response.status_code,
            type_=type_,
            title=title,
            detail=detail,
            finding=finding,
            retry_after=_read_retry_after(response.headers),
        )

    def _excerpt(self, body: bytes) -> str:
        text = " ".join(self._clean(body[: EXCERPT * 8].decode(errors="replace")).split())
        return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"

    def _clean(self, text: str) -> str:
        """An answer may echo the request's headers; the key must not travel on into logs and tables."""
        return text.replace(self._key, "***")


@lru_cache(maxsize=512)
def _url(address: Address, path: str, params: tuple[tuple[str, str], ...]) -> httpx.URL:
    """The routes of writes are few and come again and again."""
    url = httpx.URL(f"{address.root}{path if path.startswith('/') else f'/{path}'}")
    return url.copy_merge_params((*address.params, *params)) if address.params or params else url


def _read_problem(body: bytes) -> tuple[str | None, str | None, str | None]:
    """Type, title and detail of an error body; frameworks say `error` and `message` (a text or a list) instead."""
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        return None, None, None
    if not isinstance(problem, dict):
        return None, None, None
    said = problem.get("detail", problem.get("message"))
    if isinstance(said, list):
        said = ", ".join(str(part) for part in said)
    type_, title = problem.get("type"), problem.get("title", problem.get("error"))
    return (
        type_ if isinstance(type_, str) and type_ not in {"", "about:blank"} else None,
        title if isinstance(title, str) else None,
        said if isinstance(said, str) else None,
    )


def _read_retry_after(headers: httpx.Headers) -> timedelta | None:
    """Seconds, or a date measured against the answer's own Date, so that no clock of ours is needed. Unreadable is None."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return timedelta(seconds=min(int(value), 10**8))
    try:
        return max(parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", "")), timedelta(0))
    except (ValueError, TypeError):
        return None
