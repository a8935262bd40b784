"""May an account still act: the provider's word, by webhook or read, becomes its status."""

import structlog

from services.poller.metrics import ACCOUNT_CHANGES
from services.poller.rules.seen import Source
from services.poller.rules.standing import status_after
from services.poller.store import accounts, observations
from services.poller.store.accounts import Standing
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.envelope import enclose
from shared.contracts.topics import ACCOUNTS_STATUS
from shared.db.outbox import put
from shared.db.pool import Connection

log = structlog.get_logger()


async def note_status(connection: Connection, standing: Standing, word: str, *, source: Source, reason: str | None = None) -> bool:
    """Store the word and follow it; true when the status changed. Repeated words and a person's pause change nothing."""
    account = standing.account
    await observations.record_status(connection, account, word, version=standing.version, source=source)
    status = status_after(word, standing.status)
    if status is None:
        return False
    reason = reason or f"Unipile says {word}"
    version = await accounts.change_status(connection, standing, status, reason)
    if version is None:
        return False
    event = AccountStatusChanged(account_id=account.id, workspace_id=account.workspace_id, status=status, reason=reason, version=version)
    await put(connection, "poller", [enclose(ACCOUNTS_STATUS, event, source="poller", key=account.id, at=account.now)])
    ACCOUNT_CHANGES.labels(status=status.value).inc()
    log.info("account changed", account=str(account.id), status=status.value, reason=reason)
    return True
