"""Options whose text is more than a word: JSON objects, files of texts, step=value pairs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import CommandError

Apply = Annotated[bool, typer.Option("--apply", help="Do it. Without this it is only said what would happen.")]
ScheduleOption = Annotated[str | None, typer.Option("--schedule", help="schedule_settings as JSON: '{\"working_hours_start\": 9}'.")]


def parse_schedule(text: str | None) -> dict[str, Any] | None:
    """The object that --schedule holds.

    Raises:
        CommandError: it is no JSON object.
    """
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"--schedule is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CommandError("--schedule wants a JSON object, as in '{\"working_hours_start\": 9}'.")
    return value


def read_texts(path: Path | None) -> dict[str, str]:
    """A JSON file: step -> text.

    Raises:
        CommandError: it cannot be read as such a file.
    """
    if path is None:
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CommandError(f"{path} must hold a JSON object: step -> text.")
    return {str(step): str(text) for step, text in value.items()}


def parse_pairs(given: list[str], option: str) -> dict[str, str]:
    """step=value, each once.

    Raises:
        CommandError: one has no equals sign.
    """
    wrong = [each for each in given if "=" not in each]
    if wrong:
        raise CommandError(f"{option} wants step=value, not '{wrong[0]}'.")
    return dict(each.split("=", 1) for each in given)


def parse_hours(text: str) -> float:
    """A number of hours.

    Raises:
        CommandError: it is none.
    """
    try:
        return float(text)
    except ValueError as error:
        raise CommandError(f"--delay wants hours, not '{text}'.") from error
