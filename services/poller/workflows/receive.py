"""A delivery of the provider: stored and matched in one transaction, then acknowledged.

The provider repeats a delivery that is not acknowledged, so each may come twice; and it gives up after some tries, so every genuine
delivery is acknowledged, also one about an account that is none of ours.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import asyncpg
import structlog

from services.poller.rules.observations import ObservationSource
from services.poller.rules.translation import message_of_webhook, relation_of_webhook
from services.poller.store import accounts, reads
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.match_messages import note_messages
from services.poller.workflows.match_relations import note_relations
from shared.db.pool import Connection
from shared.unipile.webhooks import AccountStatusDelivery, Delivery, Ignored, MailEvent, MessageReceived, NewRelation

log = structlog.get_logger()


class DeliveryKind(StrEnum):
    """What a delivery was (a metric's label)."""

    RELATION = "relation"
    MESSAGE = "message"
    ACCOUNT_STATUS = "account_status"
    MAIL = "mail"
    IGNORED = "ignored"
    UNKNOWN_ACCOUNT = "unknown_account"
    GARBAGE = "garbage"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a label


async def receive(pool: asyncpg.Pool, delivery: Delivery, body: Mapping[str, Any], *, away_for: timedelta) -> DeliveryKind:
    """Store what the delivery says and apply it."""
    match delivery:
        case Ignored():
            return DeliveryKind.IGNORED
        case MailEvent():
            return DeliveryKind.MAIL
        case NewRelation() | MessageReceived() | AccountStatusDelivery():
            delivered = delivery

    async def handle(connection: Connection) -> DeliveryKind:
        return await _handle(connection, delivered, body, away_for=away_for)

    return await in_transaction(pool, handle)


async def _handle(
    connection: Connection,
    delivered: NewRelation | MessageReceived | AccountStatusDelivery,
    body: Mapping[str, Any],
    *,
    away_for: timedelta,
) -> DeliveryKind:
    state = await accounts.by_provider_id(connection, delivered.account_id)
    if state is None:
        log.warning("a webhook about an account that is none of ours", provider_account=delivered.account_id, kind=type(delivered).__name__)
        return DeliveryKind.UNKNOWN_ACCOUNT
    account = state.account
    match delivered:
        case NewRelation():
            await note_relations(connection, account, [relation_of_webhook(delivered)], source=ObservationSource.WEBHOOK)
            return DeliveryKind.RELATION
        case MessageReceived():
            await note_messages(
                connection, account, [message_of_webhook(delivered, body)], source=ObservationSource.WEBHOOK, away_for=away_for
            )
            return DeliveryKind.MESSAGE
        case AccountStatusDelivery():
            await note_status(connection, state, delivered.message, source=ObservationSource.WEBHOOK)
            # The word carries no time: a late one may contradict a newer one, so the account itself is read as well.
            await reads.make_due(connection, account, reads.ReadKind.STATUS)
            return DeliveryKind.ACCOUNT_STATUS
