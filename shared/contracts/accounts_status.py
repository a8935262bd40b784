"""accounts.status: an account may act, or may not any more."""

from uuid import UUID

from shared.contracts.event import Event
from shared.vocabulary import AccountStatus


class AccountStatusChanged(Event):
    """A state, not a fact of its own: consumers ignore a `version` older than the row's."""

    account_id: UUID
    workspace_id: UUID
    status: AccountStatus
    reason: str | None = None
    version: int
