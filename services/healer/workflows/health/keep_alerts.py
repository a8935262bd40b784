"""Compare what was measured with the alerts that are open: one begins when its condition holds, and ends when it does not."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.healer.metrics import ALERTS_OPEN
from services.healer.rules.health.alerts import AlertKind, RiskyCampaign, find_alerts
from services.healer.store.health import alerts as store
from services.healer.workflows.health.measure import HealthMeasurement
from shared.db.pool import Connection
from shared.runtime.clock import StackClock

log = structlog.get_logger()


async def nothing_predicted(_connection: Connection) -> Sequence[RiskyCampaign]:
    """For who predicts nothing."""
    return ()


class AlertKeeper:
    """Comes after each measurement, in its transaction."""

    def __init__(
        self,
        clock: StackClock,
        *,
        predicted: Callable[[Connection], Awaitable[Sequence[RiskyCampaign]]] = nothing_predicted,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`wake` is called when something began or ended: there is an event to publish and people to tell."""
        self._clock = clock
        self._predicted = predicted
        self._wake = wake

    async def __call__(self, connection: Connection, measured: HealthMeasurement) -> None:
        """Open and close alerts."""
        alerts = find_alerts(
            measured.figures,
            failures_in_row=measured.whole.failures_in_row,
            errors=await store.fetch_error_rates(connection),
            predicted=await self._predicted(connection),
            silent_for=measured.silent_for,
        )
        began, over = await store.store_alerts(connection, alerts, at=self._clock.now())
        for kind in AlertKind:
            ALERTS_OPEN.labels(kind=kind).set(sum(alert.kind is kind for alert in alerts))
        if began or over:
            log.warning("alerts changed", began=began, over=over)
            self._wake()
