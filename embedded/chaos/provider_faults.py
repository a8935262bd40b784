"""Faults of the provider, injected through the simulator: random error answers, and accounts that are disconnected for a while."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import httpx

WRITES: Final = ("invitation", "message")
THIRD: Final = 5.0 / 3
AFTER_EFFECT: Final[tuple[dict[str, Any], ...]] = (
    {"fault": "timeout_after_effect", "hang_s": 60, "probability": THIRD / 100},
    {"fault": "status", "type": "errors/request_timeout", "effect": True, "probability": THIRD / 100},
    {"fault": "cut_after_effect", "probability": THIRD / 100},
)
"""Five of a hundred writes take effect, and the answer is a time-out, a 504 or a cut connection."""
WITHOUT_EFFECT: Final[tuple[dict[str, Any], ...]] = (
    {"fault": "status", "status": 500, "type": "errors/unexpected_error", "probability": 1 / 100},
)
LIMITS: Final[tuple[dict[str, Any], ...]] = ({"fault": "status", "type": "errors/too_many_requests", "probability": 2 / 100},)
"""After one of these an account's invitations rest for six hours."""
AT_ONCE: Final = 8
PATIENCE: Final = 60
"""Tries, a second apart."""


class ProviderFaults:
    """Controls the simulator through its /_sim routes."""

    def __init__(self, simulator: str, *, seed: int) -> None:
        self._levers = f"{simulator}/_sim"
        self._seed = seed

    async def bad(self, *, limits: bool) -> None:
        """From now on writes fail at random; with `limits` also with the provider's rate limit answers."""
        faults = (*AFTER_EFFECT, *WITHOUT_EFFECT, *(LIMITS if limits else ()))
        async with self._client() as levers:
            for place, (action, fault) in enumerate((a, f) for a in WRITES for f in faults):
                order = fault | {"match": {"action": action}, "seed": self._seed * 100 + place}
                (await levers.post("/faults", json=order)).raise_for_status()
            (await levers.post("/latency", json={"ms_min": 5, "ms_max": 60})).raise_for_status()

    async def disconnect(self, accounts: Sequence[str]) -> None:
        """The accounts lose their sessions."""
        await self._each(accounts, "disconnect")

    async def reconnect(self, accounts: Sequence[str]) -> None:
        """The accounts are usable again."""
        await self._each(accounts, "reconnect")

    async def _each(self, accounts: Sequence[str], verb: str) -> None:
        slots = asyncio.Semaphore(AT_ONCE)
        async with self._client() as levers:

            async def one(account_id: str) -> None:
                async with slots:
                    # The simulator uses the database's clock, and PostgreSQL may be away at this moment.
                    for _ in range(PATIENCE):
                        if (await levers.post(f"/accounts/{account_id}/{verb}", json={})).is_success:
                            return
                        await asyncio.sleep(1)

            await asyncio.gather(*(one(account_id) for account_id in accounts))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._levers, timeout=60, trust_env=False)
