"""Compare what was measured with the alerts that are open: one begins when its condition holds, and ends when it does not."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.healer.metrics import ALERTS_OPEN
from services.healer.rules.health.alerts import AlertKind, Predicted, true_now
from services.healer.store.health import alerts as store
from services.healer.workflows.health.measure import Measured
from shared.db.pool import Connection
from shared.runtime.clock import StackClock

log = structlog.get_logger()


async def nothing_predicted(_connection: Connection) -> Sequence[Predicted]:
    """For who predicts nothing."""
    return ()


class Watch:
    """Comes after each measurement, in its transaction."""

    def __init__(
        self,
        clock: StackClock,
        *,
        predicted: Callable[[Connection], Awaitable[Sequence[Predicted]]] = nothing_predicted,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`wake` is called when something began or ended: there is an event to publish and people to tell."""
        self._clock = clock
        self._predicted = predicted
        self._wake = wake

    async def __call__(self, connection: Connection, measured: Measured) -> None:
        """Open and close alerts."""
        alerts = true_now(
            measured.figures,
            failures_in_row=measured.whole.failures_in_row,
            errors=await store.errors(connection),
            predicted=await self._predicted(connection),
            silent_for=measured.silent_for,
        )
        began, over = await store.keep(connection, alerts, at=self._clock.now())
        for kind in AlertKind:
            ALERTS_OPEN.labels(kind=kind).set(sum(alert.kind is kind for alert in alerts))
        if began or over:
            log.warning("alerts changed", began=began, over=over)
            self._wake()
