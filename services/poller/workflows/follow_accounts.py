"""Whether an account may still act: the provider's word, from a webhook or a read, becomes the account's status."""

import structlog

from services.poller.metrics import ACCOUNT_CHANGES
from services.poller.rules.account_status import status_after
from services.poller.rules.observations import ObservationSource
from services.poller.store import accounts, observations
from services.poller.store.accounts import AccountState
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.envelope import enclose
from shared.contracts.topics import ACCOUNTS_STATUS
from shared.db.outbox import put
from shared.db.pool import Connection

log = structlog.get_logger()


async def note_status(
    connection: Connection, state: AccountState, word: str, *, source: ObservationSource, reason: str | None = None
) -> bool:
    """Store the word and apply it; True when the status changed. A repeated word changes nothing, and a paused account stays paused."""
    account = state.account
    await observations.record_status(connection, account, word, version=state.version, source=source)
    status = status_after(word, state.status)
    if status is None:
        return False
    reason = reason or f"Unipile says {word}"
    version = await accounts.change_status(connection, state, status, reason)
    if version is None:
        return False
    event = AccountStatusChanged(account_id=account.id, workspace_id=account.workspace_id, status=status, reason=reason, version=version)
    await put(connection, "poller", [enclose(ACCOUNTS_STATUS, event, source="poller", key=account.id, at=account.now)])
    ACCOUNT_CHANGES.labels(status=status.value).inc()
    log.info("account changed", account=str(account.id), status=status.value, reason=reason)
    return True
