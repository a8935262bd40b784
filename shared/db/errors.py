"""Which errors of the database say nothing about the work that met them, so that it is simply done again."""

from typing import Final

import asyncpg

AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a server that is killed in the middle of a statement: "cannot switch to state 12"
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, starting up, or a statement cancelled by an operator
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # a standby that was promoted back
    asyncpg.TransactionRollbackError,  # deadlock, serialization
)
"""The database is away, or asks to try again. Everything else is an answer about the rows themselves."""
