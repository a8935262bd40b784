"""Play the demo: set the scene through the same verbs that users have, watch the week go by, and let the judge speak."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
from rich.console import Console
from rich.live import Live

from embedded.demo.corruption import CorruptionResult, corrupt_prospects
from embedded.demo.display import addresses, progress_line, scene, table
from embedded.demo.people import declare
from embedded.demo.progress import Progress, UnderWay, queries, read_ledger, read_progress
from embedded.demo.scenario import BEHAVIOUR, END, SCENE_SPEED, START, WORKSPACES, DemoWorkspace
from embedded.demo.verdict import DemoRun, pronounce
from embedded.ports import free_port, is_free
from embedded.settings import StackSettings
from embedded.stack import Stack
from embedded.unprivileged import empty
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.workflows.accounts.add_workspace import add_workspace
from services.queuer.workflows.accounts.tokens import create_token
from services.queuer.workflows.insight.status import read_accounts
from shared.db.pool import open_pool
from shared.db.queries import execute, require_one
from shared.runtime.settings import CallSettings
from shared.vocabulary import Role
from simulator.judge import LedgerEntry

PACKAGED: Final = Path(__file__).resolve().parent / "examples"
EXAMPLES: Final = PACKAGED if PACKAGED.is_dir() else Path(__file__).resolve().parents[2] / "examples"
"""The example lists: a wheel carries them beside this module (pyproject.toml), a checkout has them at its root."""
LOOK_EVERY: Final = 0.5
QUIET_WITHIN: Final = 30.0
CONNECTED_ON: Final = b"Connected On"
"""The column that only LinkedIn's own export of connections has: those people are messaged, not invited."""


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


