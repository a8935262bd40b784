"""Message templates: parsed once when a campaign is made, rendered per prospect, never sent with a brace in them.

Two steps so that a spelling mistake is told to the person who writes the campaign, and a hole in a lead's data to
the person who planned it; neither is told to the prospect.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.vocabulary import MissingValue

FIELDS: Final[Mapping[str, str]] = {
    "firstname": "first_name",
    "lastname": "last_name",
    "company": "company",
    "companyname": "company",
    "title": "title",
    "jobtitle": "title",
    "location": "location",
}
"""Placeholder names without underscores, spaces, hyphens and capitals, to the lead's column that fills them."""

KNOWN_NAMES: Final = "{firstName}, {lastName}, {company}, {title}, {location}"

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}|\{([^{}]*)\}")
_SEPARATORS = re.compile(r"[\s_-]+")
_NO_SPACE_BEFORE = (".", ",", ";", ":", "!", "?", ")", "\n", "\r", "،", "؟", "。", "、")


class TemplateError(ValueError):
    """A template cannot be used; the sentence names the place (1-based character) and what to do."""

    def __init__(self, position: int, problem: str) -> None:
        super().__init__(f"Character {position}: {problem}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A hole in the text, with what fills it and what does where that is empty (`default` None: nothing does)."""

    field: str
    spelled: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes that may leave: NFC text, SHA-256 of its UTF-8, and the placeholders that were left blank."""

    text: str
    sha256: bytes
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing may leave, because values are missing; `verdict` says whether the step is blocked or skipped."""

    verdict: MissingValue
    missing: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template that parsed: literal text and placeholders in order."""

    source: str
    pieces: tuple[str | Placeholder, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Cut the text at its placeholders.

        Raises:
            TemplateError: nothing to say, a brace without its partner, or an unknown placeholder.
        """
        if not text.strip():
            raise TemplateError(1, "the template is empty; write the message.")
        pieces: list[str | Placeholder] = []
        at = 0
        for found in _PLACEHOLDER.finditer(text):
            _refuse_brace(text, at, found.start())
            if found.start() > at:
                pieces.append(text[at : found.start()])
            pieces.append(_placeholder(found))
            at = found.end()
        _refuse_brace(text, at, len(text))
        if at < len(text):
            pieces.append(text[at:])
        return cls(text, tuple(pieces))

    @property
    def fields(self) -> frozenset[str]:
        """The lead's columns this template asks for."""
        return frozenset(piece.field for piece in self.pieces if isinstance(piece, Placeholder))

    def render(self, values: Mapping[str, str | None], on_missing: MissingValue) -> Rendered | Withheld:
        """Fill the holes with the lead's values, keyed by column (`first_name`, `last_name`, `company`, `title`, `location`).

        Values are put in as they are and never parsed again. A value that itself contains a brace is treated as
        missing: a company called `{title}` is a mistake of another tool's export, and to the reader it would look
        like ours. With BLANK the space around a hole closes; a message of which nothing is left is withheld.
        """
        filled: list[str | None] = []
        missing: dict[str, str] = {}
        for piece in self.pieces:
            if isinstance(piece, str):
                filled.append(piece)
                continue
            value, problem = _value(piece, values)
            filled.append(value)
            if problem:
                missing[piece.spelled] = problem
        if missing and on_missing is not MissingValue.BLANK:
            return Withheld(on_missing, tuple(missing), _sentence(missing))
        text = unicodedata.normalize("NFC", _join(filled))
        if not text.strip():
            return Withheld(MissingValue.BLOCK, tuple(missing), f"{_sentence(missing)} Nothing is left of the message.")
        return Rendered(text, hashlib.sha256(text.encode()).digest(), tuple(missing))


def length(text: str) -> int:
    """Characters as LinkedIn's limits count them: code points of the NFC text, so `é` is one however it was typed."""
    return len(unicodedata.normalize("NFC", text))


def _placeholder(found: re.Match[str]) -> Placeholder:
    inside = found[1] if found[1] is not None else found[2]
    name, bar, default = inside.partition("|")
    field = FIELDS.get(_SEPARATORS.sub("", name).lower())
    if field is None:
        said = f"'{found[0]}' is no placeholder" if name.strip() else f"'{found[0]}' names nothing"
        raise TemplateError(found.start() + 1, f"{said}; known are {KNOWN_NAMES}, each with an optional default as in {{firstName|there}}.")
    return Placeholder(field, found[0], default.strip() if bar else None)


def _refuse_brace(text: str, start: int, end: int) -> None:
    for position in range(start, end):
        if text[position] in "{}":
            partner = "closing" if text[position] == "{" else "opening"
            raise TemplateError(
                position + 1,
                f"'{text[position]}' has no {partner} partner; write placeholders like {{firstName}} or {{{{firstName}}}}, "
                "and no braces otherwise.",
            )


def _value(piece: Placeholder, values: Mapping[str, str | None]) -> tuple[str | None, str | None]:
    """What goes into the hole, and the reason where it is nothing."""
    value = " ".join((values.get(piece.field) or "").split())
    if value and "{" not in value and "}" not in value:
        return value, None
    if piece.default is not None:
        return piece.default or None, None  # `{company|}` says that blank is fine
    return None, "the value contains a brace" if value else "the lead has no value"


def _join(filled: Sequence[str | None]) -> str:
    """Put the pieces together; around a hole at most one space stays, and none before a comma or at a line's end."""
    text = ""
    after_hole = False
    for piece in filled:
        if piece is None:
            after_hole = True
            continue
        if after_hole:
            if piece.startswith(_NO_SPACE_BEFORE):
                text = text.rstrip(" ")
            elif not text or text[-1] in " \n":
                piece = piece.removeprefix(" ")  # noqa: PLW2901 - the space that stood behind the hole
        text += piece
        after_hole = False
    return text.rstrip(" ") if after_hole else text


def _sentence(missing: Mapping[str, str]) -> str:
    said = "; ".join(f"{spelled}: {problem}" for spelled, problem in missing.items())
    return f"The template cannot be filled ({said})." if said else "The template is blank for this lead."
