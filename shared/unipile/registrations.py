"""Which webhook registrations to make and which to remove, so that each source reaches us once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.unipile.models import RegisteredWebhook, WebhookHeader


class WebhookSource(StrEnum):
    """What the provider can tell us about on its own accord."""

    MESSAGING = "messaging"
    USERS = "users"
    ACCOUNT_STATUS = "account_status"


EVENTS: Final[dict[WebhookSource, tuple[str, ...]]] = {
    WebhookSource.MESSAGING: ("message_received",),
    WebhookSource.USERS: ("new_relation",),
    WebhookSource.ACCOUNT_STATUS: (),
}
"""Named in the registration; account_status knows no event names."""


@dataclass(frozen=True, slots=True)
class WebhookChanges:
    """What stands as it should and stays, what is missing, and what is too much; `kept` and `surplus` are the provider's ids."""

    kept: tuple[str, ...]
    missing: tuple[WebhookSource, ...]
    surplus: tuple[str, ...]


def name_of(source: WebhookSource) -> str:
    """Our name of a registration, from which its source is read again: the provider's list does not hold it."""
    return f"tact {source}"


def source_of(webhook: RegisteredWebhook) -> WebhookSource | None:
    """What a registration is for; None when neither its source, its name nor its events say so."""
    for source in WebhookSource:
        if webhook.source == source or webhook.name == name_of(source):
            return source
    for source, events in EVENTS.items():
        if webhook.events and set(webhook.events) & set(events):
            return source
    return None


def others(existing: Iterable[RegisteredWebhook], *, url: str | None, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """Addresses that registrations of another stack of ours lead to: our names, and neither our URL nor one that is allowed."""
    names = {name_of(source) for source in WebhookSource}
    neighbours = {url, *allowed}
    return tuple(sorted({webhook.request_url for webhook in existing if webhook.name in names and webhook.request_url not in neighbours}))


def plan(existing: Iterable[RegisteredWebhook], *, url: str, header: WebhookHeader) -> WebhookChanges:
    """Keep one good registration per source, ask for the missing ones, drop what else stands on our own URL.

    Good means: enabled, and sending our header, as far as the list shows it. Registrations of other URLs and those
    whose source cannot be determined are not ours to remove.
    """
    kept: dict[WebhookSource, str] = {}
    surplus: list[str] = []
    for webhook in existing:
        source = source_of(webhook)
        if webhook.request_url != url or source is None:
            continue
        if source in kept or webhook.enabled is False or not _sends_header(webhook.headers, header):
            surplus.append(webhook.id)
        else:
            kept[source] = webhook.id
    return WebhookChanges(
        kept=tuple(kept.values()), missing=tuple(source for source in WebhookSource if source not in kept), surplus=tuple(surplus)
    )


def _sends_header(headers: Sequence[WebhookHeader] | None, expected: WebhookHeader) -> bool:
    """A list that does not show headers is believed; one that shows another secret means 401 for every delivery."""
    if headers is None:
        return True
    return any(header.key.lower() == expected.key.lower() and header.value == expected.value for header in headers)


def body_of(source: WebhookSource, *, url: str, header: WebhookHeader) -> dict[str, object]:
    """The registration as POST /webhooks takes it. Without our own Content-Type the provider sends JSON as a form."""
    body: dict[str, object] = {
        "request_url": url,
        "source": source.value,
        "name": name_of(source),
        "format": "json",
        "enabled": True,
        "headers": [header.model_dump(), {"key": "Content-Type", "value": "application/json"}],
    }
    if EVENTS[source]:
        body["events"] = list(EVENTS[source])
    return body
