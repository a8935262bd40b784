"""The kind of a reply: written by a person, an automatic note, or the wish to get no more messages.

Conservative both ways. An opt-out ends everything for good, so only clear wording counts; doubtful words are a person's reply, which
stops the sequence too. An out-of-office note lets the sequence continue later, so a message that asks a question, or speaks of an absence
that is over, counts as written by a person.
"""

import re
from datetime import timedelta
from typing import Final

from services.poller.rules.phrases import AUTOMATIC, AWAY_NOW, BACK_AGAIN, OPT_OUT, OPT_OUT_ALONE, TAKEN_BACK, fold
from shared.vocabulary import Reply

AWAY_FOR: Final = timedelta(days=3)
"""How long an out-of-office note holds the sequence unless a setting says otherwise."""
SHORT: Final = 400
"""Characters. A stop word counts only in a message that is about little else."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "\u00a0": " "})
_SPACE = re.compile(r"\s+")


def classify(text: str) -> Reply:
    """The kind of a reply, by its words alone."""
    words = normal(_own_words(text))
    if not words:
        return Reply.HUMAN
    if _matches(OPT_OUT_ALONE, words.strip(" .!,-'\"")) or (len(words) <= SHORT and _asks_to_stop(words)):
        return Reply.OPT_OUT
    if _matches(BACK_AGAIN, words) or "?" in words or "؟" in words:
        return Reply.HUMAN
    if any(pattern.search(words) for pattern in (*AUTOMATIC, *AWAY_NOW)):
        return Reply.OUT_OF_OFFICE
    return Reply.HUMAN


def normal(text: str) -> str:
    """One spelling for all: lower case, straight quotes, no accents or vowel signs, single spaces."""
    return _SPACE.sub(" ", fold(text.translate(_QUOTES))).strip()


def _asks_to_stop(words: str) -> bool:
    return _matches(OPT_OUT, words) and not _matches(TAKEN_BACK, words)


def _own_words(text: str) -> str:
    """The text without quoted lines of our own message: our own unsubscribe line must not count as an opt-out."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


def _matches(patterns: tuple[re.Pattern[str], ...], words: str) -> bool:
    return any(pattern.search(words) for pattern in patterns)
