"""What an answer means for the send, the prospect and the account: one value, decided in one place.

Nothing here marks a person as contacted without the provider's word that the message was taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.sender.rules.attempt import Attempt
from services.sender.rules.recipient import is_the_person
from services.sender.rules.retries import pause_before
from shared.unipile.errors import AnsweredError, ProviderError
from shared.unipile.findings import Blame, Finding, Remedy
from shared.unipile.models import Profile
from shared.vocabulary import FIRST_DEGREE, Action, AttemptState, CampaignType, SendStatus

CONNECTION: Final = "connection"
"""Condition under which a send is held: the planner lifts it when the person has accepted."""
WITHOUT_FEATURE: Final = timedelta(days=7)
"""How long an action rests on an account that lacks the product for it."""
WITHOUT_NOTES: Final = timedelta(hours=24)


class ProspectEffect(StrEnum):
    """What becomes of the prospect."""

    NONE = "none"
    CONTACTED = "contacted"
    CONNECTED = "connected"  # found to be a connection already
    GIVEN_UP = "given_up"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A kind of action of the account rests until then (business time)."""

    until: datetime
    reason: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything finish writes about one attempt."""

    attempt: Attempt
    at: datetime
    """Business time of the answer."""
    state: AttemptState
    send: SendStatus
    due: datetime | None = None
    """When a send that is pending again may be looked at, business time."""
    next_action: Action | None = None
    recipient_id: str | None = None
    held_for: str | None = None
    reason: str | None = None
    detail: str | None = None
    prospect: ProspectEffect = ProspectEffect.NONE
    called: bool = True
    """The provider was asked, so the account's spacing starts anew."""
    give_back: bool = False
    retried: bool = False
    http_status: int | None = None
    error_type: str | None = None
    provider_ref: str | None = None
    chat_id: str | None = None
    profile: Profile | None = None
    rest: Rest | None = None
    lost_account: str | None = None
    stop_everything: bool = False
    finding: str | None = None
    """Kind of an integrity event to raise."""


def taken(attempt: Attempt, at: datetime, *, provider_ref: str | None, chat_id: str | None = None) -> Outcome:
    """The provider took the message."""
    return Outcome(
        attempt=attempt,
        at=at,
        state=AttemptState.ACCEPTED,
        send=SendStatus.SENT,
        prospect=ProspectEffect.CONTACTED,
        provider_ref=provider_ref,
        chat_id=chat_id,
    )


def taken_back(attempt: Attempt, at: datetime) -> Outcome:
    """The provider took the invitation back."""
    return Outcome(
        attempt=attempt,
        at=at,
        state=AttemptState.ACCEPTED,
        send=SendStatus.SENT,
        prospect=ProspectEffect.WITHDRAWN,
        provider_ref=attempt.invitation_ref,
    )


def never_started(attempt: Attempt, at: datetime) -> Outcome:
    """Its time was over before the call began; decide again."""
    return Outcome(
        attempt=attempt,
        at=at,
        state=AttemptState.RELEASED,
        send=SendStatus.PENDING,
        due=at,
        called=False,
        give_back=True,
        reason="not_started",
    )


def looked_up(attempt: Attempt, at: datetime, profile: Profile) -> Outcome:
    """The recipient is resolved; what the profile shows may end the send before it begins."""
    seen = Outcome(
        attempt=attempt,
        at=at,
        state=AttemptState.ACCEPTED,
        send=SendStatus.PENDING,
        due=at,
        profile=profile,
        recipient_id=profile.provider_id,
    )
    if not is_the_person(attempt, profile):
        return replace(
            seen,
            profile=None,
            recipient_id=None,
            due=None,
            send=SendStatus.FAILED,
            prospect=ProspectEffect.GIVEN_UP,
            reason="another_person",
            detail=f"Asked for {attempt.identifier}, the provider showed {profile.public_identifier or profile.provider_id}.",
            finding="another_person_shown",
        )
    if attempt.send_action is Action.INVITATION and profile.connected:
        return replace(seen, due=None, send=SendStatus.SKIPPED, prospect=ProspectEffect.CONNECTED, reason="already_connected")
    if attempt.send_action is Action.INVITATION and profile.invitation_pending:
        return replace(seen, due=None, send=SendStatus.SKIPPED, prospect=ProspectEffect.GIVEN_UP, reason="invited_by_hand")
    if attempt.send_action is Action.MESSAGE and profile.network_distance not in {None, FIRST_DEGREE} and not profile.connected:
        return _not_connected(seen)
    return replace(seen, next_action=attempt.send_action)


def failed(attempt: Attempt, at: datetime, error: ProviderError) -> Outcome:
    """The call did not succeed; the provider's table of errors says what that means."""
    finding = error.finding
    outcome = Outcome(
        attempt=attempt,
        at=at,
        state=AttemptState.REFUSED,
        send=SendStatus.PENDING,
        due=at,
        give_back=True,
        reason=(getattr(error, "type", None) or finding.remedy.value).removeprefix("errors/"),
        detail=str(error),
        http_status=getattr(error, "status", None),
        error_type=error.type if isinstance(error, AnsweredError) else type(error).__name__,
        called=getattr(error, "started", True),
    )
    if _is_open(attempt, finding):
        return replace(outcome, state=AttemptState.UNKNOWN, send=SendStatus.SENDING, due=None, give_back=False)
    return _REMEDIES[finding.remedy](outcome, finding)


