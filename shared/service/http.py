"""HTTP every service offers, and the one error body of Tact."""

import asyncio
import hmac
import secrets
import time
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import structlog
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from shared.db.errors import AWAY, DATABASE_ERRORS
from shared.refusals import Busy, Conflict, NotFound, Refused
from shared.service.process import Service

log = structlog.get_logger()

START_GRACE: Final = 120.0
"""Seconds after which a process that still consumes nothing counts as dead: Kafka was away when it started."""
PROBE_TIMEOUT: Final = 2.0
DOCUMENTED: Final = frozenset({"/docs", "/openapi.json"})


class ApiError(Exception):
    """An answer that is no success, in the house's error body."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


STATUS_OF_REFUSAL: Final[dict[type[Refused], int]] = {NotFound: 404, Conflict: 409, Busy: 429}
"""The statuses of refusals; any other refusal is 422."""


class Failure(BaseModel):
    """Why not."""

    code: str
    message: str
    details: Any = None


class Failed(BaseModel):
    """The one error body."""

    success: Literal[False] = False
    error: Failure
    request_id: str


FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Failed, "description": "The body is no text"},
    401: {"model": Failed, "description": "No token, or one that opens nothing"},
    403: {"model": Failed, "description": "The token's role is too weak"},
    404: {"model": Failed, "description": "There is no such thing in your workspace"},
    409: {"model": Failed, "description": "It contradicts what is there"},
    422: {"model": Failed, "description": "It cannot be used; the message says what to write instead"},
}
"""How routes of the API document their refusals."""


DryRun = Annotated[bool, Query(description="Check everything and change nothing; `changed` then says what would happen.")]


class CronError(Exception):
    """The cron and admin routes keep the short answers their callers know: `{"error": ...}`."""

    def __init__(self, status: int, error: str, details: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error} if details is None else {"error": error, "details": details}


def make_app(service: Service, *, title: str, description: str) -> FastAPI:
    """A FastAPI app with health, metrics, request ids and error bodies."""
    app = FastAPI(title=title, description=description, version="1", docs_url="/docs", openapi_url="/openapi.json", redoc_url=None)

    @app.middleware("http")
    async def name_the_request(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.request_id = request.headers.get("x-request-id", "")[:64] or secrets.token_hex(8)
        if request.url.path in DOCUMENTED:  # behind the one address the page must ask for its own service's description
            request.scope["root_path"] = request.headers.get("x-forwarded-prefix", "")[:64]
        response = await call_next(request)
        response.headers["x-request-id"] = request.state.request_id
        return response

    _explain_errors(app)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> PlainTextResponse:
        if not service.consuming and time.monotonic() - service.started_at > START_GRACE:
            return PlainTextResponse("the broker was never started", status_code=503)
        return PlainTextResponse("ok")

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        database, broker = await asyncio.gather(_database_answers(service), _broker_answers(service))
        stopped = service.inbox.stopped
        consuming = service.consuming and not stopped
        ready = database and broker and consuming and not service.stopping.is_set()
        # A shut fence leaves it ready: what comes in (replies, opt-outs, imports) is taken all the same, and only nothing leaves.
        said = {"database": database, "broker": broker, "consuming": consuming, **({"stopped": stopped} if stopped else {})}
        return JSONResponse(
            {**said, "read_only": service.fence.read_only, "nothing_leaves": service.fence.shut}, status_code=200 if ready else 503
        )

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def require_cron_secret(service: Service, request: Request) -> None:
    """Let only callers with the right `x-cron-secret` in; compared in constant time.

    Raises:
        CronError: 401 in the words the callers know.
    """
    secret = service.settings.cron_secret
    expected = secret.get_secret_value() if secret else ""
    given = request.headers.get("x-cron-secret", "")
    # An empty secret is an unset one: it would compare equal to a header that was never sent.
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise CronError(401, "Unauthorized")


async def _database_answers(service: Service) -> bool:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            return bool(await service.pool.fetchval("SELECT true"))
    except DATABASE_ERRORS:
        return False


async def _broker_answers(service: Service) -> bool:
    return await service.broker.ping(timeout=PROBE_TIMEOUT)


def _explain_errors(app: FastAPI) -> None:
    def body(request: Request, status: int, code: str, message: str, details: Any = None) -> JSONResponse:
        return JSONResponse(
            {
                "success": False,
                "error": {"code": code, "message": message, "details": details},
                "request_id": getattr(request.state, "request_id", ""),
            },
            status_code=status,
        )

    @app.exception_handler(ApiError)
    async def api_error(request: Request, error: ApiError) -> JSONResponse:
        return body(request, error.status, error.code, error.message, error.details)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return body(request, STATUS_OF_REFUSAL.get(type(error), 422), error.code, error.message, error.details)

    @app.exception_handler(CronError)
    async def cron_error(_request: Request, error: CronError) -> JSONResponse:
        return JSONResponse(error.body, status_code=error.status)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        details = [{"where": ".".join(str(part) for part in e["loc"]), "message": e["msg"]} for e in error.errors()]
        return body(request, 422, "invalid_request", "The request does not have the shape this route documents.", details)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's own answer to bytes that are no text; no route of ours raises it
            return body(request, 400, "unreadable_body", "The body cannot be read; send JSON in UTF-8.")
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")
        return body(request, error.status_code, code, str(error.detail))

    async def away(request: Request, error: Exception) -> JSONResponse:
        log.warning("a request found the database or the broker away", path=request.url.path, error=repr(error))
        return body(request, 503, "unavailable", "The database or the broker is away. Nothing was changed; try again in a moment.")

    for kind in AWAY:  # by its class: what only the handler of all exceptions answers is logged by the server as a mistake of ours
        app.add_exception_handler(kind, away)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return body(request, 500, "internal", "Something of ours went wrong. The request id leads to it in the logs.")
