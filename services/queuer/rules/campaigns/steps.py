"""The steps of a campaign, made from its templates: which messages, in which order, after which wait.

Pure. Everything that a person can get wrong about a campaign's texts is refused here, before any prospect is enrolled.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.queuer.rules.planning.next_step import WorkflowStep
from shared.people.templates import Template, TemplateError, length
from shared.refusals import Refused
from shared.vocabulary import STEP_TYPES, CampaignType, StepType

INVITATION: Final = "connection_request"
LATER: Final = timedelta(hours=72)
"""A follow-up's wait where the campaign names none: three days."""
LONGEST_DELAY: Final = 24 * 365
"""Hours; a larger number means another unit."""
LONGEST_NOTE: Final = 300
"""Characters of an invitation's note on any account (Unipile, "provider limits"); free accounts may send 200."""
LONGEST_TEXT: Final = 8_000
"""Characters of a message: what LinkedIn's own box takes."""
MOST_STEPS: Final = 30

_BY_WORD: Final[Mapping[str, StepType]] = {kind.word: kind for kind in STEP_TYPES}
_NUMBER: Final = re.compile(r"[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class Wish:
    """A step as a person names it; `delay` None takes the default."""

    message_type: str
    template: str
    delay: timedelta | None = None


def wishes(templates: Mapping[str, str], delays: Mapping[str, float], *, order: Sequence[str] | None = None) -> list[Wish]:
    """Templates and hours as wishes in order: connection_request, direct messages, follow-ups, unless `order` is given.

    Raises:
        Refused: a delay for a message that has no template, or one that is no number of hours.
    """
    for message_type, hours in delays.items():
        if message_type not in templates:
            raise Refused(
                f"step_delays names {message_type!r}, which has no template; write it into message_templates or leave it out.",
                details={"message_type": message_type},
            )
        if not 0 <= hours <= LONGEST_DELAY:
            raise Refused(
                f"The delay of {message_type} is {hours:g} hours; write 0 to {LONGEST_DELAY}.", details={"message_type": message_type}
            )
    return [
        Wish(message_type, templates[message_type], timedelta(hours=delays[message_type]) if message_type in delays else None)
        for message_type in (in_order(templates) if order is None else order)
    ]


def in_order(message_types: Iterable[str]) -> list[str]:
    """Invitation first, then direct messages, then follow-ups, each by number; unknown words come last."""
    return sorted(message_types, key=_place)


def steps_of(campaign_type: CampaignType, wanted: Sequence[Wish]) -> tuple[WorkflowStep, ...]:
    """The campaign's steps, every one of them checked; none is fine until the campaign starts.

    Raises:
        Refused: the first thing that is wrong, with the message type and, inside a template, the character.
    """
    if len(wanted) > MOST_STEPS:
        raise Refused(f"The campaign has {len(wanted)} steps; {MOST_STEPS} are the most.")
    seen: set[str] = set()
    for position, wish in enumerate(wanted):
        _check_type(campaign_type, wish.message_type, position)
        if wish.message_type in seen:
            raise Refused(f"{wish.message_type} stands twice among the steps; number them.", details={"message_type": wish.message_type})
        seen.add(wish.message_type)
        _check_template(wish)
    return tuple(_step(position, wish) for position, wish in enumerate(wanted, 1))


def ready_to_start(campaign_type: CampaignType, steps: Sequence[WorkflowStep]) -> None:
    """Refuse to start a campaign that could not say its first word.

    Raises:
        Refused: it has no steps, or not the one its type begins with.
    """
    first = next(kind.first_name for kind in STEP_TYPES if campaign_type in kind.first)
    if not steps:
        raise Refused(f"The campaign has no steps. Give it a template for {first} first.", code="no_steps")
    if first not in {step.message_type for step in steps}:
        have = ", ".join(step.message_type for step in steps)
        raise Refused(
            f"A {campaign_type} campaign begins with {first}, and this one has only {have}. Give it a template for {first}.",
            code="no_first_step",
            details={"message_type": first},
        )


def _step(position: int, wish: Wish) -> WorkflowStep:
    action = _read_type(wish.message_type)[0].action
    default = timedelta() if position == 1 else LATER
    return WorkflowStep(
        position=position,
        message_type=wish.message_type,
        action=action,
        delay=default if wish.delay is None else wish.delay,
        requires_connection=action.facts.needs_connection,
        template=wish.template,
    )


def _check_type(campaign_type: CampaignType, message_type: str, position: int) -> None:
    details = {"message_type": message_type}
    kind, _ = _read_type(message_type)
    if campaign_type not in kind.campaigns:
        allowed = ", ".join(f"{each.word}_N" if each.numbered else each.word for each in STEP_TYPES if campaign_type in each.campaigns)
        raise Refused(f"A {campaign_type} campaign has no {message_type}; it takes {allowed}.", details=details)
    if kind.word == INVITATION and position > 0:
        raise Refused("connection_request must be the first step: a person cannot be invited after a message.", details=details)


def _check_template(wish: Wish) -> None:
    details = {"message_type": wish.message_type}
    if wish.message_type == INVITATION and not wish.template.strip():
        return  # an invitation without a note
    if "\x00" in wish.template:
        raise Refused(f"The template of {wish.message_type} contains a zero byte; remove it.", details=details)
    try:
        template = Template.parse(wish.template)
    except TemplateError as error:
        raise Refused(
            f"The template of {wish.message_type} cannot be used. {error}",
            code="template",
            details={**details, "position": error.position},
        ) from None
    literal = sum(length(piece) for piece in template.pieces if isinstance(piece, str))
    most = LONGEST_NOTE if wish.message_type == INVITATION else LONGEST_TEXT
    if literal > most:
        raise Refused(
            f"The template of {wish.message_type} has {literal} characters without its placeholders; at most {most} can be sent.",
            code="too_long",
            details={**details, "characters": literal, "most": most},
        )


def _find_type(message_type: str) -> tuple[StepType, int] | None:
    """The kind of step and its number; 0 for a kind that has none."""
    if (kind := _BY_WORD.get(message_type)) is not None and not kind.numbered:
        return kind, 0
    word, _, number = message_type.rpartition("_")
    kind = _BY_WORD.get(word)
    return (kind, int(number)) if kind is not None and kind.numbered and _NUMBER.fullmatch(number) else None


def _read_type(message_type: str) -> tuple[StepType, int]:
    found = _find_type(message_type)
    if found is None:
        raise Refused(
            f"{message_type!r} is no message type; write connection_request, direct_message_1, follow_up_1, … up to 99.",
            details={"message_type": message_type},
        )
    return found


def _place(message_type: str) -> tuple[int, int, str]:
    found = _find_type(message_type)
    return (len(STEP_TYPES), 0, message_type) if found is None else (STEP_TYPES.index(found[0]), found[1], message_type)
