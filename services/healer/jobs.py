"""The clock in: what runs again and again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from services.healer.settings import HealerSettings
from services.healer.workflows.adoption.adopt import Adopt
from services.healer.workflows.de_enroll import de_enroll
from services.healer.workflows.health.measure import RECOUNT_EVERY, Measure
from services.healer.workflows.health.predict import PREDICT_EVERY, Predict
from services.healer.workflows.maintenance.maintain import Mend
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.notices.notify import Notify
from services.healer.workflows.repairs.repair import Heal
from services.healer.workflows.unknown_attempts.look_up import LookUp
from shared.fence.fence import FenceShut
from shared.runtime.jobs import Pace
from shared.runtime.service import Service
from shared.vocabulary import NoticeKind

ADOPT_EVERY: Final = timedelta(seconds=1)
BEAT_EVERY: Final = timedelta(seconds=2)
WALK_EVERY: Final = timedelta(seconds=1)
"""How often it is asked whether a walk is due; one that is under way goes on at once."""


def register(
    service: Service,
    settings: HealerSettings,
    *,
    mend: Mend,
    heal: Heal,
    look_up: LookUp,
    deliver: Deliver,
    notify: Notify,
    adopt: Adopt,
    measure: Measure,
    predict: Predict,
) -> Callable[[], None]:
    """Declare the healer's jobs; returns what wakes the one that delivers notices.

    Upkeep seeks what died in real time, and people read in real time; only what falls due by the account's hours keeps business time.
    """
    add = service.jobs.add

    def fenced(do: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        """What is wrong in a database that went back in time is not mended by its own rows, and nobody is told of it twice."""

        async def unless_shut() -> Any:
            try:
                await service.fence.ask(service.pool)
            except FenceShut:
                return False
            return await do()

        return unless_shut

    async def deliver_what_may() -> bool:
        """A read-only stack tells of nothing but that: of everything else people may have been told already."""
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

    add("find", settings.healer_find_every, fenced(heal.look), pace=Pace.REAL)
    add("look at changes", settings.healer_find_every, fenced(heal.look_at_changes), pace=Pace.REAL)
    add("look in hand", settings.healer_upkeep_every, fenced(heal.look_in_hand), pace=Pace.REAL)
    add("reconcile", WALK_EVERY, fenced(walk), pace=Pace.REAL)
    add("beat", BEAT_EVERY, heal.beat, pace=Pace.REAL)
    add("expire intents", settings.healer_upkeep_every, fenced(mend.expire_intents), pace=Pace.REAL)
    add("clear leases", settings.healer_upkeep_every, fenced(mend.clear_leases), pace=Pace.REAL)
    add("unstick sends", settings.healer_upkeep_every, fenced(mend.unstick_sends), pace=Pace.REAL)
    add("look up", settings.healer_look_every, fenced(look_up.begin))
    add("adopt", ADOPT_EVERY, adopt.round, pace=Pace.REAL)
    add("watch consumers", settings.healer_upkeep_every, fenced(mend.watch_consumers), pace=Pace.REAL)
    add("take stock", settings.healer_stock_every, mend.take_stock, pace=Pace.REAL)
    add("measure health", settings.healer_stock_every, measure.round, pace=Pace.REAL)
    add("predict corruption", PREDICT_EVERY / 4, predict.round, pace=Pace.REAL)
    add("recount the queue", RECOUNT_EVERY / 4, measure.recount, pace=Pace.REAL)
    add("de-enrol", settings.healer_de_enroll_every, fenced(leave))
    add("forget history", settings.healer_forget_every, forget)
    add("tell what waits", settings.healer_notices_every, fenced(notify.of_what_waits), pace=Pace.REAL)
    add("tell of a read-only stack", settings.healer_notices_every, notify.of_read_only, pace=Pace.REAL)
    add("tell of alerts", settings.healer_notices_every, fenced(notify.of_alerts), pace=Pace.REAL)
    return add("deliver notices", settings.healer_notices_every, deliver_what_may, pace=Pace.REAL).wake
