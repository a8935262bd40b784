"""What left in a time the ledger does not know: the provider's evidence held against the steps of one person's sequence.

A database that went back in time has lost attempts, sends, even plans. What the provider shows of that time is taken for ours,
also where a member may have done it by hand: then a prospect gets one step less; the opposite assumption would send it twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.vocabulary import STOPPABLE, UNSTARTED, Action, ActionRole, Evidence, ProspectStatus, SendStatus

COARSE: Final = timedelta(days=2)
"""Dates in the list of sent invitations come from words like "Sent yesterday"."""
SLACK: Final = timedelta(seconds=5)
"""The provider's clock may be behind ours by so much (business time)."""


class Sign(StrEnum):
    """What the provider showed."""

    INVITED = "invited"  # in the list of sent invitations
    CONNECTED = "connected"  # a relation, since then
    WROTE = "wrote"  # an own message to the person


_SAYS: Final = {Sign.INVITED: "in the list of sent invitations", Sign.CONNECTED: "connected since", Sign.WROTE: "written to since"}
_MAY_STILL_LEAVE: Final = STOPPABLE | {None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSign:
    """One thing the provider shows of one person."""

    sign: Sign
    at: datetime | None
    """Business, as the provider dates it."""
    ref: str | None = None
    chat_id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step of the person's workflow and what the ledger knows of it; `send` is None where nothing was planned."""

    position: int
    message_type: str
    action: Action
    send: SendStatus | None
    live: bool
    """An attempt of it is under way or unknown: the look-up will claim what it caused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredStep:
    """A step that left in the lost time."""

    step: StepState
    at: datetime
    ref: str | None
    chat_id: str | None
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRecovery:
    """What the evidence means for one prospect: the steps that left, in order, and since when the two are connected."""

    left: Sequence[RecoveredStep]
    connected_at: datetime | None


def recover_steps(
    status: ProspectStatus, steps: Sequence[StepState], evidence: Sequence[ProviderSign], *, since: datetime, until: datetime
) -> GapRecovery:
    """Match what was seen since `since` with the steps that could still leave. Both moments are business time."""
    invited = [e for e in evidence if e.sign is Sign.INVITED and (e.at is None or e.at >= since - COARSE)]
    connected = [e for e in evidence if e.sign is Sign.CONNECTED and e.at is not None and e.at >= since - SLACK]
    wrote = sorted((e for e in evidence if e.sign is Sign.WROTE and e.at is not None and e.at >= since - SLACK), key=_sign_time)
    left: list[RecoveredStep] = []
    connected_at = min((e.at for e in connected if e.at is not None), default=None)
    invitation = _next(steps, ActionRole.CONNECT) if status in UNSTARTED else None
    sign = next(iter([*invited, *connected, *wrote]), None)
    if invitation is not None and sign is not None:
        at = min(max(sign.at or since, since), until)
        ref = sign.ref if sign.sign is Sign.INVITED else None
        left.append(RecoveredStep(step=invitation, at=at, ref=ref, chat_id=None, text="", why=_SAYS[sign.sign]))
    left += _messages(steps, wrote)
    if connected_at is None and wrote and any(step.action.role is ActionRole.CONNECT for step in steps):
        connected_at = wrote[0].at  # only a connection can be written to
    return GapRecovery(left=left, connected_at=connected_at)


def _messages(steps: Sequence[StepState], wrote: Sequence[ProviderSign]) -> list[RecoveredStep]:
    """In order of time to the steps in order. What an attempt in doubt may have caused is left for its own look-up."""
    doubtful = sum(step.action.facts.evidence is Evidence.MESSAGES and step.live for step in steps)
    open_ones = [
        step for step in steps if step.action.facts.evidence is Evidence.MESSAGES and not step.live and step.send in _MAY_STILL_LEAVE
    ]
    return [
        RecoveredStep(
            step=step, at=said.at, ref=said.ref, chat_id=said.chat_id, text=said.text, why="an own message that the ledger does not know"
        )
        for step, said in zip(open_ones, wrote[doubtful:], strict=False)
        if said.at is not None
    ]


def _next(steps: Sequence[StepState], role: ActionRole) -> StepState | None:
    return next((step for step in steps if step.action.role is role and not step.live and step.send in _MAY_STILL_LEAVE), None)


def _sign_time(evidence: ProviderSign) -> datetime:
    return evidence.at or datetime.max.replace(tzinfo=UTC)
