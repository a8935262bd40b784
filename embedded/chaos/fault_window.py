"""How long the one thing lasts that cannot be closed: `python -m embedded.chaos.fault_window` measures it.

Between the sender's last look at its deadline and the moment at which the provider has the call in its hands, nothing of ours can
stop it any more. A process that freezes just there, for longer than it takes the healer to look the attempt up, wakes up and sends
what was decided anew meanwhile. The answer of the provider played here is the moment of arrival, by the machine's own clock.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from pydantic import SecretStr

from embedded.cache import REPOSITORY
from embedded.child import Child
from embedded.ports import LOOPBACK, free_port
from embedded.ready import listens
from shared.runtime.settings import state_folder
from shared.unipile.client import UnipileClient
from simulator.judge import percentile

HEAD_ENDS: Final = b"\r\n\r\n"
CALLS: Final = 5_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; with --serve be the provider."""
    parser = argparse.ArgumentParser(prog="python -m embedded.chaos.fault_window", description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the provider instead")
    parser.add_argument("--at-once", type=int, default=16, help="calls open at the same time (16)")
    asked = parser.parse_args(arguments)
    if asked.serve:
        asyncio.run(_serve(asked.serve))
        return 0
    windows = asyncio.run(_measure(asked.at_once))
    shown = ", ".join(f"p{share:g} {percentile(windows, share):.2f} ms" for share in (50, 99, 100))
    sys.stdout.write(f"from the last look to the provider's hands, {len(windows)} calls, {asked.at_once} at once: {shown}\n")
    return 0


async def _measure(at_once: int) -> list[float]:
    port = free_port()
    argv = [sys.executable, "-m", "embedded.chaos.fault_window", "--serve", str(port)]
    child = Child.start("provider", argv, log=state_folder() / "chaos-window.log", cwd=REPOSITORY)
    try:
        await child.until(listens(port), within=30)
        client = UnipileClient(f"http://{LOOPBACK}:{port}", SecretStr("measured"), timeout=timedelta(seconds=20))
        async with client:
            slots = asyncio.Semaphore(at_once)

            async def one(number: int) -> float:
                async with slots:
                    looked = 0

                    def look() -> bool:
                        nonlocal looked
                        looked = time.monotonic_ns()
                        return True

                    sent = await client.only_if(look).invite("account", f"ACoAA{number:012}", "Hi Ana, good to meet you.")
                    return (int(sent.invitation_id or 0) - looked) / 1e6

            await asyncio.gather(*(one(number) for number in range(at_once)))  # connections are opened before anything counts
            return list(await asyncio.gather(*(one(number) for number in range(CALLS))))
    finally:
        child.kill()


class _Provider(asyncio.Protocol):
    """Takes one invitation after the other and says when it had it."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answers go there."""
        self._transport = transport if isinstance(transport, asyncio.WriteTransport) else None

    def data_received(self, data: bytes) -> None:
        """The first byte is the arrival; the answer waits for the whole request."""
        arrived = time.monotonic_ns()
        self._received += data
        head, ends, body = self._received.partition(HEAD_ENDS)
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        if not ends or len(body) < length or self._transport is None:
            return
        self._received = b""
        said = b'{"object":"UserInvitationSent","invitation_id":"%d"}' % arrived
        answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(said), said)
        self._transport.write(answer)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Provider, LOOPBACK, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