def _is_open(attempt: Attempt, finding: Finding) -> bool:
    """Whether nobody knows yet what became of it.

    An invitation that the provider does not find was accepted, ignored or taken back meanwhile, or bears another id: its list tells.
    """
    if attempt.action is Action.WITHDRAWAL and finding.blame in {Blame.RECIPIENT, Blame.OURS}:
        return True
    return finding.may_have_happened and attempt.action is not Action.PROFILE_LOOKUP


def refused_by_us(attempt: Attempt, at: datetime, error: ValueError) -> Outcome:
    """The client would not send it: nothing left the house."""
    return _end(
        Outcome(
            attempt=attempt,
            at=at,
            state=AttemptState.REFUSED,
            send=SendStatus.FAILED,
            give_back=True,
            called=False,
            reason="unusable",
            detail=str(error),
        )
    )


def _end(outcome: Outcome, _finding: Finding | None = None) -> Outcome:
    """An invitation that cannot be taken back stands as before, and so does its prospect."""
    prospect = ProspectEffect.NONE if outcome.attempt.action is Action.WITHDRAWAL else ProspectEffect.GIVEN_UP
    return replace(outcome, send=SendStatus.FAILED, due=None, prospect=prospect)


def _resolve_again(outcome: Outcome, finding: Finding) -> Outcome:
    """Once: an id of the import that was never looked up may be wrong where the vanity is right."""
    attempt = outcome.attempt
    if attempt.action is Action.PROFILE_LOOKUP or attempt.resolved or not attempt.vanity:
        return _end(outcome, finding)
    return replace(outcome, next_action=Action.PROFILE_LOOKUP)


def _already_pending(outcome: Outcome, _finding: Finding) -> Outcome:
    """Somebody invited this person, or withdrew lately; it is no evidence that we did."""
    return replace(outcome, send=SendStatus.SKIPPED, due=None, prospect=ProspectEffect.GIVEN_UP)


def _already_connected(outcome: Outcome, _finding: Finding) -> Outcome:
    return replace(outcome, send=SendStatus.SKIPPED, due=None, prospect=ProspectEffect.CONNECTED)


def _not_connected(outcome: Outcome, _finding: Finding | None = None) -> Outcome:
    """A connector's follow-up waits for the acceptance; a messenger lead who is no connection cannot be reached."""
    if outcome.attempt.campaign_type is CampaignType.CONNECTOR:
        return replace(outcome, held_for=CONNECTION, reason="not_connected")
    return replace(outcome, send=SendStatus.FAILED, due=None, prospect=ProspectEffect.GIVEN_UP, reason="not_connected")


def _wait(outcome: Outcome, finding: Finding) -> Outcome:
    """The provider names the time after which it allows this; counted like a retry, so that it cannot be asked for ever."""
    if pause_before(outcome.attempt.retries) is None:
        return replace(_end(outcome, finding), finding="retries_exhausted")
    return replace(outcome, due=outcome.at + (finding.wait or timedelta(hours=24)), retried=True)


def _cool_down(outcome: Outcome, finding: Finding) -> Outcome:
    """The action rests and its budget stays spent: the provider has counted it."""
    level = outcome.attempt.cool_down_level
    cool_down = finding.cool_down
    rest = cool_down.rest(outcome.attempt.action, level=level) if cool_down else WITHOUT_NOTES
    return replace(outcome, give_back=False, rest=Rest(until=outcome.at + rest, reason=outcome.reason or "limit", level=level + 1))


def _without_notes(outcome: Outcome, _finding: Finding) -> Outcome:
    """The words of an invitation were agreed with the user: it waits rather than leaving without them."""
    return replace(outcome, rest=Rest(until=outcome.at + WITHOUT_NOTES, reason=outcome.reason or "credits", level=1))


def _feature_missing(outcome: Outcome, _finding: Finding) -> Outcome:
    return replace(outcome, rest=Rest(until=outcome.at + WITHOUT_FEATURE, reason=outcome.reason or "feature", level=1))


def _account_lost(outcome: Outcome, _finding: Finding) -> Outcome:
    return replace(outcome, lost_account=outcome.reason)


def _stop_everything(outcome: Outcome, _finding: Finding) -> Outcome:
    return replace(outcome, stop_everything=True)


def _ours(outcome: Outcome, finding: Finding) -> Outcome:
    return replace(_end(outcome, finding), finding="request_refused")


def _retry(outcome: Outcome, finding: Finding) -> Outcome:
    pause = pause_before(outcome.attempt.retries)
    if pause is None:
        return replace(_end(outcome, finding), finding="retries_exhausted")
    return replace(outcome, due=outcome.at + pause, retried=True)


_REMEDIES: Final[dict[Remedy, Callable[[Outcome, Finding], Outcome]]] = {
    Remedy.STOP_SEND: _end,
    Remedy.RE_RESOLVE: _resolve_again,
    Remedy.ALREADY_PENDING: _already_pending,
    Remedy.ALREADY_CONNECTED: _already_connected,
    Remedy.ALREADY_DONE: _already_pending,
    Remedy.WAIT_FOR_CONNECTION: _not_connected,
    Remedy.WAIT_24H: _wait,
    Remedy.COOL_DOWN: _cool_down,
    Remedy.SEND_WITHOUT_NOTE: _without_notes,
    Remedy.PAUSE_ACCOUNT: _account_lost,
    Remedy.FEATURE_MISSING: _feature_missing,
    Remedy.STOP_EVERYTHING: _stop_everything,
    Remedy.DEAD_LETTER: _ours,
    Remedy.RETRY_LATER: _retry,
    Remedy.LOOK_UP: _retry,  # reached by look-ups alone: reading again is harmless
}
