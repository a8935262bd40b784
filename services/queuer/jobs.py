"""What the clock starts in the queuer. Each job may run in any number of processes at once."""

from datetime import timedelta
from functools import partial
from typing import Final

import asyncpg

from services.queuer.settings import QueuerSettings
from services.queuer.workflows.accounts.healer_watchdog import HealerAlarm, HealerWatchdog
from services.queuer.workflows.campaigns.finish import finish_campaigns
from services.queuer.workflows.campaigns.fold_counters import fold_counters
from services.queuer.workflows.dispatch.clock_skip import ClockSkipper
from services.queuer.workflows.dispatch.dispatch import Dispatcher
from services.queuer.workflows.people.timezones import derive_zones
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.reassign_account import AccountReassignment
from services.queuer.workflows.planning.release_held import HeldSequenceRelease
from services.queuer.workflows.planning.withdraw import WithdrawalPlanner
from shared.runtime.jobs import JobPace, Jobs

WITHDRAW_EVERY: Final = timedelta(minutes=1)
FINISH_EVERY: Final = timedelta(seconds=15)
"""A few probes for each running campaign."""
GO_ON_EVERY: Final = timedelta(seconds=15)
"""Asks about sends that wait for another sequence alone; usually there are none."""
MEASURE_EVERY: Final = timedelta(seconds=15)
WATCH_EVERY: Final = timedelta(seconds=10)
ZONES_EVERY: Final = timedelta(seconds=15)
"""Only leads from before the column need it, so an empty index is all it reads; a full batch goes on at once."""


def register(
    jobs: Jobs,
    settings: QueuerSettings,
    pool: asyncpg.Pool,
    *,
    planner: Planner,
    dispatcher: Dispatcher,
    hand_over: AccountReassignment,
    leaper: ClockSkipper,
    alarm: HealerAlarm | None = None,
) -> None:
    """Declare the jobs."""
    jobs.add("plan", settings.planning_every, planner.sweep)
    jobs.add("plan withdrawals", WITHDRAW_EVERY, WithdrawalPlanner(pool).sweep)
    jobs.add("go on", GO_ON_EVERY, HeldSequenceRelease(pool).sweep)
    jobs.add("finish campaigns", FINISH_EVERY, partial(finish_campaigns, pool))
    jobs.add("dispatch", settings.dispatch_every, dispatcher.dispatch, pace=JobPace.PROMPT)
    jobs.add("take back", settings.sweep_every, dispatcher.sweep)
    jobs.add("hand over", settings.hand_over_every, hand_over.round)
    jobs.add("wake forgotten", settings.forgotten_every, dispatcher.wake_forgotten, pace=JobPace.REAL)
    jobs.add("plan forgotten", settings.forgotten_every, planner.sweep_under_way, pace=JobPace.REAL)
    jobs.add("fold counters", settings.fold_every, partial(fold_counters, pool))
    jobs.add("leap", settings.leap_every, leaper.leap, pace=JobPace.PROMPT)
    jobs.add("tell zones", ZONES_EVERY, partial(derive_zones, pool), pace=JobPace.REAL)
    jobs.add("watch the healer", WATCH_EVERY, HealerWatchdog(pool, alarm).round, pace=JobPace.REAL)
    jobs.add("measure", MEASURE_EVERY, dispatcher.measure, pace=JobPace.REAL)
