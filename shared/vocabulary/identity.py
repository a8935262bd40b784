"""A send's id is worked out, never drawn: planning a step twice is one row, in whichever process."""

from typing import Final
from uuid import UUID, uuid5

SENDS: Final = UUID("6b0f3a52-5d0e-5f0c-9a57-2f6c1b1d7ac1")
"""Fixed for ever: another namespace would plan every step of every prospect once more."""


def send_id(prospect_id: UUID, message_type: str) -> UUID:
    """The id of the send that delivers this step to this prospect."""
    return uuid5(SENDS, f"{prospect_id}/{message_type}")
