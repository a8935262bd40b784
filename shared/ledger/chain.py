"""Links of a chain: each is a hash over its facts and the link before, so that none can be changed, taken out or put in between."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

NOTHING: Final = bytes(32)
"""What the first link of an account hangs on."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where an account's chain ends: how many links it has, and the hash of the last."""

    links: int = 0
    hash: bytes = NOTHING

    def __str__(self) -> str:
        return f"{self.links}:{self.hash.hex()}"


def link_hash(before: bytes, *, account_id: UUID, link_no: int, attempt_id: int, form: int, facts: str, sealed_at: datetime) -> bytes:
    """The hash of one link; its parts are divided by line feeds, which JSON text never holds."""
    at = sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return hashlib.sha256(f"{before.hex()}\n{account_id}\n{link_no}\n{attempt_id}\n{form}\n{at}\n{facts}".encode()).digest()


def root(heads: Iterable[tuple[UUID, Head]]) -> bytes:
    """One hash over the heads of many accounts, which come in order of id."""
    whole = hashlib.sha256()
    for account_id, head in heads:
        whole.update(f"{account_id} {head}\n".encode())
    return whole.digest()
