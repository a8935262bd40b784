"""sends.due: this send is due now."""

from datetime import datetime
from uuid import UUID

from shared.contracts.event import Event


class SendDue(Event):
    """Wakes the sender; a `dispatch_no` older than the row's is ignored."""

    send_id: UUID
    account_id: UUID
    dispatch_no: int
    allowed_at: datetime | None = None
    """Since when it was due, its lane open and its account free (business): what lateness is measured from."""
