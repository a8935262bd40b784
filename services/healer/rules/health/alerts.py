"""Which alert conditions hold. Pure: measurements in, the alerts whose condition holds out.

There is one alert per workspace, kind and subject for as long as its condition holds. The store compares this list with the open
alerts, so that each alert is announced once when it begins and once when it is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.healer.rules.health.score import IntegrityCounts
from shared.notices.silence import SINCE, describe_silence

TABLE: Final = "health_alerts"
"""`table_name` of their events: the healer, who reads that topic too, makes no findings of them."""
CORRUPTION_ABOVE: Final = 5.0
"""Percent of prospects."""
FAILED_IN_ROW: Final = 3
ERRORS_TIMES_USUAL: Final = 3.0
FEWEST_ERRORS: Final = 5
FEWEST_ENDED: Final = 20
"""Sends that ended within the last hours; of fewer no rate is told."""
FEWEST_BEFORE: Final = 100
"""Sends that ended in the week before; with fewer there is no usual rate to compare with."""
SILENT_AFTER: Final = timedelta(minutes=5)
"""Real time between two measurements of a healer that lives is half a minute."""


class AlertKind(StrEnum):
    """What people are alerted of."""

    CORRUPTION_HIGH = "corruption_high"
    CLEANUP_FAILING = "cleanup_failing"
    QUEUE_ERRORS = "queue_errors"
    SENDS_STUCK = "sends_stuck"
    CORRUPTION_PREDICTED = "corruption_predicted"
    HEALER_SILENT = "healer_silent"


@dataclass(frozen=True, slots=True)
class Alert:
    """One that is true now. `workspace_id` None: of the whole stack. `about`: the campaign, for those that are of one."""

    workspace_id: UUID | None
    kind: AlertKind
    about: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[UUID | None, str, str]:
        """What makes it this one."""
        return self.workspace_id, self.kind.value, self.about


@dataclass(frozen=True, slots=True)
class SendErrorRates:
    """Sends that ended: in the last hours, and in the week before those."""

    workspace_id: UUID
    sent: int
    failed: int
    sent_before: int
    failed_before: int

    @property
    def rate(self) -> float:
        """Share that failed lately."""
        return self.failed / max(1, self.sent + self.failed)

    @property
    def usual(self) -> float:
        """Share that usually fails; one more failure than there was, so that a week without any is no rate of nought."""
        return (self.failed_before + 1) / (self.sent_before + self.failed_before + 2)


@dataclass(frozen=True, slots=True)
class RiskyCampaign:
    """A campaign that is likely to corrupt next, above the threshold."""

    workspace_id: UUID
    campaign_id: UUID
    campaign_name: str
    rate: float
    why: Sequence[str]


def find_alerts(
    figures: Mapping[UUID | None, IntegrityCounts],
    *,
    failures_in_row: int,
    errors: Sequence[SendErrorRates],
    predicted: Sequence[RiskyCampaign],
    silent_for: timedelta | None,
) -> list[Alert]:
    """Every alert whose condition holds."""
    found = [alert for workspace_id, of in figures.items() if workspace_id is not None for alert in _of_figures(workspace_id, of)]
    if failures_in_row >= FAILED_IN_ROW:
        found.append(Alert(None, AlertKind.CLEANUP_FAILING, evidence={"failures_in_row": failures_in_row}))
    if silent_for is not None and silent_for > SILENT_AFTER:
        found.append(Alert(None, AlertKind.HEALER_SILENT, evidence={"silent_minutes": round(silent_for.total_seconds() / 60, 1)}))
    found += [
        Alert(
            of.workspace_id,
            AlertKind.QUEUE_ERRORS,
            evidence={"failed": of.failed, "ended": of.sent + of.failed, "percent": _percent(of.rate), "usual_percent": _percent(of.usual)},
        )
        for of in errors
        if has_too_many_errors(of)
    ]
    found += [
        Alert(
            of.workspace_id,
            AlertKind.CORRUPTION_PREDICTED,
            about=str(of.campaign_id),
            evidence={"campaign_name": of.campaign_name, "percent": _percent(of.rate), "why": list(of.why)},
        )
        for of in predicted
    ]
    return found


def has_too_many_errors(errors: SendErrorRates) -> bool:
    """More than three times the usual rate, where there is enough to say so."""
    return (
        errors.failed >= FEWEST_ERRORS
        and errors.sent + errors.failed >= FEWEST_ENDED
        and errors.sent_before + errors.failed_before >= FEWEST_BEFORE
        and errors.rate > ERRORS_TIMES_USUAL * errors.usual
    )


def _of_figures(workspace_id: UUID, figures: IntegrityCounts) -> list[Alert]:
    found = []
    if figures.corruption_percentage > CORRUPTION_ABOVE:
        evidence = {
            "percent": figures.corruption_percentage,
            "corrupted": figures.corrupted_sent,
            "prospects": figures.total_prospects,
        }
        found.append(Alert(workspace_id, AlertKind.CORRUPTION_HIGH, evidence=evidence))
    if figures.stuck:
        found.append(Alert(workspace_id, AlertKind.SENDS_STUCK, evidence={"sends": figures.stuck}))
    return found


def _percent(rate: float) -> float:
    return round(100.0 * rate, 2)


def describe_alert(kind: AlertKind, evidence: Mapping[str, Any]) -> tuple[str, str, str]:  # noqa: PLR0911 - one for each kind of alert
    """Subject, what is so, and what to do: a phrase and two sentences."""
    match kind:
        case AlertKind.CORRUPTION_HIGH:
            return (
                f"{evidence['percent']:g} % of prospects are corrupted",
                f"{evidence['corrupted']} of {evidence['prospects']} prospects are marked as sent and were never contacted.",
                "The healer repairs them within seconds; if the number stays, see `tact health campaigns` and `tact findings list`.",
            )
        case AlertKind.CLEANUP_FAILING:
            return (
                f"The cleanup failed {evidence['failures_in_row']} times in a row",
                f"The last {evidence['failures_in_row']} runs of the cleanup failed and changed nothing; what is corrupted stays so.",
                "An administrator sees the reason with `tact health history`.",
            )
        case AlertKind.QUEUE_ERRORS:
            return (
                f"{evidence['percent']:g} % of sends fail",
                f"{evidence['failed']} of {evidence['ended']} sends that ended within the last two hours failed; "
                f"usually {evidence['usual_percent']:g} % do.",
                "See their causes with `tact failed list`.",
            )
        case AlertKind.SENDS_STUCK:
            return (
                f"{evidence['sends']} sends are stuck",
                f"{evidence['sends']} sends are dispatched or sending for so long that no sender can still be working on them.",
                "An administrator sees with `tact status` whether a sender is running.",
            )
        case AlertKind.CORRUPTION_PREDICTED:
            return (
                f"The campaign {evidence['campaign_name']} is likely to corrupt",
                f'Of the sends of the campaign "{evidence["campaign_name"]}", about {evidence["percent"]:g} % are expected to corrupt: '
                + "; ".join(evidence["why"])
                + ".",
                "See `tact health risks`; what it names is where to look first.",
            )
        case AlertKind.HEALER_SILENT:
            if SINCE in evidence:  # told by the queuer, while it was so
                return describe_silence(evidence)
            return (
                "The healer was silent",
                f"No healer ran for {evidence['silent_minutes']:g} minutes: nothing was repaired, and no notice was sent.",
                "It runs again; see what it found with `tact health`.",
            )
