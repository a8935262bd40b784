"""A simulator as a real process on a free port, driven over real sockets."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson

KEY = "key-of-the-simulator"
ROOT = Path(__file__).parents[3]
READY = b"simulator ready on "
WORLD: dict[str, Any] = {
    "behaviour": {"acceptance_rate": 0, "reply_rate": 0, "delivery": {"relation_delay": {"shortest_h": 0, "longest_h": 0}}},
    "accounts": [
        {"id": "acc-free", "name": "Greta Vogel", "type": "free", "country": "DE"},
        {"id": "acc-premium", "name": "Tom Reed", "type": "premium"},
    ],
    "people": [
        {"public_identifier": "ana-nunez", "provider_id": "ACoAAAna00000001", "accepts_after_s": None, "replies_to": None},
        {"public_identifier": "friend-of-tom", "provider_id": "ACoAAFriend00001", "connected_to": ["acc-premium"], "replies_to": None},
        {"public_identifier": "locked-lena", "provider_id": "ACoAALocked00001", "locked": True},
        {"public_identifier": "gone-gustav", "provider_id": "ACoAAGone0000001", "gone": True},
    ],
}
ANA, FRIEND, LOCKED, GONE = (person["provider_id"] for person in WORLD["people"])


class Simulator:
    """One process and two clients: the API with its key, the levers without."""

    def __init__(self, process: asyncio.subprocess.Process, base: str, log: Path) -> None:
        self.process, self.base, self.log = process, base, log
        self.api = httpx.AsyncClient(base_url=f"{base}/api/v1", headers={"X-API-KEY": KEY}, timeout=10)
        self.levers = httpx.AsyncClient(base_url=f"{base}/_sim", timeout=10)

    async def invite(self, recipient: str = ANA, *, account: str = "acc-premium", **more: object) -> httpx.Response:
        """POST /users/invite."""
        return await self.api.post("/users/invite", json={"account_id": account, "provider_id": recipient, **more})

    async def write(self, recipient: str = FRIEND, text: str = "Hello", *, account: str = "acc-premium") -> httpx.Response:
        """POST /chats as multipart."""
        fields = {"account_id": (None, account), "attendees_ids": (None, recipient), "text": (None, text)}
        return await self.api.post("/chats", files=fields)

    async def get(self, path: str, **query: str | int) -> httpx.Response:
        """A read as the premium account."""
        return await self.api.get(path, params={"account_id": "acc-premium", **query})

    async def lever(self, path: str, **body: object) -> dict[str, Any]:
        """POST a lever that must be taken."""
        answer = await self.levers.post(path, json=body)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def entries(self, **query: str | int) -> list[dict[str, Any]]:
        """The log."""
        items: list[dict[str, Any]] = (await self.levers.get("/log", params=query)).json()["items"]
        return items

    async def effects(self, **query: str) -> list[dict[str, Any]]:
        """Only what took effect."""
        items: list[dict[str, Any]] = (await self.levers.get("/effects", params=query)).json()["items"]
        return items

    async def stop(self) -> int:
        """SIGTERM, and the code it ends with."""
        if self.process.returncode is None:
            self.process.terminate()
        await asyncio.wait_for(self.process.wait(), 5)
        await self.api.aclose()
        await self.levers.aclose()
        return self.process.returncode or 0


async def until(fact: Callable[[], Awaitable[bool]], *, within: float = 5) -> None:
    """Wait for a fact, with a limit in seconds."""
    async with asyncio.timeout(within):
        while not await fact():  # noqa: ASYNC110 -- the fact comes true in another process
            await asyncio.sleep(0.01)


async def spawn(*options: str) -> asyncio.subprocess.Process:
    """The command as an operator would type it."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator.unipile", *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def ready_address(process: asyncio.subprocess.Process) -> str:
    """What the ready line names."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    assert line.startswith(READY), (line, await process.stderr.read() if process.stderr else b"")
    return line.removeprefix(READY).decode().strip()


@contextlib.asynccontextmanager
async def running(folder: Path, *options: str, world: dict[str, Any] | None = None) -> AsyncIterator[Simulator]:
    """A simulator with the declared world, stopped at the end."""
    (folder / "world.json").write_bytes(orjson.dumps(world or WORLD))
    log = folder / "log.jsonl"
    process = await spawn("--port", "0", "--api-key", KEY, "--log", str(log), "--world", str(folder / "world.json"), *options)
    simulator = Simulator(process, await ready_address(process), log)
    try:
        yield simulator
    finally:
        await simulator.stop()
