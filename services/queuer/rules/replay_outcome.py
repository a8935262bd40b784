"""What one planning did to a prospect, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ProspectState:
    """A prospect's status and account, and its sends: message type -> status and the hash of the words."""

    id: UUID
    status: str
    account_id: UUID | None
    sends: Mapping[str, str]


def describe_difference(before: ProspectState, after: ProspectState) -> str:
    """The new sends, those with other words or another end, and the end of the sequence."""
    changes = []
    for message_type, send in sorted(after.sends.items()):
        if before.sends.get(message_type) == send:
            continue
        status = send.partition(" ")[0]
        verb = "plan" if message_type not in before.sends else "write anew"
        changes.append(f"{verb} {message_type}" if status == "pending" else f"write {message_type} down as {status}")
    if before.status != after.status:
        changes.append(f"end as {after.status}")
    return ", ".join(changes) or "give an account"
