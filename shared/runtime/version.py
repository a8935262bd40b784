"""Which version runs: attempts keep their owner's name, and this says what that owner was (docs/health.md)."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from shared.db.pool import Connection
from shared.db.queries import execute, load

queries = load(__file__)

UNVERSIONED: Final = "unversioned"
"""The version of a checkout that was never installed, while TACT_VERSION is not set."""


def own_version(given: str | None) -> str:
    """The setting, else the installed package's."""
    if given:
        return given
    try:
        return version("tact")
    except PackageNotFoundError:
        return UNVERSIONED


async def remember(connection: Connection, *, instance: str, service: str, given: str | None) -> None:
    """Write down that this process runs that version."""
    await execute(connection, queries.remember, instance=instance, service=service, version=own_version(given))
