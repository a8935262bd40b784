"""What an answer of LinkedIn means: the provider's table of errors (shared/unipile/errors.py) names the remedy, this module applies it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.sender.rules.attempt import Attempt
from services.sender.rules.identity_check import is_same_member
from services.sender.rules.outcome.attempt_outcome import (
    ActionRest,
    AttemptOutcome,
    ProspectEffect,
    ProviderReason,
    ReachedRecipient,
    refused_before_call,
    retry_or_give_up,
)
from services.sender.rules.recipients import LinkedInRecipient
from shared.policy import Reason
from shared.policy.retries import pause_before
from shared.unipile.errors import AnsweredError, ProviderError
from shared.unipile.findings import Blame, Finding, Remedy
from shared.unipile.models import Profile
from shared.vocabulary import FIRST_DEGREE, Action, ActionRole, AttemptState, CampaignType, FailureReason, SendStatus

CONNECTION: Final = "connection"
"""Condition under which a send is held: the planner lifts it when the prospect has accepted."""
REST_WITHOUT_FEATURE: Final = timedelta(days=7)
"""How long an action rests on an account that lacks the product for it."""
REST_WITHOUT_CREDITS: Final = timedelta(hours=24)


def message_sent(
    attempt: Attempt, recipient: LinkedInRecipient, at: datetime, *, provider_ref: str | None, chat_id: str | None = None
) -> AttemptOutcome:
    """The provider accepted the invitation or the message."""
    return AttemptOutcome(
        attempt=attempt,
        at=at,
        state=AttemptState.ACCEPTED,
        send=SendStatus.SENT,
        prospect=ProspectEffect.CONTACTED,
        provider_ref=provider_ref,
        chat_id=chat_id,
        reached=_reached(recipient, chat_id),
    )


def invitation_withdrawn(attempt: Attempt, recipient: LinkedInRecipient, at: datetime) -> AttemptOutcome:
    """The provider withdrew the invitation."""
    return AttemptOutcome(
        attempt=attempt,
        at=at,
        state=AttemptState.ACCEPTED,
        send=SendStatus.SENT,
        prospect=ProspectEffect.WITHDRAWN,
        provider_ref=recipient.invitation_ref,
        reached=_reached(recipient, None),
    )


def profile_looked_up(attempt: Attempt, recipient: LinkedInRecipient, at: datetime, profile: Profile) -> AttemptOutcome:
    """The recipient is resolved; what the profile shows may end the send before it begins."""
    seen = AttemptOutcome(
        attempt=attempt,
        at=at,
        state=AttemptState.ACCEPTED,
        send=SendStatus.PENDING,
        due=at,
        profile=profile,
        recipient_id=profile.provider_id,
        reached=_reached(recipient, None),
    )
    if not is_same_member(recipient, profile):
        return replace(
            seen,
            profile=None,
            recipient_id=None,
            due=None,
            send=SendStatus.FAILED,
            prospect=ProspectEffect.GIVEN_UP,
            reason=FailureReason.ANOTHER_PERSON,
            detail=f"Asked for {recipient.lookup_key}, the provider showed {profile.public_identifier or profile.provider_id}.",
            finding="another_person_shown",
        )
    if attempt.send_action.role is ActionRole.CONNECT and profile.connected:
        return replace(seen, due=None, send=SendStatus.SKIPPED, prospect=ProspectEffect.CONNECTED, reason=Reason.ALREADY_CONNECTED)
    if attempt.send_action.role is ActionRole.CONNECT and profile.invitation_pending:
        return replace(seen, due=None, send=SendStatus.SKIPPED, prospect=ProspectEffect.GIVEN_UP, reason=Reason.INVITED_BY_HAND)
    if attempt.send_action.facts.needs_connection and profile.network_distance not in {None, FIRST_DEGREE} and not profile.connected:
        return _not_connected(seen)
    return replace(seen, next_action=attempt.send_action)


def call_failed(attempt: Attempt, at: datetime, error: ProviderError) -> AttemptOutcome:
    """The call did not succeed; the provider's table of errors says what that means."""
    finding = error.finding
    outcome = AttemptOutcome(
        attempt=attempt,
        at=at,
        state=AttemptState.REFUSED,
        send=SendStatus.PENDING,
        due=at,
        give_back=True,
        reason=ProviderReason((getattr(error, "type", None) or finding.remedy.value).removeprefix("errors/")),
        detail=str(error),
        http_status=getattr(error, "status", None),
        error_type=error.type if isinstance(error, AnsweredError) else type(error).__name__,
        called=getattr(error, "started", True),
    )
    if _is_unknown(attempt, finding):
        return replace(outcome, state=AttemptState.UNKNOWN, send=SendStatus.SENDING, due=None, give_back=False)
    return _REMEDIES[finding.remedy](outcome, finding)


def request_refused_by_client(attempt: Attempt, at: datetime, error: ValueError) -> AttemptOutcome:
    """The provider's client refused to send the request: nothing left the sender."""
    return refused_before_call(attempt, at, error, prospect=_prospect_of_failed(attempt))


def _reached(recipient: LinkedInRecipient, chat_id: str | None) -> ReachedRecipient | None:
    """What is to be remembered of the recipient: an id of the import that proved right, or the chat that the message opened."""
    if recipient.provider_id and (chat_id or not recipient.looked_up):
        return ReachedRecipient(provider_id=recipient.provider_id, chat_id=chat_id)
    return None


