"""Which read comes next: an account makes one at a time and rests after each, so a look may need several of its turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence_codec import decode_open_list, decode_open_messages
from shared.vocabulary import Evidence


class ProviderRead(StrEnum):
    """One read of the provider."""

    SENT = "sent"  # the list of sent invitations, for all of an account's unknown ones and unknown withdrawals
    PROFILE = "profile"  # of one person the list does not show
    SAID = "said"  # what the account wrote, for all of its unknown messages
    PARTNERS = "partners"  # whom it wrote to, where own messages stand in chats with an unknown partner


@dataclass(frozen=True, slots=True)
class NextRead:
    """A read, and the attempts it is made for."""

    read: ProviderRead
    unknowns: Sequence[AttemptInDoubt]


def choose_next_read(unknowns: Sequence[AttemptInDoubt]) -> NextRead | None:
    """What is begun is finished first; then whatever is due, with everything that the same list answers for."""
    invitations = [unknown for unknown in unknowns if unknown.action.facts.evidence is Evidence.INVITATIONS]
    messages = [unknown for unknown in unknowns if unknown.action.facts.evidence is Evidence.MESSAGES]
    if half := [unknown for unknown in invitations if decode_open_list(unknown.evidence) is not None]:
        return NextRead(ProviderRead.PROFILE, half[:1])
    if half := [unknown for unknown in messages if decode_open_messages(unknown.evidence, unknown.doubt.text) is not None]:
        return NextRead(ProviderRead.PARTNERS, half)
    if any(unknown.due for unknown in invitations):
        return NextRead(ProviderRead.SENT, invitations)
    if any(unknown.due for unknown in messages):
        return NextRead(ProviderRead.SAID, messages)
    return None
