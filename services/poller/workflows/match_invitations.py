"""Invitations that the member sent by hand: the provider's list of sent invitations, compared with our own attempts.

Harmless to repeat, in any order: the counts follow from the observations and the ledger alone, under the account's lock.
"""

from collections.abc import Sequence

import structlog

from services.poller.metrics import BY_HAND
from services.poller.rules.manual_invitations import LOOK_BACK, find_authors, spends_budget
from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenInvitation
from services.poller.store import manual_invitations, observations
from shared.db.pool import Connection
from shared.db.statements import lock_accounts

log = structlog.get_logger()


async def note_invitations(
    connection: Connection, account: ObservedAccount, shown: Sequence[SeenInvitation], *, source: ObservationSource, mark: int | None
) -> bool:
    """Store the invitations shown and count those sent by hand; True when one of them was known already at `mark`."""
    await observations.record_invitations(connection, account, shown, source=source)
    ids = [one.invitation_id for one in shown]
    await reconcile(connection, account)
    await manual_invitations.mark_listed(connection, account, ids)
    return mark is not None and await manual_invitations.has_known(connection, account, ids, mark=mark)


async def reconcile(connection: Connection, account: ObservedAccount) -> None:
    """Bring the count of invitations by hand to what observations and attempts say today.

    An attempt of ours that is under way or unknown explains the invitation that it may have caused, so nothing is counted twice; when it
    turns out that the attempt did not leave, the invitation was sent by hand and is counted then. An invitation that was counted and is
    explained later is given back to its own day.
    """
    await lock_accounts(connection, [account.id])
    listed = await manual_invitations.load_listed(connection, account, account.now - LOOK_BACK)
    if not listed:
        return
    found = find_authors(listed, await manual_invitations.load_own(connection, account, listed))
    counted, old = await manual_invitations.record_manual(connection, account, [(one, spends_budget(one)) for one in found.by_hand])
    given_back = await manual_invitations.give_back_explained(
        connection, account, [(one.invitation_id, own.attempt_id) for one, own in found.ours]
    )
    BY_HAND.labels(outcome="counted").inc(counted)
    BY_HAND.labels(outcome="old").inc(old)
    BY_HAND.labels(outcome="given_back").inc(given_back)
    if counted or given_back:
        log.info("invitations sent by hand", account=str(account.id), counted=counted, given_back=given_back)
