"""Kafka in: integrity events become findings or wake a look at the row; what an operator must know becomes a notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from services.healer.rules.repairs.finding_kinds import select_reported
from services.healer.store.repairs import findings
from services.healer.workflows.notices.notify import Notify
from services.healer.workflows.rehearse import HealerRehearsal
from services.healer.workflows.repairs.repair import FindAndRepair
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.sends_completed import SendCompleted
from shared.contracts.topics import ACCOUNTS_STATUS, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.kafka.inbox import Inbox
from shared.kafka.subscriptions import Subscription, subscribe_all


@dataclass(frozen=True, slots=True)
class HealerWorkflows:
    """What events wake."""

    pool: asyncpg.Pool
    notify: Notify
    repair: FindAndRepair


async def on_integrity_events(workflows: HealerWorkflows, events: Sequence[IntegrityEvent]) -> None:
    """Record what other services report as findings, and examine the rows that the events name."""
    async with workflows.pool.acquire() as connection, connection.transaction():
        await findings.record_findings(connection, select_reported(events))
    await workflows.repair.of_events(events)


async def on_completed(workflows: HealerWorkflows, events: Sequence[SendCompleted]) -> None:
    """Write notices of sends that failed for good."""
    await workflows.notify.of_sends(events)


async def on_account(workflows: HealerWorkflows, events: Sequence[AccountStatusChanged]) -> None:
    """Write notices of accounts that may not act any more."""
    await workflows.notify.of_accounts(events)


SUBSCRIPTIONS: Final[tuple[Subscription[HealerWorkflows, HealerRehearsal], ...]] = (
    Subscription(INTEGRITY_EVENTS, on_integrity_events, HealerRehearsal.open_findings, urgent=True),
    Subscription(SENDS_COMPLETED, on_completed, HealerRehearsal.write_send_notices),
    Subscription(ACCOUNTS_STATUS, on_account, HealerRehearsal.write_account_notices),
)


def register(inbox: Inbox, pool: asyncpg.Pool, notify: Notify, repair: FindAndRepair) -> None:
    """Subscribe to what the healer consumes."""
    subscribe_all(inbox, SUBSCRIPTIONS, HealerWorkflows(pool, notify, repair))
