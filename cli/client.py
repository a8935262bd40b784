"""The HTTP client behind every command for records and questions.

One class, synchronous, because a command makes a few calls and ends. Every failure becomes one sentence: `CommandError` (exit 1) for an
answer that says no, `Unreachable` (exit 3) where no answer of Tact came back at all.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from cli.context import Context, current
from cli.errors import CommandError, Unreachable

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
"""How long an ordinary answer may take; commands that wait on purpose give their own number."""
PAGE: Final = 200
"""Rows in one page: the most that every list route gives."""
UNAVAILABLE: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
GETTING_ACCESS: Final = (
    "Put a token into TACT_TOKEN or store it with `tact context add`. An administrator makes one with `tact token create`; the first one "
    "of an installation is made by `tact admin-token`, and `tact up` stores its own."
)
HOW_TO_REACH: Final = "Is the stack up? `tact up` starts one here; TACT_URL or `tact context use` names another one."


class Api:
    """Calls the HTTP API at one address with one token."""

    def __init__(self, context: Context, *, seconds: float = ANSWER_SECONDS, transport: httpx.BaseTransport | None = None) -> None:
        self.url = context.url
        self._seconds = seconds
        encrypted = context.url.startswith("https:")
        headers = {"authorization": f"Bearer {context.token}"} if context.token else {}
        try:
            self._http = httpx.Client(
                base_url=context.url,
                headers=headers,
                timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
                transport=transport,
                trust_env=not _is_local(context.url),  # a proxy of the environment must not be asked for this machine's own ports
                verify=encrypted,  # loading certificates takes 20 ms, which a plain address does not need
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise CommandError(f"TACT_URL is no address: {context.url!r} ({error}). Write it as https://tact.example.com.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read; query parameters that are None are left out."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, *, seconds: float | None = None, **query: Any) -> Any:
        """Make or do; `seconds` is for calls that wait on purpose."""
        return self.call("POST", path, body=body, query=query, seconds=seconds)

    def create(self, path: str, body: Any) -> tuple[Any, bool]:
        """Make a record; the second value is false when the same one was there already."""
        response = self.send("POST", path, body=body)
        return parse_answer(response, self.url), response.status_code == HTTPStatus.CREATED

    def patch(self, path: str, body: Any) -> Any:
        """Change what the body names."""
        return self.call("PATCH", path, body=body)

    def put(self, path: str, body: Any) -> Any:
        """Set the whole of it."""
        return self.call("PUT", path, body=body)

    def delete(self, path: str) -> Any:
        """Remove."""
        return self.call("DELETE", path)

    def call(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, Any] | None = None, seconds: float | None = None, **more: Any
    ) -> Any:
        """One call and the JSON of its answer; `more` goes to httpx as it is (`content`, `files`, `headers`).

        Raises:
            CommandError: the answer says no; its sentence says what to do.
            Unreachable: there was no answer of Tact.
        """
        return parse_answer(self.send(method, path, body=body, query=query, seconds=seconds, **more), self.url)

    def send(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, Any] | None = None, seconds: float | None = None, **more: Any
    ) -> httpx.Response:
        """The answer whatever its status.

        Raises:
            Unreachable: there was none.
        """
        params = {name: value for name, value in (query or {}).items() if value is not None}
        if seconds is not None:
            more["timeout"] = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        if body is not None:
            more["json"] = body
        try:
            return self._http.request(method, path, params=params, **more)
        except httpx.ReadTimeout:
            raise Unreachable(f"{self.url} did not answer within {seconds or self._seconds:g} s. `tact status` shows what runs.") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise CommandError(f"TACT_URL is no address: {self.url!r} ({error}). Write it as https://tact.example.com.") from None
        except httpx.TransportError as error:
            raise Unreachable(f"Nothing answers at {self.url} ({str(error) or type(error).__name__}). {HOW_TO_REACH}") from None

    @contextmanager
    def stream(
        self, method: str, path: str, *, content: Iterator[bytes], headers: Mapping[str, str], query: Mapping[str, Any], seconds: float
    ) -> Iterator[httpx.Response]:
        """A body that leaves in blocks, and an answer that is read while it arrives; `seconds` is the longest silence.

        Raises:
            httpx.TransportError: the connection broke; only the caller knows what was done by then.
        """
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        with self._http.stream(method, path, content=content, headers=headers, params=query, timeout=timeout) as answer:
            yield answer

    def pages(self, path: str, key: str, *, limit: int | None = None, mark: str = "after", **query: Any) -> Iterator[dict[str, Any]]:
        """The rows of a list route, page after page: at most `limit`, or all of them when it is None."""
        left = limit
        while left is None or left > 0:
            page = self.get(path, limit=min(PAGE, left) if left is not None else PAGE, **query)
            rows = page[key]
            yield from rows
            left = None if left is None else left - len(rows)
            if page.get("next") is None:
                return
            query[mark] = page["next"]


def connect(*, seconds: float = ANSWER_SECONDS) -> Api:
    """A client for the current context (cli/context.py)."""
    return Api(current(), seconds=seconds)


def parse_answer(response: httpx.Response, url: str) -> Any:
    """The JSON of a success.

    Raises:
        CommandError: the answer is Tact's and says no.
        Unreachable: it is not Tact's, or says that a service is away.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict | list):
        kind = response.headers.get("content-type", "without a content type").partition(";")[0]
        raise Unreachable(
            f"{url} did not answer as Tact does: HTTP {response.status_code}, {kind}. Is TACT_URL right, and does a proxy before it let "
            "calls through?"
        )
    if response.is_success:
        return answer
    raise _failure(response.status_code, answer if isinstance(answer, dict) else {}, url)


def _failure(status: int, answer: Mapping[str, Any], url: str) -> CommandError:
    message, code, details = _explain(answer)
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return CommandError(f"{url} does not accept the token: {message} {GETTING_ACCESS}", code="unauthorized")
        case HTTPStatus.FORBIDDEN:
            return CommandError(f"{message} `tact token create --role …` makes a stronger token.", code=code, details=details)
        case _ if status in UNAVAILABLE:
            return Unreachable(message or f"{url} is not available (HTTP {status}). `tact status` shows which service is down.")
        case _:
            broken = status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.get("request_id")
            request = f" (request {answer['request_id']})" if broken else ""
            return CommandError(f"{message or f'HTTP {status}.'}{request}", code=code, details=details)


def _explain(answer: Mapping[str, Any]) -> tuple[str, str, Any]:
    """The sentence, the code and the details of an error body: the house's, or the short one of the routes for schedules."""
    error = answer.get("error")
    if isinstance(error, str):
        return ". ".join(part for part in (error, answer.get("details")) if part).rstrip(".") + ".", "refused", None
    if not isinstance(error, dict):
        return "", "refused", None
    message, code, details = str(error.get("message", "")), str(error.get("code", "refused")), error.get("details")
    if code == "invalid_request" and isinstance(details, list):
        fields = [str(each.get("where", "")).removeprefix("body.").removeprefix("query.") for each in details]
        message = "; ".join(f"{field}: {each.get('message')}" for field, each in zip(fields, details, strict=True))
    return message, code, details


def _is_local(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
