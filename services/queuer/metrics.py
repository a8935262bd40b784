"""The queuer's own metrics; those every process has are in shared/metrics.py."""

from prometheus_client import Counter, Gauge, Histogram

PLANNED_SENDS = Counter(
    "tact_planned_sends_total",
    "Sends planned, by what became of them at once: pending, failed (no words, too long), skipped, stopped, not_planned, withdrawal.",
    ["outcome"],
)
FINISHED_PROSPECTS = Counter("tact_finished_prospects_total", "Prospects whose sequence the planner ended.", ["outcome"])
CANCELLED_SENDS = Counter("tact_cancelled_sends_total", "Planned sends that will not leave any more.", ["reason"])
DISPATCHED_SENDS = Counter("tact_dispatched_sends_total", "Sends handed to Kafka as due.", [])
DISPATCH_LATENESS = Histogram(
    "tact_dispatch_lateness_seconds",
    "Business time between the moment a send was due, its lane open and its account free, and its dispatch.",
    [],
    buckets=(1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600),
)
LEASES_OVER = Counter("tact_dispatch_leases_over_total", "Dispatches that no sender answered before their lease ran out.", [])
UNANSWERED = Gauge("tact_dispatches_unanswered", "Dispatches whose lease runs and that no sender has taken yet.", [])
OLDEST_DUE_AGE = Gauge(
    "tact_oldest_due_age_seconds",
    "Business time for which the oldest due send has been allowed: lane open, account free, not left; 0: none.",
    [],
)
HANDED_OVER = Counter("tact_handed_over_prospects_total", "People an account that is gone had not written to, given to another.", [])
FORGOTTEN = Counter(
    "tact_queuer_forgotten_total", "What no event and no wake would have moved on, found by a sweep: account, follow_up.", ["what"]
)
CLOCK_LEAPS = Counter("tact_clock_leaps_total", "Leaps of a fast stack's business clock over hours in which no account may act.", [])
HEALER_SILENT = Gauge("tact_healer_silent_seconds", "Real seconds since the last heartbeat of any healer; 0: no healer has ever run.", [])
