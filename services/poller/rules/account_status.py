"""What the provider's word about an account means for the account's status."""

from shared.unipile.webhooks import CLEARING, HALTING
from shared.vocabulary import AccountStatus

SETTLING = frozenset({"CONNECTING"})
"""Words of a transition: they change nothing."""


def status_after(word: str, now: AccountStatus) -> AccountStatus | None:
    """The account's new status, None where the word changes nothing.

    An account that an operator paused stays paused under every word, and an unknown word changes nothing: a wrong stop costs
    days of a campaign, and a call that fails reports the problem again.
    """
    if now is AccountStatus.USABLE and (word in HALTING or word == "PERMISSIONS"):
        return AccountStatus.DISCONNECTED
    if now is AccountStatus.DISCONNECTED and word in CLEARING:
        return AccountStatus.USABLE
    return None


def worst_status_word(words: tuple[str, ...]) -> str:
    """One word for an account of several sources: the account is as healthy as its worst source, and cannot act without any."""
    for word in words:
        if word not in CLEARING and word not in SETTLING:
            return word
    return next((word for word in words if word in SETTLING), "OK" if words else "STOPPED")
