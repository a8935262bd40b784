"""What comes next for a prospect: a step to plan, the end, or nothing for now.

Events only wake the planner. This rule reads the rows, so an event that comes twice, late or never in order leads to
the same plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.vocabulary import OPEN, UNSTARTED, Action, ActionRole, ProspectStatus, SendStatus


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """One message of a workflow; `delay` counts from the acceptance or from the step before."""

    position: int
    message_type: str
    action: Action
    delay: timedelta
    requires_connection: bool
    template: str


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What became of a step that has a row in send_queue."""

    status: SendStatus
    sent_at: datetime | None = None
    dispatched: bool = False
    needs_words: bool = False  # refused its words while planning; a person may have reopened it


@dataclass(frozen=True, slots=True)
class StepDue:
    """This step is next, and due no earlier than `due`."""

    step: WorkflowStep
    due: datetime
    first: bool


@dataclass(frozen=True, slots=True)
class SequenceFinished:
    """Every step has been delivered or left out."""


@dataclass(frozen=True, slots=True)
class NothingToPlan:
    """Something is still on its way, or has ended the sequence; `reason` is for logs and explanations."""

    reason: str


NextStep = StepDue | SequenceFinished | NothingToPlan

_REACHED: Final = frozenset({ProspectStatus.CONNECTED, ProspectStatus.MESSAGING})


def next_step(
    status: ProspectStatus,
    connected_at: datetime | None,
    steps: Sequence[WorkflowStep],
    planned: Mapping[str, StepProgress],
    *,
    now: datetime,
) -> NextStep:
    """Walk the steps in order and stop at the first that is neither delivered nor left out.

    `planned` is keyed by message type. A step that was left out while planning (skipped, never dispatched) still counts
    its delay, so that the message after it comes when it would have come anyway. One that the sender skipped, or that
    failed or was cancelled, ends the sequence. A connected prospect needs no invitation, however the planned one ended.
    """
    if status not in UNSTARTED | _REACHED:
        return NothingToPlan(f"the prospect is {status}")
    base = connected_at
    for step in steps:
        send = planned.get(step.message_type)
        if send is not None and send.status is SendStatus.PENDING and send.needs_words:
            send = None
        if send is not None and send.status in OPEN:
            return NothingToPlan(f"{step.message_type} is {send.status}")
        if step.action.role is ActionRole.CONNECT and status in _REACHED:
            continue
        if send is None:
            first = step is steps[0]
            if status in UNSTARTED and not first:
                return NothingToPlan("not contacted yet")  # the sender records the contact together with its send
            return StepDue(step, max(now, (base or now) + step.delay), first)
        if send.status is SendStatus.SENT:
            base = max(base or send.sent_at or now, send.sent_at or now)
        elif send.status is SendStatus.SKIPPED and not send.dispatched:
            base = (base or now) + step.delay
        else:
            return NothingToPlan(f"{step.message_type} is {send.status}")
    return SequenceFinished() if status in _REACHED else NothingToPlan("the last step was sent, an acceptance may still come")
