"""Why a send failed or waits, in words: one table from every reason the code can write to a sentence and what to do.

What the provider's own types mean stands in shared/unipile/errors.py and is only read here. Held by
tests/unit/queuer/insight/test_queuer_causes.py, which collects the reasons from the code that writes them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.policy.words import REASONS
from shared.unipile.errors import TABLE
from shared.unipile.findings import Remedy

NO_WORDS: Final = "no_words"
"""The code under which planning's own sentences (a value is missing, a note too long) are found and filtered."""

_CODE: Final = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Cause:
    """`code` is for programs and filters, `meaning` for people, `to_do` the next step; `look_up` as a retry needs it."""

    code: str
    meaning: str
    to_do: str
    look_up: bool = False
    """The recipient may be somebody else: a retry looks the person up again before anything leaves."""


class Standstill(StrEnum):
    """Why nothing of an account leaves, where no rule of the policy is the reason."""

    NOTHING_PLANNED = "nothing_planned"
    DUE = "due"
    IN_HAND = "in_hand"


_TO_DO: Final = {
    Remedy.STOP_SEND: "Reach the person another way, and drop this send.",
    Remedy.RE_RESOLVE: "Correct the lead's LinkedIn address, then retry: the person is looked up again first.",
    Remedy.ALREADY_PENDING: "Wait for the answer to the invitation that is there, and drop this send.",
    Remedy.ALREADY_CONNECTED: "Drop this send; the sequence goes on without it.",
    Remedy.ALREADY_DONE: "Look at the profile in LinkedIn; drop this send if it shows the deed.",
    Remedy.WAIT_FOR_CONNECTION: "Wait until the person is a connection, then retry.",
    Remedy.WAIT_24H: "Retry after 24 hours.",
    Remedy.COOL_DOWN: "Let the account rest, then retry.",
    Remedy.WAIT_FOR_CREDITS: "Retry when the account has credits again, or empty the invitation's note.",
    Remedy.PAUSE_ACCOUNT: "Reconnect the account, then retry.",
    Remedy.FEATURE_MISSING: "Give the account the product it lacks, then retry; or drop this send.",
    Remedy.STOP_EVERYTHING: "Correct UNIPILE_DSN or UNIPILE_API_KEY, then retry.",
    Remedy.REPORT_REQUEST: "Look at the evidence, change the words or the lead, then retry; tell us if it comes again.",
    Remedy.RETRY_LATER: "It was tried four times over an hour. Retry when the provider works again.",
    Remedy.LOOK_UP: "It was tried four times over an hour. Retry when the provider works again.",
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
    Remedy.RETRY_LATER: "The provider could not be reached or did not take the request, four times.",
    Remedy.LOOK_UP: "The provider gave no readable answer, four times.",
}
"""Answers that carry no type of their own are recorded under their remedy's name."""

_OURS: Final = {
    "another_person": Cause(
        "another_person",
        "The provider showed somebody else under the lead's address, so nothing was sent.",
        "Correct the lead's LinkedIn address, then retry: the person is looked up again first.",
        look_up=True,
    ),
    "unusable": Cause(
        "unusable",
        "The message cannot be sent as it stands; nothing left the house. The evidence says why.",
        "Change the words or the lead, then retry.",
    ),
    "not_connected": Cause(
        "not_connected",
        "The person is no connection of the account, and the campaign writes to connections only.",
        "Connect first, then retry; or invite the person in a connector campaign.",
    ),
    "resource_not_found": Cause(
        "resource_not_found",
        TABLE["resource_not_found"].finding.meaning,
        "Correct the lead's LinkedIn address, then retry: the person is looked up again first.",
        look_up=True,
    ),
}
"""What the sender itself gives as a reason, and what needs more to do than its remedy says."""

WAITING: Final = {reason: words.sentence for reason, words in REASONS.items()} | {
    Standstill.NOTHING_PLANNED: "Nothing is planned.",
    Standstill.DUE: "A message is due and leaves with the next tick.",
    Standstill.IN_HAND: "The account is busy: a message is on its way, or a read.",
}


def why(reason: str) -> str:
    """The sentence for a reason of the policy, or of a lane; an unknown one is shown as it is."""
    return _WAITING.get(reason, f"{reason.replace('_', ' ').capitalize()}.")


_WAITING: Final = {reason.value: sentence for reason, sentence in WAITING.items()}


def cause_of(error_message: str | None) -> Cause:
    """What a failed send's `error_message` means and what to do about it."""
    if error_message is None:
        return Cause("unknown", "No reason was recorded.", "Look at the evidence, then retry or drop.")
    if _CODE.fullmatch(error_message) is None:
        return Cause(NO_WORDS, error_message, "Mend the lead or the template, then retry: the words are written anew.")
    return _OURS.get(error_message) or _of_provider(error_message)


def _of_provider(code: str) -> Cause:
    row = TABLE.get(code)
    if row is not None:
        finding = row.finding
        return Cause(code, finding.meaning, _TO_DO[finding.remedy], look_up=finding.remedy is Remedy.RE_RESOLVE)
    if code in set(Remedy):
        remedy = Remedy(code)
        return Cause(code, _WITHOUT_TYPE[remedy], _TO_DO[remedy], look_up=remedy is Remedy.RE_RESOLVE)
    return Cause(
        code,
        f"Unipile refused it as '{code}', a type this version does not know.",
        "Look at the evidence, then retry or drop; tell us of the new type.",
    )
