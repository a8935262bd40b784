"""Identifiers as LinkedIn and Unipile shape them, derived from hashes so that a seed repeats a world.

A member has one tail under three prefixes: `ACo` and `ADo` (classic) and `ACw` (Sales Navigator), so that the three
spellings of one person are recognised as one.
"""

import re
import unicodedata
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import blake2b
from typing import Final

from simulator.unipile.world.moments import epoch_ms

CLASSIC: Final = ("ACo", "ADo")
SALES_NAVIGATOR: Final = "ACw"
INTERNAL_ID: Final = re.compile(r"(?:ACo|ADo|ACw)A[A-Za-z0-9_-]{6,}")
VANITY: Final = re.compile(r"[^\s/?#%<>\"'\\]{2,100}")
SNOWFLAKE_SHIFT: Final = 22  # a LinkedIn invitation id is the epoch millisecond shifted by 22 bits, which makes 19 digits


def digest(*parts: object) -> bytes:
    """64 bytes that depend on every part and on their boundaries."""
    return blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogateescape"), digest_size=64).digest()


def chances(*parts: object) -> tuple[float, ...]:
    """Sixteen numbers in [0, 1) that never change for the same parts: a character, without a random generator's state."""
    raw = digest(*parts)
    return tuple(int.from_bytes(raw[i : i + 4], "little") / 2**32 for i in range(0, 64, 4))


def tail_for(seed: int, vanity: str) -> str:
    """What follows the three letters of the member's internal ids."""
    return "AA" + urlsafe_b64encode(digest("member", seed, vanity)[:26]).decode().rstrip("=")[:34]


def short_id(*parts: object) -> str:
    """22 characters, as Unipile names chats, messages, attendees and webhooks."""
    return urlsafe_b64encode(digest(*parts)[:16]).decode().rstrip("=")


def snowflake(at: datetime, order: int) -> str:
    """A 19-digit invitation id; two in one millisecond differ by their order."""
    return str((epoch_ms(at) << SNOWFLAKE_SHIFT) | (order & ((1 << SNOWFLAKE_SHIFT) - 1)))


def is_internal(identifier: str) -> bool:
    """ACo…, ADo… or ACw…; anything else is taken for a vanity."""
    return INTERNAL_ID.fullmatch(identifier) is not None


def is_classic(identifier: str) -> bool:
    """What POST /users/invite takes: a Sales Navigator id is refused there."""
    return is_internal(identifier) and identifier.startswith(CLASSIC)


def plain_vanity(text: str) -> str:
    """One spelling per vanity: composed accents, lower case."""
    return unicodedata.normalize("NFC", text).lower()
