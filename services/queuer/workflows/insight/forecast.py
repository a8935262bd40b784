"""Forecast a campaign: read everything once, suppose what was asked, run the policy forward. Nothing is written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as PipeConnection
from multiprocessing.context import SpawnProcess
from typing import Final
from uuid import UUID

from services.queuer.rules.campaigns.checks import check_sendable
from services.queuer.rules.insight.forecast import foretell, load
from services.queuer.rules.insight.forecast_model import Forecast, ForecastQuestion, Rates
from services.queuer.rules.insight.what_if import read_what_if, suppose
from services.queuer.store.campaigns.campaigns import unknown_campaign
from services.queuer.store.insight import forecast as store
from services.queuer.store.insight.forecast import ForecastCampaign
from shared.calendar import ScheduleError
from shared.db.pool import Connection
from shared.refusals import Busy, Conflict, Refused
from shared.vocabulary import CampaignStatus

MOST_DAYS: Final = 366
DEFAULT_DAYS: Final = 30
MOST_AT_THE_DOOR: Final = 800_000
"""Actions that one request may run through: about a minute of one core."""
MOST_WAITING: Final = 4
"""Requests that may wait for the one process that forecasts."""

LONGEST: Final = 120
"""Seconds after which an answer is given up."""

_SPAWN: Final = get_context("spawn")  # a fork would take the service's connections and threads along
_OVER: Final = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Ready:
    """A question that can be answered, and what a reader of the answer should know."""

    question: ForecastQuestion
    campaign_name: str
    notes: tuple[str, ...]

    @property
    def rates(self) -> Rates:
        """How the campaign's people are taken to answer."""
        own = (work.rates for account in self.question.accounts for work in account.work if work.campaign_id == self.question.campaign_id)
        return next(own, Rates())


async def prepare(
    connection: Connection,
    campaign_id: UUID,
    *,
    workspace_id: UUID | None = None,
    days: int = DEFAULT_DAYS,
    sets: Sequence[str] = (),
    holidays: Sequence[str] = (),
) -> Ready:
    """Read what the forecast starts from, and apply what is supposed.

    Raises:
        NotFound: there is no such campaign.
        Conflict: it is over.
        Refused: it has no account or no steps, or something that was asked for cannot be followed.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"days is {days}; write 1 to {MOST_DAYS}.", details={"field": "days"})
    try:
        what_if = read_what_if(sets, holidays)
        campaign = await store.load_campaign(connection, campaign_id, workspace_id=workspace_id)
        if campaign is None:
            raise unknown_campaign(campaign_id)
        _check_campaign(campaign)
        question = await store.load_question(connection, campaign, days=days)
        _check_question(campaign, question)
        question, notes = suppose(what_if, question)
    except ScheduleError as error:
        raise Refused(f"Nothing leaves by hours that cannot be followed, for {error}", code="schedule") from None
    return Ready(question, campaign.campaign_name, (*_notes(campaign), *notes))


def _check_campaign(campaign: ForecastCampaign) -> None:
    if campaign.status in _OVER:
        raise Conflict(f"The campaign {campaign.campaign_name!r} is {campaign.status}: nothing more of it will leave.", code="wrong_status")
    check_sendable(campaign.campaign_type)


def _check_question(campaign: ForecastCampaign, question: ForecastQuestion) -> None:
    if not question.accounts:
        raise Refused("The campaign has no account to send from. Give it one of the workspace's accounts first.", code="no_accounts")
    if not any(work.campaign_id == campaign.id for account in question.accounts for work in account.work):
        raise Refused("The campaign has no steps, so nothing would leave. Give it message_templates first.", code="no_steps")


def _notes(campaign: ForecastCampaign) -> tuple[str, ...]:
    if not campaign.workspace_active:
        return ("The workspace is not active: nothing leaves before it is. This is what would happen if it were active now.",)
    if campaign.status is not CampaignStatus.RUNNING:
        return (f"The campaign is {campaign.status}: this is what would happen if it ran from now on.",)
    return ()


class Forecasts:
    """Answers one question at a time, in a process of its own: the dispatcher shares neither its core nor its lock with it."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0
        self._process: SpawnProcess | None = None

    async def answer(self, question: ForecastQuestion) -> Forecast:
        """Run it forward.

        Raises:
            Refused: it is too much for one request.
            Busy: too many wait already, or the process was ended before it had an answer.
        """
        amount = load(question.accounts, question.days)
        if amount > MOST_AT_THE_DOOR:
            raise Refused(
                f"This forecast would run through about {amount:,} actions, and a request {MOST_AT_THE_DOOR:,} at most. "
                "Ask for fewer days, or run `tact forecast`, which takes its time.",
                code="too_much",
                details={"actions": amount, "most": MOST_AT_THE_DOOR},
            )
        if self._waiting >= MOST_WAITING:
            raise Busy("Several forecasts are being made already; ask again in a minute.")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._elsewhere(question)
        finally:
            self._waiting -= 1

    async def _elsewhere(self, question: ForecastQuestion) -> Forecast:
        answers, answering = _SPAWN.Pipe(duplex=False)
        self._process = process = _SPAWN.Process(target=_send_forecast, args=(question, answering), name="forecast", daemon=True)
        try:
            await asyncio.to_thread(process.start)
            answering.close()  # ours; the pipe ends when the process does
            async with asyncio.timeout(LONGEST):
                found: Forecast = await asyncio.to_thread(answers.recv)
                return found
        except (EOFError, TimeoutError):
            raise Busy("The forecast was not ready in time; ask again, or for fewer days.") from None
        finally:
            # However it ends, also by a caller who goes away: the thread that reads the pipe ends with the process.
            process.kill()
            await asyncio.to_thread(process.join)
            self._process = None

    async def close(self) -> None:
        """End the process; a request that waits for it answers that the caller should ask again."""
        if self._process is not None:
            self._process.kill()


def _send_forecast(question: ForecastQuestion, answering: PipeConnection) -> None:
    answering.send(foretell(question))
