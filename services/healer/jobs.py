"""The clock in: what runs again and again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from services.healer.settings import HealerSettings
from services.healer.workflows.adoption.adopt import Adopt
from services.healer.workflows.de_enroll import de_enroll
from services.healer.workflows.health.measure import RECOUNT_EVERY, MeasureHealth
from services.healer.workflows.health.predict import PREDICT_EVERY, Predict
from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.notices.notify import Notify
from services.healer.workflows.repairs.repair import FindAndRepair
from services.healer.workflows.unknown_attempts.look_up import LookUp
from shared.fence.fence import FenceShut
from shared.runtime.jobs import JobPace
from shared.service.process import Service
from shared.vocabulary import NoticeKind

ADOPT_EVERY: Final = timedelta(seconds=1)
BEAT_EVERY: Final = timedelta(seconds=2)
WALK_EVERY: Final = timedelta(seconds=1)
"""How often the job checks whether a reconciliation walk is due; an unfinished walk continues at once."""


def register(
    service: Service,
    settings: HealerSettings,
    *,
    mend: Maintenance,
    heal: FindAndRepair,
    look_up: LookUp,
    deliver: Deliver,
    notify: Notify,
    adopt: Adopt,
    measure: MeasureHealth,
    predict: Predict,
) -> Callable[[], None]:
    """Declare the healer's jobs; returns the function that wakes the job that delivers notices.

    Processes die and operators read in real time, so most jobs keep real time; only jobs that depend on an account's hours
    keep business time.
    """
    add = service.jobs.add

    def fenced(do: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        """A database that went back in time is not repaired from its own rows, and its operators get no notice a second time."""

        async def unless_shut() -> Any:
            try:
                await service.fence.ask(service.pool)
            except FenceShut:
                return False
            return await do()

        return unless_shut

    async def deliver_what_may() -> bool:
        """A read-only stack delivers only the notice of that: other notices may have been delivered before the restore."""
        try:
            await service.fence.ask(service.pool)
        except FenceShut:
            return await deliver.round(only=[NoticeKind.STACK_READ_ONLY])
        return await deliver.round()

    async def leave() -> None:
        await de_enroll(service.pool, wake_relay=service.wake_relay)

    async def forget() -> bool:
        return await mend.forget_history(settings.healer_history_kept)

    async def walk() -> bool:
        return await heal.reconcile(settings.healer_reconcile_every)

    add("find", settings.healer_find_every, fenced(heal.look), pace=JobPace.REAL)
    add("look at changes", settings.healer_find_every, fenced(heal.look_at_changes), pace=JobPace.REAL)
    add("look in hand", settings.healer_upkeep_every, fenced(heal.look_in_hand), pace=JobPace.REAL)
    add("reconcile", WALK_EVERY, fenced(walk), pace=JobPace.REAL)
    add("beat", BEAT_EVERY, heal.beat, pace=JobPace.REAL)
    add("expire intents", settings.healer_upkeep_every, fenced(mend.expire_intents), pace=JobPace.REAL)
    add("clear leases", settings.healer_upkeep_every, fenced(mend.clear_leases), pace=JobPace.REAL)
    add("unstick sends", settings.healer_upkeep_every, fenced(mend.unstick_sends), pace=JobPace.REAL)
    add("look up", settings.healer_look_every, fenced(look_up.begin))
    add("adopt", ADOPT_EVERY, adopt.round, pace=JobPace.REAL)
    add("watch consumers", settings.healer_upkeep_every, fenced(mend.watch_consumers), pace=JobPace.REAL)
    add("take stock", settings.healer_stock_every, mend.take_stock, pace=JobPace.REAL)
    add("measure health", settings.healer_stock_every, measure.round, pace=JobPace.REAL)
    add("predict corruption", PREDICT_EVERY / 4, predict.round, pace=JobPace.REAL)
    add("recount the queue", RECOUNT_EVERY / 4, measure.recount, pace=JobPace.REAL)
    add("de-enrol", settings.healer_de_enroll_every, fenced(leave))
    add("forget history", settings.healer_forget_every, forget)
    add("tell what waits", settings.healer_notices_every, fenced(notify.of_what_waits), pace=JobPace.REAL)
    add("tell of a read-only stack", settings.healer_notices_every, notify.of_read_only, pace=JobPace.REAL)
    add("tell of alerts", settings.healer_notices_every, fenced(notify.of_alerts), pace=JobPace.REAL)
    return add("deliver notices", settings.healer_notices_every, deliver_what_may, pace=JobPace.REAL).wake