def _is_unknown(attempt: Attempt, finding: Finding) -> bool:
    """Whether the answer leaves open if the call had an effect.

    An invitation that the provider does not find was accepted, ignored or withdrawn meanwhile, or bears another id: the list of sent
    invitations shows which.
    """
    if attempt.action.role is ActionRole.WITHDRAW and finding.blame in {Blame.RECIPIENT, Blame.OURS}:
        return True
    return finding.may_have_happened and attempt.action.role is not ActionRole.RESOLVE


def _prospect_of_failed(attempt: Attempt) -> ProspectEffect:
    """An invitation that cannot be withdrawn stands as before, and so does its prospect."""
    return ProspectEffect.NONE if attempt.action.role is ActionRole.WITHDRAW else ProspectEffect.GIVEN_UP


def _give_up(outcome: AttemptOutcome, _finding: Finding | None = None) -> AttemptOutcome:
    return replace(outcome, send=SendStatus.FAILED, due=None, prospect=_prospect_of_failed(outcome.attempt))


def _resolve_again(outcome: AttemptOutcome, finding: Finding) -> AttemptOutcome:
    """Once: an id of the import that was never looked up may be wrong where the vanity is right."""
    attempt, recipient = outcome.attempt, outcome.attempt.recipient
    known = not isinstance(recipient, LinkedInRecipient) or recipient.looked_up or not recipient.vanity
    if attempt.action.role is ActionRole.RESOLVE or known:
        return _give_up(outcome, finding)
    return replace(outcome, next_action=Action.PROFILE_LOOKUP)


def _already_pending(outcome: AttemptOutcome, _finding: Finding) -> AttemptOutcome:
    """An invitation to this member is pending, or was withdrawn lately; that is no evidence that we sent it."""
    return replace(outcome, send=SendStatus.SKIPPED, due=None, prospect=ProspectEffect.GIVEN_UP)


def _already_connected(outcome: AttemptOutcome, _finding: Finding) -> AttemptOutcome:
    return replace(outcome, send=SendStatus.SKIPPED, due=None, prospect=ProspectEffect.CONNECTED)


def _not_connected(outcome: AttemptOutcome, _finding: Finding | None = None) -> AttemptOutcome:
    """A connector's follow-up waits for the acceptance; a messenger lead who is no connection cannot be reached."""
    if outcome.attempt.campaign_type is CampaignType.CONNECTOR:
        return replace(outcome, held_for=CONNECTION, reason=FailureReason.NOT_CONNECTED)
    return replace(outcome, send=SendStatus.FAILED, due=None, prospect=ProspectEffect.GIVEN_UP, reason=FailureReason.NOT_CONNECTED)


def _wait_as_told(outcome: AttemptOutcome, finding: Finding) -> AttemptOutcome:
    """The provider names the time after which it allows the call; counted like a retry, so that it is not called for ever."""
    if pause_before(outcome.attempt.retries) is None:
        return replace(_give_up(outcome, finding), finding="retries_exhausted")
    return replace(outcome, due=outcome.at + (finding.wait or timedelta(hours=24)), retried=True)


def _cool_down(outcome: AttemptOutcome, finding: Finding) -> AttemptOutcome:
    """The action rests and its budget stays spent: the provider has counted the call."""
    level = outcome.attempt.cool_down_level
    cool_down = finding.cool_down
    rest = cool_down.rest(outcome.attempt.action, level=level) if cool_down else REST_WITHOUT_CREDITS
    return replace(outcome, give_back=False, rest=ActionRest(until=outcome.at + rest, reason=outcome.reason or "limit", level=level + 1))


def _wait_for_credits(outcome: AttemptOutcome, _finding: Finding) -> AttemptOutcome:
    """The words of an invitation were agreed with the user: the invitation waits rather than leaving without them."""
    return replace(outcome, rest=ActionRest(until=outcome.at + REST_WITHOUT_CREDITS, reason=outcome.reason or "credits", level=1))


def _feature_missing(outcome: AttemptOutcome, _finding: Finding) -> AttemptOutcome:
    return replace(outcome, rest=ActionRest(until=outcome.at + REST_WITHOUT_FEATURE, reason=outcome.reason or "feature", level=1))


def _account_lost(outcome: AttemptOutcome, _finding: Finding) -> AttemptOutcome:
    return replace(outcome, lost_account=outcome.reason)


def _open_circuit(outcome: AttemptOutcome, _finding: Finding) -> AttemptOutcome:
    return replace(outcome, opens_circuit=True)


def _report_request(outcome: AttemptOutcome, finding: Finding) -> AttemptOutcome:
    return replace(_give_up(outcome, finding), finding="request_refused")


def _retry(outcome: AttemptOutcome, finding: Finding) -> AttemptOutcome:
    return retry_or_give_up(outcome, given_up=_give_up(outcome, finding))


_REMEDIES: Final[dict[Remedy, Callable[[AttemptOutcome, Finding], AttemptOutcome]]] = {
    Remedy.STOP_SEND: _give_up,
    Remedy.RE_RESOLVE: _resolve_again,
    Remedy.ALREADY_PENDING: _already_pending,
    Remedy.ALREADY_CONNECTED: _already_connected,
    Remedy.ALREADY_DONE: _already_pending,
    Remedy.WAIT_FOR_CONNECTION: _not_connected,
    Remedy.WAIT_24H: _wait_as_told,
    Remedy.COOL_DOWN: _cool_down,
    Remedy.WAIT_FOR_CREDITS: _wait_for_credits,
    Remedy.PAUSE_ACCOUNT: _account_lost,
    Remedy.FEATURE_MISSING: _feature_missing,
    Remedy.STOP_EVERYTHING: _open_circuit,
    Remedy.REPORT_REQUEST: _report_request,
    Remedy.RETRY_LATER: _retry,
    Remedy.LOOK_UP: _retry,  # reached by look-ups alone: reading again is harmless
}
