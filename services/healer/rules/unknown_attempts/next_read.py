"""Which read comes next: an account makes one at a time and rests after each, so a look may need several of its turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence_codec import open_list, open_said
from shared.vocabulary import Action


class Read(StrEnum):
    """One read of the provider."""

    SENT = "sent"  # the list of sent invitations, for all of an account's unknown ones and unknown withdrawals
    PROFILE = "profile"  # of one person the list does not show
    SAID = "said"  # what the account wrote, for all of its unknown messages
    PARTNERS = "partners"  # whom it wrote to, where own messages stand in conversations nobody knows


@dataclass(frozen=True, slots=True)
class Step:
    """A read, and the attempts it is made for."""

    read: Read
    unknowns: Sequence[AttemptInDoubt]


def next_step(unknowns: Sequence[AttemptInDoubt]) -> Step | None:
    """What is begun is finished first; then whatever is due, with everything that the same list answers for."""
    invitations = [unknown for unknown in unknowns if unknown.action in {Action.INVITATION, Action.WITHDRAWAL}]
    messages = [unknown for unknown in unknowns if unknown.action is Action.MESSAGE]
    if half := [unknown for unknown in invitations if open_list(unknown.evidence) is not None]:
        return Step(Read.PROFILE, half[:1])
    if half := [unknown for unknown in messages if open_said(unknown.evidence, unknown.doubt.text) is not None]:
        return Step(Read.PARTNERS, half)
    if any(unknown.due for unknown in invitations):
        return Step(Read.SENT, invitations)
    if any(unknown.due for unknown in messages):
        return Step(Read.SAID, messages)
    return None