class Demo:
    """One run."""

    def __init__(
        self,
        settings: StackSettings,
        folder: Path,
        *,
        csv: Path | None,
        speed: float,
        plain: bool,
        say: Callable[[str], None],
        end: datetime = END,
    ) -> None:
        self._folder = folder.absolute()
        self._csv = csv
        self._plain = plain
        self._speed = speed
        self._end = end
        self._say = say
        self._console = Console()
        self._started = time.monotonic()
        self._campaigns: list[str] = []
        self._healed: CorruptionResult | None = None
        empty(self._folder)
        world = self._folder / "world.json"
        world.write_text(json.dumps(_world()), encoding="utf-8")
        held = settings.moved_to(_ports(settings), start=START, speed=SCENE_SPEED, leaps=False)
        self.stack = Stack(held, self._folder, say=say, world=world)

    async def play(self) -> int:
        """Run the week on a stack that is up; returns the exit status.

        Raises:
            DemoError: a verb was refused.
        """
        where = self.stack.addresses
        self._say(f"the stack is ready after {time.monotonic() - self._started:.1f} s")
        async with await open_pool(where.database_url, role=None, size=3, name="demo") as pool:
            await self._set_the_scene(pool)
            await execute(pool, queries.set_off, speed=self._speed)
            self._console.print(addresses(where))
            accident = asyncio.create_task(self._have_an_accident(pool))
            try:
                await self._watch(pool)
            finally:
                accident.cancel()
                await asyncio.wait([accident])
            if not accident.cancelled():
                self._healed = accident.result()
                self._say(self._healed.words)
            await self._come_to_rest(pool)
            ledger = await read_ledger(pool)
        await self.stack.stop_services()
        await self.stack.stop_servers()
        return self._judge(ledger)

    async def _set_the_scene(self, pool: asyncpg.Pool) -> None:
        token = (await create_token(pool, workspace_id=None, role=Role.ADMIN, name="demo")).token
        async with httpx.AsyncClient(
            base_url=self.stack.addresses.url, headers={"authorization": f"Bearer {token}"}, timeout=120, trust_env=False
        ) as api:
            self._api = api
            for workspace in WORKSPACES:
                await self._play_in(workspace, pool)
            await declare(pool, self.stack.addresses.unipile_url)
            for campaign_id in self._campaigns:
                await _post(api, f"/api/campaigns/{campaign_id}/start")
        self._token = token

    async def _play_in(self, workspace: DemoWorkspace, pool: asyncpg.Pool) -> None:
        added = await add_workspace(pool, company_name=workspace.company_name, email=workspace.email)
        workspace_id = str(added.workspace.id)
        for account in workspace.accounts:
            await _post(
                self._api,
                "/api/accounts",
                {
                    "workspace_id": workspace_id,
                    "provider_account_id": account.provider_id,
                    "name": account.name,
                    "account_type": account.account_type,
                    "country": account.country,
                    "timezone": account.timezone,
                    "warm_up": False,  # they have been at it for years, and a week shows more at full pace
                },
            )
        campaign = workspace.campaign
        made = await _post(
            self._api,
            "/api/campaigns",
            {
                "workspace_id": workspace_id,
                "campaign_name": campaign.name,
                "campaign_type": campaign.campaign_type,
                "message_templates": campaign.templates,
                "step_delays": campaign.delays,
                "accounts": [account.provider_id for account in workspace.accounts],
            },
        )
        campaign_id = made["campaign"]["id"]
        self._campaigns.append(campaign_id)
        source = self._people_for(campaign.campaign_type, EXAMPLES / campaign.people)
        result = await _post(self._api, f"/api/campaigns/{campaign_id}/import", file=source)
        approved = await _post(self._api, f"/api/campaigns/{campaign_id}/approve", {})
        self._say(scene(workspace, source.name, result, approved))

    def _people_for(self, campaign_type: str, example: Path) -> Path:
        if self._csv is None:
            return example
        with self._csv.open("rb") as file:
            connections = CONNECTED_ON in file.read(65_536).replace(b"\0", b"")
        return self._csv if (campaign_type == "messenger") == connections else example

    async def _have_an_accident(self, pool: asyncpg.Pool) -> CorruptionResult:
        """Once a third of the week is over, in mid-flight: a day on which nothing has left yet is waited out."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            progress = await read_progress(pool)
            late = progress.now > START + (self._end - START) / 3
            if late and progress.sent and (healed := await corrupt_prospects(pool)) is not None:
                return healed

    async def _watch(self, pool: asyncpg.Pool) -> None:
        if self._plain:
            await self._watch_plainly(pool)
            return
        with Live(console=self._console, refresh_per_second=4, transient=False) as live:
            while True:
                state = await _look(pool)
                live.update(table(*state, end=self._end))
                if state[1].now >= self._end:
                    return
                await asyncio.sleep(LOOK_EVERY)

    async def _watch_plainly(self, pool: asyncpg.Pool) -> None:
        shown = -1
        while True:
            accounts, progress = await _look(pool)
            day = (progress.now - START).days
            if progress.now >= self._end or day != shown:
                shown = day
                self._console.print(table(accounts, progress, end=self._end))
            if progress.now >= self._end:
                return
            self._say(progress_line(progress))
            await asyncio.sleep(LOOK_EVERY * 10)

    async def _come_to_rest(self, pool: asyncpg.Pool) -> None:
        """Pause the campaigns and wait until nothing is under way, so that ledger and log can be compared."""
        async with httpx.AsyncClient(
            base_url=self.stack.addresses.url, headers={"authorization": f"Bearer {self._token}"}, timeout=30, trust_env=False
        ) as api:
            for campaign_id in self._campaigns:
                await _post(api, f"/api/campaigns/{campaign_id}/pause")
        deadline = time.monotonic() + QUIET_WITHIN
        while any(asdict(left := await require_one(pool, queries.in_hand, UnderWay)).values()):
            if time.monotonic() > deadline:
                self._say(f"still under way at the end: {asdict(left)}")
                return
            await asyncio.sleep(LOOK_EVERY / 5)

    def _judge(self, ledger: list[LedgerEntry]) -> int:
        finished = DemoRun(log=self.stack.simulator_log, ledger=ledger, wall_s=time.monotonic() - self._started, healed=self._healed)
        return pronounce(finished, self._console, Path(os.environ.get("TACT_BUILD_DIR", "build")) / "demo-verdict.json")


async def _look(pool: asyncpg.Pool) -> tuple[list[dict[str, Any]], Progress]:
    async with pool.acquire() as connection:
        accounts = [asdict(line) for line in await read_accounts(connection, CallTimes.of(CallSettings()))]
    return accounts, await read_progress(pool)


async def _post(api: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None, *, file: Path | None = None) -> dict[str, Any]:
    files = {"file": (file.name, await asyncio.to_thread(file.read_bytes), "text/csv")} if file else None
    answer = await api.post(path, json=None if files else body, files=files)
    if not answer.is_success:
        raise DemoError(f"{path} was refused ({answer.status_code}): {_sentence(answer)}")
    result: dict[str, Any] = answer.json()
    return result


def _sentence(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]


def _world() -> dict[str, Any]:
    accounts = [
        {"id": a.provider_id, "name": a.name, "type": a.account_type, "country": a.country[:2], "connections": 40}
        for workspace in WORKSPACES
        for a in workspace.accounts
    ]
    return {"behaviour": BEHAVIOUR, "accounts": accounts, "people": []}


def _ports(settings: StackSettings) -> dict[str, int]:
    """The usual ports where they are free, others where something else listens: a demo should just run."""
    chosen: dict[str, int] = {}
    for name, port in settings.ports().items():
        chosen[name] = port if name in settings.model_fields_set or (is_free(port) and port not in chosen.values()) else free_port()
    return chosen
