"""What one planning did to a prospect, in words."""

from collections.abc import Mapping
from typing import Protocol


class Standing(Protocol):
    """A prospect's status, and its sends: message type -> status and words."""

    @property
    def status(self) -> str: ...

    @property
    def sends(self) -> Mapping[str, str]: ...


def difference(before: Standing, after: Standing) -> str:
    """The new sends, those with other words or another end, and the end of the sequence."""
    deeds = []
    for message_type, send in sorted(after.sends.items()):
        if before.sends.get(message_type) == send:
            continue
        status = send.partition(" ")[0]
        verb = "plan" if message_type not in before.sends else "write anew"
        deeds.append(f"{verb} {message_type}" if status == "pending" else f"write {message_type} down as {status}")
    if before.status != after.status:
        deeds.append(f"end as {after.status}")
    return ", ".join(deeds) or "give an account"
