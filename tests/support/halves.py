"""How the suite is shared between its processes (`pytest --numprocesses N`): file by file, what takes longest first."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

WHOLE_STACKS: Final = ("tests/system/", "tests/faults/")
"""Each of these tests starts all services and needs a core to itself: two at once would wait for each other's clocks."""
PROCESSES: Final = frozenset({"running", "kafka"})
"""Fixtures of tests that start a service or a broker."""


class Halves(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """The tests of a file stay in one process and share its fixtures; those of whole stacks follow one another in one."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by number of tests, the slowest file, which has one, would come last

    def _split_scope(self, nodeid: str) -> str:
        return "whole stacks" if nodeid.startswith(WHOLE_STACKS) else nodeid.split("::", 1)[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Put files with whole stacks before those with processes, and those before the others, or a process ends up alone with one."""
    files: dict[str, int] = {}
    for item in items:
        file = _file(item)
        files[file] = min(files.get(file, 2), _rank(item))
    items.sort(key=lambda item: files[_file(item)])  # stable: within a file nothing moves


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::", 1)[0]


def _rank(item: pytest.Item) -> int:
    if item.nodeid.startswith(WHOLE_STACKS):
        return 0
    return 1 if PROCESSES & set(getattr(item, "fixturenames", ())) else 2
