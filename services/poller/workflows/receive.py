"""A delivery of the provider: stored and matched in one transaction, then acknowledged.

The provider repeats what is not acknowledged, so everything here may come twice; and it gives up after some tries, so
whatever is a genuine delivery is acknowledged, also one about an account that is none of ours.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import asyncpg
import structlog

from services.poller.rules.seen import Source
from services.poller.rules.translate import message_of_webhook, relation_of_webhook
from services.poller.store import accounts, reads
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.match_messages import note_messages
from services.poller.workflows.match_relations import note_relations
from shared.db.pool import Connection
from shared.unipile.webhooks import AccountStatusChanged, Delivery, Ignored, MailEvent, MessageReceived, NewRelation

log = structlog.get_logger()


class Kind(StrEnum):
    """What a delivery was (a metric's label)."""

    RELATION = "relation"
    MESSAGE = "message"
    ACCOUNT_STATUS = "account_status"
    MAIL = "mail"
    IGNORED = "ignored"
    UNKNOWN_ACCOUNT = "unknown_account"
    GARBAGE = "garbage"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a label


async def receive(pool: asyncpg.Pool, delivery: Delivery, body: Mapping[str, Any], *, away_for: timedelta) -> Kind:
    """Store what the delivery says and let it act."""
    match delivery:
        case Ignored():
            return Kind.IGNORED
        case MailEvent():
            return Kind.MAIL
        case NewRelation() | MessageReceived() | AccountStatusChanged():
            told = delivery

    async def take(connection: Connection) -> Kind:
        return await _take(connection, told, body, away_for=away_for)

    return await in_transaction(pool, take)


async def _take(
    connection: Connection, told: NewRelation | MessageReceived | AccountStatusChanged, body: Mapping[str, Any], *, away_for: timedelta
) -> Kind:
    standing = await accounts.by_provider_id(connection, told.account_id)
    if standing is None:
        log.warning("a webhook about an account that is none of ours", provider_account=told.account_id, told=type(told).__name__)
        return Kind.UNKNOWN_ACCOUNT
    account = standing.account
    match told:
        case NewRelation():
            await note_relations(connection, account, [relation_of_webhook(told)], source=Source.WEBHOOK)
            return Kind.RELATION
        case MessageReceived():
            await note_messages(connection, account, [message_of_webhook(told, body)], source=Source.WEBHOOK, away_for=away_for)
            return Kind.MESSAGE
        case AccountStatusChanged():
            await note_status(connection, standing, told.message, source=Source.WEBHOOK)
            # The word carries no time: a late one may contradict a newer one, so the account itself is asked as well.
            await reads.ask_soon(connection, account, reads.Kind.STATUS)
            return Kind.ACCOUNT_STATUS
