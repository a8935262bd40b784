"""sends.due: this send is due now."""

from uuid import UUID

from shared.contracts.event import Event


class SendDue(Event):
    """Wakes the sender; a `dispatch_no` older than the row's is ignored."""

    send_id: UUID
    account_id: UUID
    dispatch_no: int
