"""The words of one step for one lead, or why there are none."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from services.queuer.rules.planning.next_step import WorkflowStep
from shared.people.templates import Rendered, Template, TemplateError, Withheld, length
from shared.vocabulary import ActionRole, MissingValue


@dataclass(frozen=True, slots=True)
class MessageText:
    """What will leave, byte for byte, and its SHA-256."""

    text: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class NoMessageText:
    """Nothing can leave: `skip` leaves the step out, otherwise it has failed and a person mends it."""

    reason: str
    skip: bool
    text: str = ""

    @property
    def sha256(self) -> bytes:
        """No text has this hash: the dispatcher passes such a row over, and planning finds its words anew."""
        return NOT_RENDERED


NOT_RENDERED: Final = bytes(32)
"""The hash of a row that was refused its words. When a person reopens it, nothing may leave before it has some."""

WITHOUT_NOTE: Final = MessageText("", hashlib.sha256(b"").digest())
"""An invitation without a note; LinkedIn takes more of these than of the others."""


def render_step(
    step: WorkflowStep, values: Mapping[str, str | None], on_missing: MissingValue, *, note_limit: int
) -> MessageText | NoMessageText:
    """Render the step's template with the lead's values.

    An invitation's note over `note_limit` characters is refused here, where a person can still shorten the template;
    the provider would refuse it later, for every lead one by one.
    """
    if step.action.role is ActionRole.CONNECT and not step.template.strip():
        return WITHOUT_NOTE
    try:
        template = _parsed(step.template)
    except TemplateError as error:
        return NoMessageText(f"The template of {step.message_type} cannot be used. {error}", skip=False)
    rendered = template.render(values, on_missing)
    if isinstance(rendered, Withheld):
        return NoMessageText(rendered.reason, skip=rendered.verdict is MissingValue.SKIP)
    return _within_limit(step, rendered, note_limit)


def _within_limit(step: WorkflowStep, rendered: Rendered, note_limit: int) -> MessageText | NoMessageText:
    said = length(rendered.text)
    if step.action.role is not ActionRole.CONNECT or said <= note_limit:
        return MessageText(rendered.text, rendered.sha256)
    return NoMessageText(
        f"The note has {said} characters, this account may send {note_limit}. Shorten the template or choose another account.",
        skip=False,
        text=rendered.text,
    )


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Template:
    """A campaign's template is the same for its ten thousand leads."""
    return Template.parse(text)
