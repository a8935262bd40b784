"""Every `tact` command in the documents exists, with the arguments and options that it is shown with."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.app import COMMANDS, app, load_command
from tests.architecture.source import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(tact(?: [^`]*)?)`")
ENDS = re.compile(r"\s*(?:#|\||>|;|&&|\\$| {2,}).*")


def examples(page: Path) -> list[str]:
    """The commands of a page: lines of its code blocks, and code within its sentences."""
    text = page.read_text(encoding="utf-8")
    blocks = [line.strip().removeprefix("$ ") for block in FENCE.findall(text) for line in block.splitlines()]
    found = [line for line in blocks if re.match(r"(\w+=\S+ )*tact ", line)]
    found += INLINE.findall(FENCE.sub("", text))
    return [re.sub(r"^(\w+=\S+ )*", "", " ".join(line.split())) for line in found]


def unknown_word(example: str) -> str | None:
    """What the command line does not know of an example; None where it knows all of it."""
    try:
        words = shlex.split(ENDS.sub("", example))[1:]
    except ValueError:
        words = ENDS.sub("", example).split()[1:]
    command: Any = get_command(app)
    commands: dict[str, Any] | None = dict.fromkeys(COMMANDS)
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            name, equals, _ = word.rstrip(",.").partition("=")
            option = next((each for each in command.params if name in {*each.opts, *each.secondary_opts}), None)
            if option is None and name != "--help":
                return f"there is no option {name}"
            if option is not None and not option.is_flag and not equals and words:
                words.pop(0)
        elif commands is not None:
            if not re.fullmatch(r"[a-z][a-z-]*", word):
                return None  # a placeholder, or several commands in one
            if word not in commands:
                return f"there is no command {word}"
            command = commands[word] or load_command(word)
            commands = getattr(command, "commands", None)
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    wrong = [f"{example}: {why}" for example in examples(page) if (why := unknown_word(example)) is not None]
    assert wrong == []


def test_a_command_or_an_option_that_does_not_exist_is_found() -> None:
    assert unknown_word("tact account list --limit 5") is None
    assert unknown_word("tact acount list") is not None
    assert unknown_word("tact account lst") is not None
    assert unknown_word("tact account list --nothing") is not None
