"""What the demo and the chaos run read from the tables while they run: progress, what is under way, the ledger for the judge."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.db.queries import fetch_all, load, require_one
from simulator.judge import LedgerEntry

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Progress:
    """The stack's business time, how many sends were accepted, and how many are planned."""

    now: datetime
    sent: int
    waiting: int


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What has begun and is not over."""

    intents: int
    unknown: int
    in_hand: int
    outbox: int


@dataclass(frozen=True, slots=True)
class ImportedLead:
    """An enrolled lead."""

    first_name: str
    last_name: str
    company: str
    title: str
    location: str
    linkedin_vanity: str | None
    linkedin_id: str | None
    sales_navigator_id: str | None
    campaign_name: str


async def read_progress(pool: asyncpg.Pool) -> Progress:
    """How far the demo is."""
    return await require_one(pool, queries.progress, Progress)


async def read_ledger(pool: asyncpg.Pool) -> list[LedgerEntry]:
    """Every accepted send, for the judge."""
    return await fetch_all(pool, queries.ledger, LedgerEntry)
