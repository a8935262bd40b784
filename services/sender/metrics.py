"""The sender's metrics."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from shared.policy import ALREADY_INVITED, Reason

SENDS = Counter("tact_sends_total", "Attempts that ended, by what they were and how they ended.", ["kind", "outcome"])
DENIALS = Counter(
    "tact_send_denials_total",
    "Decisions not to send now, by the policy's reason; already_invited: the ledger's index said no; provider_brake: all sending paused.",
    ["reason"],
)
CIRCUIT_OPEN: Final = "provider_brake"
for _reason in (*Reason, ALREADY_INVITED, CIRCUIT_OPEN):  # from 0 on: an alert on their increase would not see the first one
    DENIALS.labels(reason=str(_reason))
LATENESS = Histogram(
    "tact_send_lateness_seconds",
    "Business time between the moment a send was allowed (due, its lane open, its account free) and the decision that let it leave.",
    ["kind"],
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400),
)
DURATION = Histogram("tact_send_duration_seconds", "Real time a call to the provider took.", ["kind", "outcome"])
INFLIGHT = Gauge("tact_inflight", "Calls to the provider under way.")
STALE = Counter(
    "tact_duplicates_suppressed_total", "Repeated or outdated events that led to nothing, by where they were noticed.", ["where"]
)
BUSY = Counter("tact_busy_accounts_total", "Times begin found an account locked by another transaction and tried again a moment later.")
LATE_ANSWERS = Counter("tact_late_answers_total", "Answers for attempts that had been settled before; each is stored.")
REFUSED_ANSWERS = Counter("tact_refused_answers_total", "Answers the database refused; the healer looks their attempts up.")
SEALS = Counter("tact_seals_total", "Links added to the ledger's chains.")
SEALS_REFUSED = Counter(
    "tact_seals_refused_total", "Sealed attempts that were changed by hand: `tact prove` names them. Anything but 0 is worth a page."
)
SEAL_LAG = Gauge("tact_seal_lag_seconds", "Age of the oldest attempt that the sealing job has not processed.")
CIRCUIT_OPENED = Counter("tact_provider_brakes_total", "Times all sending paused because key or address of the provider are wrong.")
