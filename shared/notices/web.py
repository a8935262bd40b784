"""Notices over HTTP: signed webhooks, and Slack's incoming ones."""

import asyncio
import ipaddress
import socket
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.notices.addresses import AddressError, check_url, refuse_address
from shared.notices.deliveries import DeliveryAnswer, build_signature_headers, build_slack_body, build_webhook_body, read_http_status
from shared.notices.notice import Notice, one_line

MOST_READ: Final = 200
"""Bytes of Slack's answer that are read: its reason is one word. What another receiver says is not, because it may stand inside."""
AGENT: Final = "Tact-Notices/1"


class Web:
    """Posts notices. One per process, used as an async context manager."""

    def __init__(self, *, timeout: timedelta, private: bool, connections: int = 32) -> None:
        self._timeout = timeout
        self._private = private
        self._connections = connections
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        """Open the pool of connections."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Guarded(private=self._private), limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=self._timeout.total_seconds()),
            headers={"user-agent": AGENT, "content-type": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a proxy of the environment would go where the guard forbids
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        await self._session.close()

    async def webhook(self, notice: Notice, *, delivery_id: UUID, url: str, secret: str, at: datetime) -> DeliveryAnswer:
        """Post the notice with its signature; `at` is technical."""
        content = build_webhook_body(notice, delivery_id)
        return await self._post(url, content, build_signature_headers(content, delivery_id=delivery_id, secret=secret, at=at), read=False)

    async def slack(self, notice: Notice, *, delivery_id: UUID, url: str) -> DeliveryAnswer:
        """Post the notice in Slack's form; the id header is for receivers that speak the form and are not Slack."""
        return await self._post(url, build_slack_body(notice), {"webhook-id": str(delivery_id)}, read=True)

    async def _post(self, url: str, content: bytes, headers: dict[str, str], *, read: bool) -> DeliveryAnswer:
        # No error of the client is told in its own words: they may hold the address, and Slack's address is a secret.
        try:
            check_url(url, private=self._private)  # the setting may have changed since the channel was made
            async with self._session.post(url, data=content, headers=headers, allow_redirects=False) as response:
                said = one_line((await response.content.read(MOST_READ)).decode(errors="replace")) if read else ""
                return read_http_status(response.status, retry_after=response.headers.get("retry-after"), said=said)
        except AddressError as error:
            return DeliveryAnswer(delivered=False, error=str(error), hopeless=True)
        except TimeoutError:
            return DeliveryAnswer(delivered=False, error=f"The receiver gave no answer within {self._timeout.total_seconds():g} s.")
        except aiohttp.ClientConnectorCertificateError:
            return DeliveryAnswer(delivered=False, error="The receiver's certificate is not valid for its name.")
        except aiohttp.ClientConnectorDNSError as error:
            why = error.os_error
            return DeliveryAnswer(
                delivered=False, error=str(why) if isinstance(why, Forbidden) else "The receiver's name could not be resolved."
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return DeliveryAnswer(delivered=False, error=f"The receiver could not be reached ({type(error).__name__}).")


class Forbidden(OSError):  # noqa: N818 - reads as what happened
    """A name leads to an address that nothing is sent to; the sentence says which."""


class Guarded(AbstractResolver):
    """Resolves names, and looks at every address at the moment of the call: a name checked earlier may point inside by now."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """The addresses of `host`; one that is forbidden forbids them all.

        Raises:
            Forbidden, OSError: it must not, or cannot, be reached.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        for _, _, _, _, address in found:
            if (why := refuse_address(ipaddress.ip_address(str(address[0]).partition("%")[0]), private=self._private)) is not None:
                raise Forbidden(f"The name leads inside: {why}")
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=int(address[1]), family=kind, proto=proto, flags=socket.AI_NUMERICHOST)
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""
