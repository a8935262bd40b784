"""The kinds of finding: what each one means, how it is found, what mends it, and within which time it is seen. The one table of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.healer.rules.health import alerts
from shared.contracts.integrity_events import IntegrityEvent


class Detection(StrEnum):
    """How a kind is found."""

    BY_INDEX = "by_index"  # a partial index holds what is wrong, and nothing else: looked at all the time
    IN_HAND = "in_hand"  # by the index of sends that are dispatched or sending
    BY_PROSPECT = "by_prospect"  # where a row of the prospect changed, and by the hourly walk
    BY_CAMPAIGN = "by_campaign"  # the same by campaign
    IN_CATALOGUE = "in_catalogue"  # the database's own description of itself
    TOLD = "told"  # by the service that sees it


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind. `person`: why it is never mended by itself, None where it is."""

    name: str
    severity: str
    found: Detection
    bound: timedelta
    """The longest time from the corruption until it is seen, for rows that came in around the triggers too."""
    repair: str | None
    """What mends it, by name; None: nothing of ours can."""
    person: str | None = None
    at_once: timedelta | None = None
    """The same where the triggers saw the change; None: they are not asked, or make no difference."""


SOON: Final = timedelta(seconds=2)
MINUTES: Final = timedelta(minutes=11)
HOURLY: Final = timedelta(hours=1)
CHANGED: Final = timedelta(seconds=5)

KINDS: Final[Mapping[str, FindingKind]] = {
    kind.name: kind
    for kind in (
        FindingKind("corrupted_sent", "critical", Detection.BY_INDEX, SOON, "back_to_pending or as_the_evidence_shows"),
        FindingKind("corrupted_failed", "critical", Detection.BY_INDEX, SOON, "completed as undeliverable"),
        FindingKind("corrupted_pending", "critical", Detection.BY_INDEX, SOON, "as_the_evidence_shows"),
        FindingKind("sent_not_contacted", "critical", Detection.BY_PROSPECT, HOURLY, "record_contact or reopen"),
        FindingKind(
            "contacted_without_attempt",
            "warning",
            Detection.BY_PROSPECT,
            HOURLY,
            "back_to_pending",
            person="People taken over from elsewhere were contacted there; only a person knows.",
        ),
        FindingKind("duplicate_sends", "critical", Detection.BY_PROSPECT, HOURLY, "merge"),
        FindingKind("stuck_dispatched", "warning", Detection.IN_HAND, MINUTES, "back_to_pending"),
        FindingKind("sending_though_accepted", "critical", Detection.IN_HAND, MINUTES, "finish"),
        FindingKind("follow_up_after_reply", "warning", Detection.BY_PROSPECT, HOURLY, "cancel", at_once=CHANGED),
        FindingKind(
            "two_sequences",
            "warning",
            Detection.BY_PROSPECT,
            HOURLY,
            "end_the_later",
            person="Which of the two goes on is for a person to say.",
            at_once=CHANGED,
        ),
        FindingKind("accepted_not_seen", "warning", Detection.BY_PROSPECT, HOURLY, "connect", at_once=timedelta(seconds=65)),
        FindingKind(
            "never_seen",
            "warning",
            Detection.BY_PROSPECT,
            HOURLY,
            "end_as_never_arrived",
            person="Lists lag and forget: what they lack may be there all the same.",
        ),
        FindingKind("counters_differ", "warning", Detection.BY_CAMPAIGN, HOURLY, "count", at_once=CHANGED),
        FindingKind("total_differs", "warning", Detection.BY_CAMPAIGN, HOURLY, "count"),
        FindingKind(
            "guards_off",
            "critical",
            Detection.IN_CATALOGUE,
            timedelta(minutes=1),
            None,
            person="A trigger was switched off or a constraint was dropped; only a database owner can restore it.",
        ),
        FindingKind("sending_without_attempt", "warning", Detection.IN_HAND, timedelta(minutes=3), "back_to_pending"),
        FindingKind("unknown_waiting", "critical", Detection.TOLD, SOON, None, person="No look can tell any more whether it left."),
        FindingKind("duplicate_effect", "critical", Detection.TOLD, SOON, None, person="It left twice already; nothing takes that back."),
        FindingKind("sequence_stopped", "warning", Detection.TOLD, SOON, None, person="How this sequence goes on is for a person to say."),
        FindingKind("consumer_stopped", "critical", Detection.TOLD, SOON, None, person="A person reads the dead letters first."),
        FindingKind(
            "healer_silent", "critical", Detection.TOLD, timedelta(minutes=1), None, person="The healer is down: nothing here can start it."
        ),
    )
}
VIEW: Final = ("corrupted_sent", "corrupted_failed", "corrupted_pending")
"""What the view prospect_data_integrity counts."""
OF_PROSPECTS: Final = tuple(kind.name for kind in KINDS.values() if kind.found is Detection.BY_PROSPECT)
IN_HAND: Final = ("stuck_dispatched", "sending_though_accepted")

GUARDS: Final = (
    ("validate_prospect_status", "campaign_prospects", "trigger"),
    ("count_prospects_added", "campaign_prospects", "trigger"),
    ("count_prospect_status", "campaign_prospects", "trigger"),
    ("note_stopped_prospect", "campaign_prospects", "trigger"),
    ("keep_history", "campaign_prospects", "trigger"),
    ("validate_send_status", "send_queue", "trigger"),
    ("keep_history", "send_queue", "trigger"),
    ("seal_again", "send_attempts", "trigger"),
    ("send_queue_campaign_prospect_unique", "send_queue", "index"),
    ("campaign_prospects_one_active", "campaign_prospects", "index"),
    ("send_attempts_one_live_per_send", "send_attempts", "index"),
    ("send_attempts_one_live_invitation", "send_attempts", "index"),
    ("send_attempts_one_intent_per_account", "send_attempts", "index"),
)
"""What keeps rows right: name, table, and whether it is a trigger or an index."""
UNIQUE_STEP: Final = "send_queue_campaign_prospect_unique"
EXAMINED: Final = frozenset((*VIEW, *OF_PROSPECTS, *IN_HAND, "counters_differ", "total_differs", "guards_off"))
"""An event of these kinds wakes an examination of its row, and the row decides; events of the other kinds become findings as reported."""


def select_reported(events: Sequence[IntegrityEvent]) -> list[IntegrityEvent]:
    """Those that become findings as they are told: no look at a row decides about them, and an alert is told to people, not mended."""
    return [event for event in events if event.kind not in EXAMINED and event.table_name != alerts.TABLE]
