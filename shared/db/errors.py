"""Errors of the database as groups: those that only ask for another try, and all of them."""

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

DATABASE_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Every way in which a statement fails: the server refused it, or no answer came (a TimeoutError is an OSError)."""
