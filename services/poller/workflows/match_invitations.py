"""What the account invited by hand: the provider's list of sent invitations, held against our own attempts.

Harmless to repeat, in any order: what is counted follows from the observations and the ledger, under the account's lock.
"""

from collections.abc import Sequence

import structlog

from services.poller.metrics import BY_HAND
from services.poller.rules.by_hand import LOOK_BACK, authors, counts
from services.poller.rules.seen import Account, SentInvitation, Source
from services.poller.store import by_hand, observations
from shared.db.pool import Connection

log = structlog.get_logger()


async def note_invitations(
    connection: Connection, account: Account, shown: Sequence[SentInvitation], *, source: Source, mark: int | None
) -> bool:
    """Store what is shown and count what was sent by hand; True when some of it was known already at `mark`."""
    await observations.record_invitations(connection, account, shown, source=source)
    ids = [one.invitation_id for one in shown]
    await reconcile(connection, account)
    await by_hand.listed(connection, account, ids)
    return mark is not None and await by_hand.known_at(connection, account, ids, mark=mark)


async def reconcile(connection: Connection, account: Account) -> None:
    """Bring the count of invitations by hand to what observations and attempts say today.

    An attempt of ours that is under way or unknown explains what it may have caused, so nothing is counted twice; when it turns
    out that it did not leave, the invitation was made by hand and is counted then. One that was counted and is explained later is
    given back to its own day.
    """
    await by_hand.lock_account(connection, account)
    listed = await by_hand.seen_since(connection, account, account.now - LOOK_BACK)
    if not listed:
        return
    found = authors(listed, await by_hand.own_invitations(connection, account, listed))
    counted, old = await by_hand.stand(connection, account, [(one, counts(one)) for one in found.by_hand])
    given_back = await by_hand.explain(connection, account, [(one.invitation_id, own.attempt_id) for one, own in found.ours])
    BY_HAND.labels(outcome="counted").inc(counted)
    BY_HAND.labels(outcome="old").inc(old)
    BY_HAND.labels(outcome="given_back").inc(given_back)
    if counted or given_back:
        log.info("invitations sent by hand", account=str(account.id), counted=counted, given_back=given_back)
