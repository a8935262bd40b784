"""The policy's view of a send is built in one module, so that every component decides on the same facts."""

from pathlib import Path

from tests.architecture.source import calls, python_files

BUILDERS = Path("shared/policy/rows.py")


def test_only_the_policy_builds_a_case() -> None:
    places = [path for package in ("services", "operations", "cli", "shared") for path in python_files(package)]
    assert [path for path in places if any(call.name == "Case" for call in calls(path))] == [BUILDERS]
