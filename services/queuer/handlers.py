"""Kafka in. Every event wakes one workflow, which reads the rows; see shared/kafka/inbox.py for the guarantees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.queuer.workflows.dispatch.stop import Stopper
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.rehearse import QueuerRehearsal
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.mail_feedback import MailFeedback
from shared.contracts.prospects_left import ProspectLeft
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import (
    ACCOUNTS_STATUS,
    CONNECTIONS_ACCEPTED,
    MAIL_FEEDBACK,
    PROSPECTS_LEFT,
    PROSPECTS_READY,
    REPLIES_RECEIVED,
    SENDS_COMPLETED,
)
from shared.kafka.inbox import Inbox
from shared.kafka.subscriptions import Subscription, subscribe_all


@dataclass(frozen=True, slots=True)
class QueuerWorkflows:
    """What events wake."""

    planner: Planner
    stopper: Stopper


async def on_ready(workflows: QueuerWorkflows, events: Sequence[ProspectReady]) -> None:
    """Plan the next steps."""
    await workflows.planner.plan([event.prospect_id for event in events])


async def on_completed(workflows: QueuerWorkflows, events: Sequence[SendCompleted]) -> None:
    """Plan what follows. A deferred send is retried without planning. A skipped or failed send may have a next step: a
    prospect who is already connected needs the first message and no invitation."""
    await workflows.planner.plan([event.prospect_id for event in events if event.outcome is not SendOutcome.DEFERRED])


async def on_accepted(workflows: QueuerWorkflows, events: Sequence[ConnectionAccepted]) -> None:
    """Plan the first follow-ups."""
    await workflows.planner.plan([event.prospect_id for event in events])


async def on_reply(workflows: QueuerWorkflows, events: Sequence[ReplyReceived]) -> None:
    """Cancel what is planned for the leads that answered."""
    await workflows.stopper.leads(sorted({event.lead_id for event in events}))


async def on_left(workflows: QueuerWorkflows, events: Sequence[ProspectLeft]) -> None:
    """Cancel what is planned for prospects that left their campaign."""
    await workflows.stopper.prospects(sorted({event.prospect_id for event in events}))


async def on_feedback(workflows: QueuerWorkflows, events: Sequence[MailFeedback]) -> None:
    """Stop the sequences of leads whose address bounced or complained."""
    await workflows.stopper.mail(events)


async def on_account(workflows: QueuerWorkflows, events: Sequence[AccountStatusChanged]) -> None:
    """Wake the accounts, or stop dispatching from them."""
    await workflows.stopper.accounts(sorted({event.account_id for event in events}))


SUBSCRIPTIONS: Final[tuple[Subscription[QueuerWorkflows, QueuerRehearsal], ...]] = (
    Subscription(PROSPECTS_READY, on_ready, QueuerRehearsal.plan_prospects),
    Subscription(SENDS_COMPLETED, on_completed, QueuerRehearsal.plan_followers),
    Subscription(CONNECTIONS_ACCEPTED, on_accepted, QueuerRehearsal.plan_prospects),
    Subscription(REPLIES_RECEIVED, on_reply, QueuerRehearsal.stop_leads),
    Subscription(PROSPECTS_LEFT, on_left, QueuerRehearsal.stop_prospects),
    Subscription(MAIL_FEEDBACK, on_feedback, QueuerRehearsal.stop_addresses),
    Subscription(ACCOUNTS_STATUS, on_account, QueuerRehearsal.wake_accounts),
)


def register(inbox: Inbox, planner: Planner, stopper: Stopper) -> None:
    """Subscribe to everything the queuer consumes."""
    subscribe_all(inbox, SUBSCRIPTIONS, QueuerWorkflows(planner, stopper))
