"""The outcome of an attempt: one value that finish writes, and the rules for it that hold on every channel.

Nothing marks a prospect as contacted without the provider's word that the message was taken.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from services.sender.rules.attempt import Attempt
from shared.policy import Reason
from shared.policy.retries import pause_before
from shared.unipile.models import Profile
from shared.vocabulary import Action, AttemptState, FailureReason, SendStatus

ProviderReason = NewType("ProviderReason", str)
"""A type of error that the provider named, or the remedy's name where the answer carries no type."""
AttemptReason = FailureReason | Reason | ProviderReason


class ProspectEffect(StrEnum):
    """What becomes of the prospect."""

    NONE = "none"
    CONTACTED = "contacted"
    CONNECTED = "connected"  # found to be a connection already
    GIVEN_UP = "given_up"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRest:
    """One kind of action of the account rests until then (business time)."""

    until: datetime
    reason: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedRecipient:
    """The provider's ids of a recipient that an attempt reached without a look-up before it, or of the chat that it opened."""

    provider_id: str
    chat_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """Everything that finish writes about one attempt."""

    attempt: Attempt
    at: datetime
    """Business time of the answer."""
    state: AttemptState
    send: SendStatus
    due: datetime | None = None
    """When a send that is pending again may be decided again, business time."""
    next_action: Action | None = None
    recipient_id: str | None = None
    held_for: str | None = None
    reason: AttemptReason | None = None
    detail: str | None = None
    prospect: ProspectEffect = ProspectEffect.NONE
    called: bool = True
    """The provider was called, so the account's spacing starts anew."""
    give_back: bool = False
    """The account's daily budget gets back what this attempt took from it."""
    retried: bool = False
    http_status: int | None = None
    error_type: str | None = None
    provider_ref: str | None = None
    chat_id: str | None = None
    profile: Profile | None = None
    reached: ReachedRecipient | None = None
    rest: ActionRest | None = None
    lost_account: str | None = None
    """Why the account became disconnected; None while it is usable."""
    opens_circuit: bool = False
    """No call can succeed: the key or the address of the provider is wrong."""
    finding: str | None = None
    """Kind of an integrity event to raise."""


def not_started(attempt: Attempt, at: datetime) -> AttemptOutcome:
    """The time for the call was over before it began; the send is decided again."""
    return AttemptOutcome(
        attempt=attempt,
        at=at,
        state=AttemptState.RELEASED,
        send=SendStatus.PENDING,
        due=at,
        called=False,
        give_back=True,
        reason=FailureReason.NOT_STARTED,
    )


def refused_before_call(attempt: Attempt, at: datetime, error: ValueError, *, prospect: ProspectEffect) -> AttemptOutcome:
    """The sender itself refused the request: no byte of it left, and the send has failed."""
    return AttemptOutcome(
        attempt=attempt,
        at=at,
        state=AttemptState.REFUSED,
        send=SendStatus.FAILED,
        prospect=prospect,
        give_back=True,
        called=False,
        reason=FailureReason.UNUSABLE,
        detail=str(error),
    )


def retry_or_give_up(outcome: AttemptOutcome, *, given_up: AttemptOutcome) -> AttemptOutcome:
    """The send again after the next pause; `given_up`, with a finding, when there is no further one."""
    pause = pause_before(outcome.attempt.retries)
    if pause is None:
        return replace(given_up, finding="retries_exhausted")
    return replace(outcome, due=outcome.at + pause, retried=True)
