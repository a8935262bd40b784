"""The clock in: what runs again and again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from services.healer.settings import HealerSettings
from services.healer.workflows.adopt import Adopt
from services.healer.workflows.de_enroll import de_enroll
from services.healer.workflows.deliver import Deliver
from services.healer.workflows.heal import Heal
from services.healer.workflows.look_up import LookUp
from services.healer.workflows.measure import RECOUNT_EVERY, Measure
from services.healer.workflows.mend import Mend
from services.healer.workflows.notify import Notify
from services.healer.workflows.predict import PREDICT_EVERY, Predict
from shared.fence.fence import FenceShut
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

    Upkeep seeks what died in real time, and people read in real time, so their pace must not shrink with a fast stack's clock.
    """
    real = max(service.clock.speed, 1.0)

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

    service.jobs.add("find", settings.healer_find_every * real, fenced(heal.look))
    service.jobs.add("look at changes", settings.healer_find_every * real, fenced(heal.look_at_changes))
    service.jobs.add("look in hand", settings.healer_upkeep_every * real, fenced(heal.look_in_hand))
    service.jobs.add("reconcile", WALK_EVERY * real, fenced(walk))
    service.jobs.add("beat", BEAT_EVERY * real, heal.beat)
    service.jobs.add("expire intents", settings.healer_upkeep_every * real, fenced(mend.expire_intents))
    service.jobs.add("clear leases", settings.healer_upkeep_every * real, fenced(mend.clear_leases))
    service.jobs.add("unstick sends", settings.healer_upkeep_every * real, fenced(mend.unstick_sends))
    service.jobs.add("look up", settings.healer_look_every, fenced(look_up.begin))
    service.jobs.add("adopt", ADOPT_EVERY * real, adopt.round)
    service.jobs.add("watch consumers", settings.healer_upkeep_every * real, fenced(mend.watch_consumers))
    service.jobs.add("take stock", settings.healer_stock_every * real, mend.take_stock)
    service.jobs.add("measure health", settings.healer_stock_every * real, measure.round)
    service.jobs.add("predict corruption", PREDICT_EVERY / 4 * real, predict.round)
    service.jobs.add("recount the queue", RECOUNT_EVERY / 4 * real, measure.recount)
    service.jobs.add("de-enrol", settings.healer_de_enroll_every, fenced(leave))
    service.jobs.add("forget history", settings.healer_forget_every, forget)
    service.jobs.add("tell what waits", settings.healer_notices_every * real, fenced(notify.of_what_waits))
    service.jobs.add("tell of a read-only stack", settings.healer_notices_every * real, notify.of_read_only)
    service.jobs.add("tell of alerts", settings.healer_notices_every * real, fenced(notify.of_alerts))
    return service.jobs.add("deliver notices", settings.healer_notices_every * real, deliver_what_may).wake
