"""Which errors mean that the database is away, and not that a row was refused."""

import asyncpg
import pytest

from shared.db.errors import AWAY


@pytest.mark.parametrize(
    "kind",
    [
        ConnectionRefusedError,
        asyncpg.ConnectionDoesNotExistError,
        asyncpg.CannotConnectNowError,
        asyncpg.InterfaceError,
        # Held because a server killed in the middle of a statement raised it: the sender's writer of answers ended over it, and
        # events became dead letters that were as good as their neighbours.
        asyncpg.InternalClientError,
        asyncpg.DeadlockDetectedError,
    ],
)
def test_a_server_that_dies_whenever_it_likes_is_away(kind: type[Exception]) -> None:
    assert issubclass(kind, AWAY)


@pytest.mark.parametrize("kind", [asyncpg.UniqueViolationError, asyncpg.CheckViolationError, asyncpg.UndefinedTableError, ValueError])
def test_what_the_rows_refuse_is_no_absence(kind: type[Exception]) -> None:
    assert not issubclass(kind, AWAY)
