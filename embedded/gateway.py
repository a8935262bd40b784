"""One address for users: every request goes to the service that the path table names (shared/contracts/routes.py)."""

from collections.abc import Mapping
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web

from embedded.ports import LOOPBACK
from shared.contracts.routes import find_target

HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "host"}
)
"""Headers that concern one connection only (RFC 9110 §7.6.1), and the host, which is ours."""
LARGEST_UPLOAD: Final = 512 * 1024**2
TIMEOUT: Final = ClientTimeout(total=600, connect=3)


class Gateway:
    """Listens on one port and passes on."""

    def __init__(self, port: int, services: Mapping[str, int]) -> None:
        self.port = port
        self._services = services
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._session = ClientSession(connector=TCPConnector(limit=200), timeout=TIMEOUT, auto_decompress=False)
        app = web.Application(client_max_size=LARGEST_UPLOAD)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return web.json_response({name: {"docs": f"/{name}/docs", "metrics": f"/{name}/metrics"} for name in self._services})
        target = find_target(request.path)
        if target is None or self._session is None:
            return _error(404, "not_found", f"No service answers {request.path}. GET / lists where the documentation is.")
        url = f"http://{LOOPBACK}:{self._services[target.service]}{target.path}"
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["x-forwarded-prefix"] = target.prefix
        try:
            async with self._session.request(
                request.method,
                url,
                params=request.query,
                headers=headers,
                data=request.content if request.body_exists else None,
                allow_redirects=False,
            ) as answer:
                response = web.StreamResponse(
                    status=answer.status,
                    headers={name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP},
                )
                await response.prepare(request)
                async for chunk in answer.content.iter_chunked(65_536):
                    await response.write(chunk)
                await response.write_eof()
                return response
        except (TimeoutError, ClientError, OSError):
            return _error(503, "unavailable", f"The {target.service} does not answer. `tact status` shows which service is down.")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response(
        {"success": False, "error": {"code": code, "message": message, "details": None}, "request_id": ""}, status=status
    )
