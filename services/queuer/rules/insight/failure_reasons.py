"""Why a send failed or waits, in words: a sentence and the next step for every reason that can be stored.

The meaning of the provider's own types stands in shared/unipile/errors.py and is only read here. Held by
tests/unit/queuer/insight/test_failure_reasons.py.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.policy.retries import span_in_words, tries_in_words
from shared.policy.words import REASONS
from shared.unipile.errors import TABLE
from shared.unipile.findings import Remedy
from shared.vocabulary import FailureReason

NO_WORDS: Final = "no_words"
"""The code of the planner's own sentences (a value is missing, a note is too long), for filters."""

_CODE: Final = re.compile(r"[a-z0-9_]+")
_SENDER_WORDS: Final = frozenset(reason.value for reason in FailureReason)


@dataclass(frozen=True, slots=True)
class FailureExplanation:
    """`code` is for programs and filters, `meaning` for people, `to_do` is the next step; `look_up` as a retry needs it."""

    code: str
    meaning: str
    to_do: str
    look_up: bool = False
    """The recipient may be another person: a retry looks the person up again before anything leaves."""


class Standstill(StrEnum):
    """Why nothing of an account leaves, where no rule of the policy is the reason."""

    NOTHING_PLANNED = "nothing_planned"
    DUE = "due"
    IN_HAND = "in_hand"


_TO_DO: Final = {
    Remedy.STOP_SEND: "Reach the person another way, and drop this send.",
    Remedy.RE_RESOLVE: "Correct the lead's LinkedIn address, then retry: the person is looked up again first.",
    Remedy.ALREADY_PENDING: "Wait for the answer to the invitation that is there, and drop this send.",
    Remedy.ALREADY_CONNECTED: "Drop this send; the sequence continues without it.",
    Remedy.ALREADY_DONE: "Look at the profile in LinkedIn; drop this send if it shows the deed.",
    Remedy.WAIT_FOR_CONNECTION: "Wait until the person is a connection, then retry.",
    Remedy.WAIT_24H: "Retry after 24 hours.",
    Remedy.COOL_DOWN: "Let the account rest, then retry.",
    Remedy.WAIT_FOR_CREDITS: "Retry when the account has credits again, or empty the invitation's note.",
    Remedy.PAUSE_ACCOUNT: "Reconnect the account, then retry.",
    Remedy.FEATURE_MISSING: "Give the account the product it lacks, then retry; or drop this send.",
    Remedy.STOP_EVERYTHING: "Correct UNIPILE_DSN or UNIPILE_API_KEY, then retry.",
    Remedy.REPORT_REQUEST: "Look at the evidence, change the words or the lead, then retry; tell us if it comes again.",
    Remedy.RETRY_LATER: f"It was tried {tries_in_words()} over {span_in_words()}. Retry when the provider works again.",
    Remedy.LOOK_UP: f"It was tried {tries_in_words()} over {span_in_words()}. Retry when the provider works again.",
}

_WITHOUT_TYPE: Final = {
    Remedy.STOP_SEND: "The person cannot be reached.",
    Remedy.RE_RESOLVE: "The id of the person is not one LinkedIn knows.",
    Remedy.ALREADY_PENDING: "An invitation to this person is pending.",
    Remedy.ALREADY_CONNECTED: "They are connected already.",
    Remedy.ALREADY_DONE: "The provider says this was done before.",
    Remedy.WAIT_FOR_CONNECTION: "The person is no connection of the account.",
    Remedy.WAIT_24H: "LinkedIn allows this again after 24 hours.",
    Remedy.COOL_DOWN: "The account had reached a limit of LinkedIn's.",
    Remedy.WAIT_FOR_CREDITS: "The account has no credit left for notes.",
    Remedy.PAUSE_ACCOUNT: "The account could not act.",
    Remedy.FEATURE_MISSING: "The account lacks the product for this action.",
    Remedy.STOP_EVERYTHING: "Key or address of the provider were wrong.",
    Remedy.REPORT_REQUEST: "Unipile refused the request for a reason this version does not know.",
    Remedy.RETRY_LATER: f"The provider could not be reached or did not take the request, {tries_in_words()}.",
    Remedy.LOOK_UP: f"The provider gave no readable answer, {tries_in_words()}.",
}
"""Answers that carry no type of their own are recorded under their remedy's name."""

_LOOK_UP_AGAIN: Final = "Correct the lead's LinkedIn address, then retry: the person is looked up again first."

OF_THE_SENDER: Final = {
    FailureReason.NOT_STARTED: FailureExplanation(
        FailureReason.NOT_STARTED, "The call did not begin in time.", "Nothing; the send is decided again."
    ),
    FailureReason.ANOTHER_PERSON: FailureExplanation(
        FailureReason.ANOTHER_PERSON,
        "The provider showed another person under the lead's address, so nothing was sent.",
        _LOOK_UP_AGAIN,
        look_up=True,
    ),
    FailureReason.UNUSABLE: FailureExplanation(
        FailureReason.UNUSABLE,
        "The message cannot be sent as it stands; nothing was sent. The evidence says why.",
        "Change the words or the lead, then retry.",
    ),
    FailureReason.NOT_CONNECTED: FailureExplanation(
        FailureReason.NOT_CONNECTED,
        "The person is no connection of the account, and the campaign writes to connections only.",
        "Connect first, then retry; or invite the person in a connector campaign.",
    ),
}
"""What the sender itself gives as a reason."""

_UNKNOWN_PERSON: Final = FailureExplanation("resource_not_found", TABLE["resource_not_found"].finding.meaning, _LOOK_UP_AGAIN, look_up=True)
"""The provider's one type that needs more to do than its remedy says."""

WAITING: Final = {reason: words.sentence for reason, words in REASONS.items()} | {
    Standstill.NOTHING_PLANNED: "Nothing is planned.",
    Standstill.DUE: "A message is due and leaves with the next tick.",
    Standstill.IN_HAND: "The account is busy: a message is on its way, or a read.",
}


def describe_reason(reason: str) -> str:
    """The sentence for a reason of the policy, or of a lane; an unknown one is shown as it is."""
    return _WAITING.get(reason, f"{reason.replace('_', ' ').capitalize()}.")


_WAITING: Final = {reason.value: sentence for reason, sentence in WAITING.items()}


def explain_failure(error_message: str | None) -> FailureExplanation:
    """What a failed send's `error_message` means and what to do about it."""
    if error_message is None:
        return FailureExplanation("unknown", "No reason was recorded.", "Look at the evidence, then retry or drop.")
    if _CODE.fullmatch(error_message) is None:
        return FailureExplanation(NO_WORDS, error_message, "Mend the lead or the template, then retry: the words are written anew.")
    if error_message in _SENDER_WORDS:
        return OF_THE_SENDER[FailureReason(error_message)]
    return _UNKNOWN_PERSON if error_message == _UNKNOWN_PERSON.code else _explain_provider_type(error_message)


def _explain_provider_type(code: str) -> FailureExplanation:
    row = TABLE.get(code)
    if row is not None:
        finding = row.finding
        return FailureExplanation(code, finding.meaning, _TO_DO[finding.remedy], look_up=finding.remedy is Remedy.RE_RESOLVE)
    if code in set(Remedy):
        remedy = Remedy(code)
        return FailureExplanation(code, _WITHOUT_TYPE[remedy], _TO_DO[remedy], look_up=remedy is Remedy.RE_RESOLVE)
    return FailureExplanation(
        code,
        f"Unipile refused it as '{code}', a type this version does not know.",
        "Look at the evidence, then retry or drop; tell us of the new type.",
    )
