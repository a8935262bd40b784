"""What the queuer hears. Every event wakes one workflow, which reads the rows; see shared/kafka/inbox.py for the guarantees."""

from collections.abc import Sequence

from services.queuer.workflows.dispatch.stop import Stopper
from services.queuer.workflows.planning.plan import Planner
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


def register(inbox: Inbox, planner: Planner, stopper: Stopper) -> None:
    """Subscribe to everything the queuer consumes."""

    async def on_ready(events: Sequence[ProspectReady]) -> None:
        await planner.plan([event.prospect_id for event in events])

    async def on_completed(events: Sequence[SendCompleted]) -> None:
        # A deferred send goes on by itself. A skipped or failed one may be followed: somebody already connected
        # needs no invitation but their first message.
        await planner.plan([event.prospect_id for event in events if event.outcome is not SendOutcome.DEFERRED])

    async def on_accepted(events: Sequence[ConnectionAccepted]) -> None:
        await planner.plan([event.prospect_id for event in events])

    async def on_reply(events: Sequence[ReplyReceived]) -> None:
        await stopper.leads(sorted({event.lead_id for event in events}))

    async def on_left(events: Sequence[ProspectLeft]) -> None:
        await stopper.prospects(sorted({event.prospect_id for event in events}))

    async def on_feedback(events: Sequence[MailFeedback]) -> None:
        await stopper.mail(events)

    async def on_account(events: Sequence[AccountStatusChanged]) -> None:
        await stopper.accounts(sorted({event.account_id for event in events}))

    inbox.subscribe(PROSPECTS_READY, on_ready)
    inbox.subscribe(SENDS_COMPLETED, on_completed)
    inbox.subscribe(CONNECTIONS_ACCEPTED, on_accepted)
    inbox.subscribe(REPLIES_RECEIVED, on_reply)
    inbox.subscribe(PROSPECTS_LEFT, on_left)
    inbox.subscribe(MAIL_FEEDBACK, on_feedback)
    inbox.subscribe(ACCOUNTS_STATUS, on_account)
