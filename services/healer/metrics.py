"""The healer's metrics."""

from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from services.healer.rules.repairs.finding_kinds import KINDS


class Result(StrEnum):
    """What a look at one unknown attempt brought."""

    HAPPENED = "happened"
    DID_NOT = "did_not"
    NOT_YET = "not_yet"
    ASK_PERSON = "ask_person"
    UNREADABLE = "unreadable"  # the provider could not be asked


class Mended(StrEnum):
    """What upkeep put right."""

    INTENT_UNKNOWN = "intent_unknown"
    LOOKUP_RELEASED = "lookup_released"
    LEASE_CLEARED = "lease_cleared"
    SEND_UNSTUCK = "send_unstuck"
    HISTORY_FORGOTTEN = "history_forgotten"  # older than anybody asks about


VIOLATIONS = Gauge(
    "tact_integrity_violations", "Rows that break a rule, by rule: counted where the view does, else open findings.", ["rule"]
)
FINDINGS_OPEN = Gauge("tact_integrity_findings_open", "Findings nobody has closed yet.", ["severity"])
LOOK_UPS = Counter("tact_look_ups_total", "Looks at attempts whose end nobody saw.", ["result"])
UNKNOWN_WAITING = Gauge("tact_unknown_attempts", "Attempts whose end nobody saw and that are still looked up.")
UNKNOWN_FOR_PERSON = Gauge("tact_unknown_attempts_for_person", "Attempts whose end only a person can decide.")
UNKNOWN_OLDEST = Gauge("tact_unknown_attempts_oldest_seconds", "Business time since the oldest of those still looked up was decided.")
MENDED = Counter("tact_mended_total", "What died in a process's hand and was put right.", ["what"])
FOUND = Counter("tact_integrity_found_total", "Rows found to break a rule, by kind; a row that stays wrong is found again.", ["kind"])
CLEANED_UP = Counter("tact_cleanup_fixed_total", "Prospects mended by clean-up runs.")
CLEANUP_FAILURES = Counter("tact_cleanup_failures_total", "Clean-up runs that failed and changed nothing.")
NOTICES = Counter("tact_notices_total", "Notices written, each once, by kind.", ["kind"])
DELIVERIES = Counter(
    "tact_notice_deliveries_total", "Tries to bring a notice to people; waiting: it will be tried again.", ["channel", "outcome"]
)
OLDEST_NOTICE = Gauge(
    "tact_notices_oldest_undelivered_seconds", "Real time since the oldest delivery still to be made was written; 0: none waits."
)


class RunResult(StrEnum):
    """How a run of the clean-up ended."""

    FIXED = "fixed"
    NOTHING = "nothing"  # there was nothing to fix
    FAILED = "failed"


OTHER: Final = "other"


def rule_label(kind: str) -> str:
    """A kind of repair as a label: the known rules by name and `other`, for a kind may come from an event that anybody sends."""
    return kind if kind in KINDS else OTHER


HEALED_ROWS = Counter("tact_healed_rows_total", "Rows that repairs put right, by the rule they broke.", ["rule"])
CLEANUP_RUNS = Counter("tact_cleanup_runs_total", "Runs of the clean-up that ended, by result.", ["result"])
REPAIR_SECONDS = Histogram(
    "tact_repair_duration_seconds",
    "Real time from a finding to its repair.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 86_400),
)
HEALTH_SCORE = Gauge("tact_health_score", "The whole stack's health score, 0 to 100, as the leader last measured it; see docs/health.md.")
HEALTH_AGE = Gauge("tact_health_measurement_age_seconds", "Real time since anybody measured the health; NaN: nobody ever did.")
ALERTS_OPEN = Gauge("tact_health_alerts_open", "Conditions that people are alerted of and that hold, by kind.", ["kind"])
