"""The healer's metrics."""

from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from services.healer.rules.repairs.finding_kinds import KINDS


class Result(StrEnum):
    """The result of looking up one unknown attempt."""

    HAPPENED = "happened"
    DID_NOT = "did_not"
    NOT_YET = "not_yet"
    ASK_PERSON = "ask_person"
    UNREADABLE = "unreadable"  # the provider could not be asked


class Mended(StrEnum):
    """What maintenance put right."""

    INTENT_UNKNOWN = "intent_unknown"
    LOOKUP_RELEASED = "lookup_released"
    LEASE_CLEARED = "lease_cleared"
    SEND_UNSTUCK = "send_unstuck"
    HISTORY_FORGOTTEN = "history_forgotten"  # older than the retention period


VIOLATIONS = Gauge(
    "tact_integrity_violations", "Rows that break a rule, by rule: counted where the view does, else open findings.", ["rule"]
)
FINDINGS_OPEN = Gauge("tact_integrity_findings_open", "Open findings, by severity.", ["severity"])
LOOK_UPS = Counter("tact_look_ups_total", "Look-ups of attempts with an unknown outcome, by result.", ["result"])
UNKNOWN_WAITING = Gauge("tact_unknown_attempts", "Attempts with an unknown outcome that are still looked up.")
UNKNOWN_FOR_PERSON = Gauge("tact_unknown_attempts_for_person", "Attempts with an unknown outcome that wait for an operator.")
UNKNOWN_OLDEST = Gauge(
    "tact_unknown_attempts_oldest_seconds", "Business time since the oldest attempt that is still looked up was decided."
)
MENDED = Counter("tact_mended_total", "Rows that a dead process left behind and maintenance put right.", ["what"])
FOUND = Counter("tact_integrity_found_total", "Rows found to break a rule, by kind; a row that stays wrong is found again.", ["kind"])
CLEANED_UP = Counter("tact_cleanup_fixed_total", "Prospects repaired by cleanup runs.")
CLEANUP_FAILURES = Counter("tact_cleanup_failures_total", "Cleanup runs that failed and changed nothing.")
NOTICES = Counter("tact_notices_total", "Notices written, each once, by kind.", ["kind"])
DELIVERIES = Counter(
    "tact_notice_deliveries_total", "Delivery attempts of notices; waiting: the delivery is tried again.", ["channel", "outcome"]
)
OLDEST_NOTICE = Gauge("tact_notices_oldest_undelivered_seconds", "Real time since the oldest waiting delivery was created; 0: none waits.")


class RunResult(StrEnum):
    """How a cleanup run ended."""

    FIXED = "fixed"
    NOTHING = "nothing"  # there was nothing to fix
    FAILED = "failed"


OTHER: Final = "other"


def rule_label(kind: str) -> str:
    """A kind of repair as a label: known kinds by name, else `other`, because any service may send an event with an unknown kind."""
    return kind if kind in KINDS else OTHER


HEALED_ROWS = Counter("tact_healed_rows_total", "Repaired rows, by the rule they broke.", ["rule"])
CLEANUP_RUNS = Counter("tact_cleanup_runs_total", "Finished cleanup runs, by result.", ["result"])
REPAIR_SECONDS = Histogram(
    "tact_repair_duration_seconds",
    "Real time from a finding to its repair.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 86_400),
)
HEALTH_SCORE = Gauge("tact_health_score", "The whole stack's health score, 0 to 100, as the leader last measured it; see docs/health.md.")
HEALTH_AGE = Gauge("tact_health_measurement_age_seconds", "Real time since the last health measurement of any healer; NaN: there was none.")
ALERTS_OPEN = Gauge("tact_health_alerts_open", "Open alerts, by kind.", ["kind"])
