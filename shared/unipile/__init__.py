"""The provider's client: typed calls, one table of what its errors mean, and its webhooks."""

from shared.unipile.client import UnipileClient, UnusableIdentifierError, checked_identifier
from shared.unipile.errors import (
    AnsweredError,
    ProviderError,
    ProviderRefused,
    ProviderSilent,
    ProviderUnsure,
    UnreadableAnswer,
    classify,
)
from shared.unipile.findings import Blame, CoolDown, Finding, Remedy, Subject
from shared.unipile.webhooks import BadWebhook, read_webhook, secret_matches

__all__ = [
    "AnsweredError",
    "BadWebhook",
    "Blame",
    "CoolDown",
    "Finding",
    "ProviderError",
    "ProviderRefused",
    "ProviderSilent",
    "ProviderUnsure",
    "Remedy",
    "Subject",
    "UnipileClient",
    "UnreadableAnswer",
    "UnusableIdentifierError",
    "checked_identifier",
    "classify",
    "read_webhook",
    "secret_matches",
]
