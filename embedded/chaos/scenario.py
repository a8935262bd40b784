"""Who takes part: rows made in the database by sets, and the same people for the simulator. All of them are made up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import aiosql
import asyncpg

from embedded.chaos.plan import ChaosPlan, accepts
from simulator.judge import AccountRule, Promise, published_rule

queries = aiosql.from_path(Path(__file__).with_name("seed.sql"), "asyncpg", mandatory_parameters=False)

REPLY_OF: Final = 12
"""One in so many of those who accept answers the follow-up: replies cross the rest."""


@dataclass(frozen=True, slots=True)
class ChaosTiming:
    """How long the world takes, in business time."""

    follow_up_after: timedelta
    accepts_after_s: tuple[float, float]
    delivery: Mapping[str, Any]


FULL: Final = ChaosTiming(
    timedelta(minutes=20),
    (300.0, 1_800.0),
    {
        "lose_percent": 5,
        "duplicate_percent": 10,
        "reorder_percent": 5,
        "reorder_h": 8,
        "relation_delay": {"shortest_h": 0, "longest_h": 0.4},
        "message_delay": {"shortest_h": 0, "longest_h": 0.2},
    },
)
"""Webhooks lost, doubled, in another order, and one of twenty eight hours late."""
BRIEF: Final = ChaosTiming(
    timedelta(minutes=2),
    (60.0, 300.0),
    {
        **FULL.delivery,
        "lose_percent": 0,
        "reorder_h": 0.2,
        "relation_delay": {"shortest_h": 0, "longest_h": 0.1},
        "message_delay": {"shortest_h": 0, "longest_h": 0.1},
    },
)
"""A brief run leaves out what takes hours of business time to get over: those, and limit signals."""


def pace(plan: ChaosPlan) -> ChaosTiming:
    """That of this run."""
    return BRIEF if plan.brief else FULL


def account(number: int) -> str:
    """The provider's id of an account."""
    return f"chaos-account-{number}"


def provider_id(number: int) -> str:
    """The provider's id of a person."""
    return f"ACoAACha{number:010}"


def world(plan: ChaosPlan) -> dict[str, Any]:
    """What the simulator is started with."""
    random = Random(plan.seed)
    return {
        "behaviour": {"delivery": dict(pace(plan).delivery), "reply_rate": 0.0},
        "accounts": [
            {"id": account(n), "name": f"Account {n}", "type": "premium", "country": "US", "connections": 5} for n in range(plan.accounts)
        ],
        "people": [_person(number, random, pace(plan).accepts_after_s) for number in range(plan.people)],
    }


def _person(number: int, random: Random, accepts_after_s: tuple[float, float]) -> dict[str, Any]:
    after, answers = random.uniform(*accepts_after_s), random.random() * REPLY_OF < 1
    yes = accepts(number)
    return {
        "public_identifier": f"chaos-person-{number}",
        "provider_id": provider_id(number),
        "first_name": "Ana",
        "last_name": "Prova",
        "degree": "SECOND_DEGREE",
        "accepts_after_s": round(after) if yes else None,
        "replies_to": {"1": 3_600} if yes and answers else None,
    }


async def seed(dsn: str, plan: ChaosPlan) -> None:
    """Write the rows; every campaign is a draft until its turn comes."""
    connection = await asyncpg.connect(dsn)
    try:
        sizes = {
            "accounts": plan.accounts,
            "campaigns": plan.campaigns,
            "people": plan.people,
            "follow_up_after": pace(plan).follow_up_after,
        }
        for make in (
            queries.seed_workspaces,
            queries.seed_accounts,
            queries.seed_campaigns,
            queries.seed_campaign_accounts,
            queries.seed_workflows,
            queries.seed_steps,
            queries.seed_leads,
            queries.seed_prospects,
        ):
            await make(connection, **sizes)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def rules(plan: ChaosPlan) -> list[AccountRule]:
    """What each account may do, in the judge's own terms."""
    return [
        published_rule(
            account(n),
            workspace=f"Company {n % plan.campaigns // 20}",
            name=f"Account {n}",
            account_type="premium",
            timezone="America/New_York",
            country="US",
        )
        for n in range(plan.accounts)
    ]


def promises(plan: ChaosPlan) -> list[Promise]:
    """Every send that must leave: an invitation for every person, and a follow-up for each who accepts."""
    made = [Promise("invitation", provider_id(number)) for number in range(plan.people)]
    return made + [Promise("message", provider_id(number)) for number in range(plan.people) if accepts(number)]
